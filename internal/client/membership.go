package client

import (
	"context"
	"errors"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// Join enters a room and stays in it over losses, until Leave. It returns once the room is joined. Joined and the events of
// the room come as notices. Errors: ctx's (the client goes on trying), [ErrEnded], [*Error] when the server refuses for good.
func (c *Client) Join(ctx context.Context, id chat.RoomID) error {
	r := c.want(id)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if err := c.s.await(ctx, func() bool { return r.joined || r.refusal != nil }); err != nil {
		return err
	}
	if r.refusal != nil {
		return r.refusal
	}
	return nil
}

// Want asks to join a room, like Join, and does not wait. A text that is sent to the room from now on goes out once the room
// is joined.
func (c *Client) Want(id chat.RoomID) { c.want(id) }

func (c *Client) want(id chat.RoomID) *room {
	c.s.mu.Lock()
	r, l := c.s.addRoom(id), c.s.link
	fx := effects{link: l}
	if l.ready && !r.joined && r.joinSent.IsZero() && r.joinAt.IsZero() {
		r.join(&fx)
	}
	c.s.mu.Unlock()
	writeLines(l, &fx)
	return r
}

// Leave leaves a room once everything that was sent to it is acknowledged or refused. Errors: ctx's, [ErrEnded],
// [ErrNotJoined].
func (c *Client) Leave(ctx context.Context, id chat.RoomID) error {
	c.s.mu.Lock()
	r := c.s.rooms.byID[id]
	if r == nil {
		c.s.mu.Unlock()
		return ErrNotJoined
	}
	if err := c.s.await(ctx, r.sends.empty); err != nil {
		c.s.mu.Unlock()
		return err
	}
	c.s.rooms.remove(r)
	connected := c.s.link.ready
	c.s.mu.Unlock()
	if !connected {
		return nil // the next connection will not join it
	}
	_, err := c.call(ctx, call{request: protocol.Request{Type: "leave", Room: string(id)}, answer: "left"})
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}

// Send puts a text into the outbox and returns the cid of the send, which Acked or Refused repeat. The text goes out when
// the room is joined and everything before it in this room is acknowledged, and again after a loss, until the server
// answers. Send waits while the outbox is full ([Options.Pending] sends or 4 MiB of text). Errors: ctx's, [ErrEnded],
// [ErrNotJoined], [*Error] with [chat.CodeTooLarge] or [chat.CodeInvalidText].
func (c *Client) Send(ctx context.Context, id chat.RoomID, text string) (cid string, err error) {
	m := &outgoing{cid: chat.NewCID(), text: text}
	c.s.mu.Lock()
	l, fx, err := c.enqueue(ctx, id, m)
	c.s.mu.Unlock()
	if err != nil {
		return "", err
	}
	writeLines(l, fx)
	return m.cid, nil
}

// enqueue is called with the session's mu held.
func (c *Client) enqueue(ctx context.Context, id chat.RoomID, m *outgoing) (*link, *effects, error) {
	if err := c.s.await(ctx, func() bool { return c.s.outbox.hasSpace(m.text) }); err != nil {
		return nil, nil, err
	}
	if c.s.ended != nil {
		return nil, nil, c.s.ended
	}
	r := c.s.rooms.byID[id]
	if r == nil {
		return nil, nil, ErrNotJoined
	}
	if err := c.s.outbox.check(c.s.link, id, m); err != nil {
		return nil, nil, err
	}
	r.sends.add(m)
	fx := &effects{link: c.s.link}
	r.send(fx)
	return fx.link, fx, nil
}

const typingEvery = 3 * time.Second // the shortest time between two announcements that the user types

// Typing tells the others in a room that this user types. It does nothing without a connection, or when it told them less
// than 3 seconds ago.
func (c *Client) Typing(id chat.RoomID) {
	c.s.mu.Lock()
	r, l := c.s.rooms.byID[id], c.s.link
	fx := effects{link: l}
	if now := time.Now(); r != nil && r.joined && now.Sub(r.typingSent) >= typingEvery {
		r.typingSent = now
		fx.write(&protocol.Request{Type: "typing", Room: string(id)})
	}
	c.s.mu.Unlock()
	writeLines(l, &fx)
}

// writeLines writes what fx collected. There are lines only when l has a connection.
func writeLines(l *link, fx *effects) {
	for _, line := range fx.lines {
		l.conn.Write(line)
	}
}
