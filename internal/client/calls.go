package client

import (
	"context"
	"errors"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// Join enters a room and stays in it over losses, until Leave. It returns once the room is joined; Joined and the room's
// events come as notices. Errors: ctx's (the room stays asked for), [ErrEnded], [*Error] when the server refuses for good.
func (c *Client) Join(ctx context.Context, id chat.RoomID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.want(id)
	if err := c.await(ctx, func() bool { return r.joined || r.err != nil }); err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

// Want asks for a room like Join, and does not wait: what is sent to it from now on is sent once it is joined.
func (c *Client) Want(id chat.RoomID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.want(id)
}

// want is called with mu held.
func (c *Client) want(id chat.RoomID) *room {
	r := c.addRoom(id)
	if c.ready && !r.joined && r.asked.IsZero() && r.joinAt.IsZero() {
		r.joinAt = time.Now()
		c.wake()
	}
	return r
}

// Leave leaves a room once everything sent to it is settled. Errors: ctx's, [ErrEnded], [ErrNotJoined].
func (c *Client) Leave(ctx context.Context, id chat.RoomID) error {
	c.mu.Lock()
	r := c.rooms[id]
	if r == nil {
		c.mu.Unlock()
		return ErrNotJoined
	}
	if err := c.await(ctx, func() bool { return len(r.queue) == 0 }); err != nil {
		c.mu.Unlock()
		return err
	}
	if c.rooms[id] == r {
		c.dropRoom(r)
	}
	connected := c.ready
	c.mu.Unlock()
	if !connected {
		return nil // the next connection will not join it
	}
	_, err := c.call(ctx, request{Type: "leave", Room: id}, false)
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}

// Rooms gives the rooms that this client is in or asked for, in that order.
func (c *Client) Rooms() []chat.RoomID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]chat.RoomID(nil), c.order...)
}

// Page is a part of a room's log.
type Page struct {
	Events []chat.Event // oldest first
	Head   uint64
	More   bool // there are more in the direction that was asked for
}

// Before asks for the events just before seq, at most limit of them (1 to [chat.MaxPage]); seq 0 for the last ones.
// It does not touch what On is told. Errors: ctx's, [ErrEnded], [*Error].
func (c *Client) Before(ctx context.Context, id chat.RoomID, seq uint64, limit int) (Page, error) {
	q := request{Type: "history", Room: id, Limit: limit}
	if seq > 0 {
		q.Before = &seq
	}
	return c.page(ctx, q)
}

// After asks for the events just after seq, like Before.
func (c *Client) After(ctx context.Context, id chat.RoomID, seq uint64, limit int) (Page, error) {
	return c.page(ctx, request{Type: "history", Room: id, Limit: limit, After: &seq})
}

func (c *Client) page(ctx context.Context, q request) (Page, error) {
	p, err := c.call(ctx, q, true)
	if err != nil {
		return Page{}, err
	}
	p.Room = q.Room
	return Page{Events: p.events(), Head: p.Head, More: p.More}, nil
}

// Who asks who is in a room: a page of members, how many there are, and the cursor of the next page ("" for none).
// Errors: ctx's, [ErrEnded], [*Error].
func (c *Client) Who(ctx context.Context, id chat.RoomID, cursor string) (members []chat.User, count int, next string, err error) {
	p, err := c.call(ctx, request{Type: "who", Room: id, Cursor: cursor}, true)
	if err != nil {
		return nil, 0, "", err
	}
	return p.Members, p.Count, p.Next, nil
}

// List asks which rooms there are on the server, a page at a time like Who. Errors: ctx's, [ErrEnded], [*Error].
func (c *Client) List(ctx context.Context, cursor string) (rooms []protocol.RoomLine, next string, err error) {
	p, err := c.call(ctx, request{Type: "rooms", Cursor: cursor}, true)
	if err != nil {
		return nil, "", err
	}
	return p.Rooms, p.Next, nil
}

// Rename takes another name. Errors: ctx's, [ErrEnded], [ErrLost] when it is not known whether it took effect, [*Error].
func (c *Client) Rename(ctx context.Context, name string) (chat.User, error) {
	p, err := c.call(ctx, request{Type: "hello", Name: name, Lang: c.opts.Lang, Client: c.opts.Agent}, false)
	if err != nil {
		return chat.User{}, err
	}
	return p.User, nil
}

// Ping asks the server for a sign of life and says how long it took. Errors: ctx's, [ErrEnded], [ErrLost].
func (c *Client) Ping(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	_, err := c.call(ctx, request{Type: "ping"}, false)
	return time.Since(start), err
}

// Typing tells the others that this user writes: at most every 3 seconds, else and without a connection nothing happens.
func (c *Client) Typing(id chat.RoomID) {
	c.mu.Lock()
	r, conn := c.rooms[id], c.conn
	now := time.Now()
	tell := r != nil && r.joined && now.Sub(r.typed) >= typingEvery
	if tell {
		r.typed = now
	}
	c.mu.Unlock()
	if tell {
		conn.Write((&request{Type: "typing", Room: id}).line())
	}
}

// call waits for a connection, asks, and waits for the answer. With again it asks once more after a loss or an error that
// is temporary, until ctx ends.
func (c *Client) call(ctx context.Context, q request, again bool) (*push, error) {
	for {
		p, err := c.callOnce(ctx, q)
		var refused *Error
		switch {
		case err == nil:
			return p, nil
		case again && errors.Is(err, ErrLost):
		case again && errors.As(err, &refused) && refused.Temporary:
			if err := pause(ctx, max(refused.RetryAfter, soon)); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

func (c *Client) callOnce(ctx context.Context, q request) (*push, error) {
	to := make(chan *push, 1)
	c.mu.Lock()
	if err := c.await(ctx, func() bool { return c.ready }); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	q.ID = c.ask(&answer{kind: "call", to: to})
	conn, lost := c.conn, c.lost
	c.mu.Unlock()
	conn.Write(q.line())
	select {
	case p := <-to:
		if p.Type == "error" {
			return nil, p.err()
		}
		return p, nil
	case <-lost:
		return nil, ErrLost
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.answers, q.ID)
		c.mu.Unlock()
		return nil, ctx.Err()
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
