package client

import (
	"context"
	"errors"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// Page is a part of a room's log.
type Page struct {
	Events []chat.Event // oldest first
	Head   uint64
	More   bool // there are more in the direction that was asked for
}

// Before asks for the events just before seq, at most limit of them (1 to [chat.MaxPage]); seq 0 asks for the last ones.
// It does not change what On receives. Errors: ctx's, [ErrEnded], [*Error].
func (c *Client) Before(ctx context.Context, id chat.RoomID, seq uint64, limit int) (Page, error) {
	q := protocol.Request{Type: "history", Room: string(id), Limit: &limit}
	if seq > 0 {
		q.Before = &seq
	}
	return c.page(ctx, id, q)
}

// After asks for the events just after seq, like Before.
func (c *Client) After(ctx context.Context, id chat.RoomID, seq uint64, limit int) (Page, error) {
	return c.page(ctx, id, protocol.Request{Type: "history", Room: string(id), Limit: &limit, After: &seq})
}

func (c *Client) page(ctx context.Context, id chat.RoomID, q protocol.Request) (Page, error) {
	p, err := c.call(ctx, call{request: q, answer: "history", repeat: true})
	if err != nil {
		return Page{}, err
	}
	return Page{Events: p.Page(id), Head: p.Head, More: p.More}, nil
}

// Who asks who is in a room. It returns a page of members, how many there are, and the cursor of the next page, "" for none.
// Errors: ctx's, [ErrEnded], [*Error].
func (c *Client) Who(ctx context.Context, id chat.RoomID, cursor string) (members []chat.User, count int, next string, err error) {
	q := protocol.Request{Type: "who", Room: string(id), Cursor: cursor}
	p, err := c.call(ctx, call{request: q, answer: "who", repeat: true})
	if err != nil {
		return nil, 0, "", err
	}
	return p.Members, p.Count, p.Next, nil
}

// List asks which rooms there are on the server, a page at a time like Who. Errors: ctx's, [ErrEnded], [*Error].
func (c *Client) List(ctx context.Context, cursor string) (rooms []protocol.RoomLine, next string, err error) {
	p, err := c.call(ctx, call{request: protocol.Request{Type: "rooms", Cursor: cursor}, answer: "rooms", repeat: true})
	if err != nil {
		return nil, "", err
	}
	return p.Rooms, p.Next, nil
}

// Rename takes another name. Errors: ctx's, [ErrEnded], [ErrLost] when it is not known whether it took effect, [*Error].
func (c *Client) Rename(ctx context.Context, name string) (chat.User, error) {
	q := protocol.Request{Type: "hello", Name: name, Lang: c.s.opts.Lang, Client: c.s.opts.Agent}
	p, err := c.call(ctx, call{request: q, answer: "welcome", effect: c.s.onRenamed})
	if err != nil {
		return chat.User{}, err
	}
	return p.User, nil
}

// call is a request whose answer somebody waits for.
type call struct {
	request protocol.Request
	answer  string // the type of the answer
	repeat  bool   // ask again after a loss or a temporary error, until the context ends
	effect  func(p *protocol.Push, fx *effects)
}

// call waits for a connection, asks, and waits for the answer.
func (c *Client) call(ctx context.Context, what call) (*protocol.Push, error) {
	for {
		p, err := c.callOnce(ctx, what)
		var refused *Error
		switch {
		case err == nil:
			return p, nil
		case what.repeat && errors.Is(err, ErrLost):
		case what.repeat && errors.As(err, &refused) && refused.Temporary:
			if err := wait(ctx, max(refused.RetryAfter, shortPause)); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

func (c *Client) callOnce(ctx context.Context, what call) (*protocol.Push, error) {
	answered, refused := make(chan *protocol.Push, 1), make(chan *Error, 1)
	c.s.mu.Lock()
	if err := c.s.await(ctx, func() bool { return c.s.link.ready }); err != nil {
		c.s.mu.Unlock()
		return nil, err
	}
	l := c.s.link
	fx := effects{link: l}
	q := what.request
	fx.ask(&q, pendingRequest{
		answer: what.answer,
		answered: func(p *protocol.Push, fx *effects) {
			if what.effect != nil {
				what.effect(p, fx)
			}
			answered <- p
		},
		refused: func(err *Error, _ *effects) { refused <- err },
	})
	c.s.mu.Unlock()
	writeLines(l, &fx)
	select {
	case p := <-answered:
		return p, nil
	case err := <-refused:
		return nil, err
	case <-l.lost:
		return nil, ErrLost
	case <-ctx.Done():
		c.s.mu.Lock()
		delete(l.waiting, q.ID)
		c.s.mu.Unlock()
		return nil, ctx.Err()
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
