package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"salon/internal/chat"
)

// Client is one user's connection to a server, kept over losses. Make it with [New].
type Client struct {
	s        *session
	retryNow chan struct{} // ends the pause before the next try
}

// New makes a client. Nothing happens before [Client.Run].
func New(o Options) *Client {
	return &Client{s: newSession(o.withDefaults()), retryNow: make(chan struct{}, 1)}
}

// Run keeps the connection until ctx ends, when it says goodbye to the server, or until the server refuses for good.
// It is called once. Errors: ctx's; [*Error] when the hello was refused (for instance [chat.CodeNameTaken]); [*CloseError]
// with a code from 4000 to 4099; [*DialError].
func (c *Client) Run(ctx context.Context) error {
	err := c.run(ctx)
	c.s.mu.Lock()
	c.s.ended = fmt.Errorf("%w: %w", ErrEnded, err)
	c.s.announce()
	c.s.mu.Unlock()
	return err
}

func (c *Client) run(ctx context.Context) error {
	again := newReconnect()
	everWelcomed := false
	for {
		opened := time.Now()
		welcomed, err := connect(ctx, c.s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		everWelcomed = everWelcomed || welcomed
		if welcomed && time.Since(opened) >= goodConnection {
			again.reset()
		}
		pause, permanent := again.after(err)
		var unreachable *DialError
		if permanent || c.s.opts.FirstTry && !everWelcomed && errors.As(err, &unreachable) {
			return err
		}
		c.s.opts.On(Lost{Err: err, Retry: pause})
		if err := c.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
	case <-c.retryNow:
	}
	return nil
}

// Retry ends the pause before the next try to connect.
func (c *Client) Retry() {
	select {
	case c.retryNow <- struct{}{}:
	default:
	}
}

// Drop cuts the connection without a goodbye, as a network does. Run reconnects by itself.
func (c *Client) Drop() {
	c.s.mu.Lock()
	conn := c.s.link.conn
	c.s.mu.Unlock()
	if conn != nil {
		conn.Kill()
	}
}

// User returns who this client is, as of the last welcome.
func (c *Client) User() chat.User {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.identity.user
}

// Connected tells whether the server has welcomed the client on the present connection.
func (c *Client) Connected() bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.link.ready
}

// Rooms returns the rooms that this client is in or was asked to join, in the order in which it was asked.
func (c *Client) Rooms() []chat.RoomID {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	ids := make([]chat.RoomID, len(c.s.rooms.order))
	for i, r := range c.s.rooms.order {
		ids[i] = r.id
	}
	return ids
}

// Pending returns how many sends are neither acknowledged nor refused.
func (c *Client) Pending() int {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.outbox.count
}

// Flush waits until every send is acknowledged or refused and On has received the notice of it. Errors: ctx's, [ErrEnded].
func (c *Client) Flush(ctx context.Context) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.await(ctx, func() bool { return c.s.outbox.count == 0 && !c.s.outbox.untold })
}
