package ws

import (
	"errors"
	"net"
)

// errRest says that there is nothing left to look at, and no message begun.
var errRest = errors.New("ws: at rest")

// ErrNothing says that no message has come. It is not final.
var ErrNothing = errors.New("ws: nothing to read")

// Read returns the next whole message; its payload is valid until the next Read. On the way it answers pings and the
// peer's close frame.
//
// Errors: a *CloseError for a peer that closed or broke the rules (it has been told by a close frame with that code);
// io.EOF for one that went without a word and io.ErrUnexpectedEOF for one that did so inside a message; net.ErrClosed
// after Close or Kill on this side; or the socket's. An error is final: the connection then ends by itself.
func (c *Conn) Read() (Opcode, []byte, error) {
	if err := c.beginRead(); err != nil {
		return 0, nil, err
	}
	for {
		op, p, err := c.readMessage(true)
		if err != nil {
			return 0, nil, c.failRead(err)
		}
		if c.deliver() {
			return op, p, nil
		}
	}
}

// TryRead is Read that does not wait for a message to begin: for a connection that a [Poller] watches. Once one has begun
// it waits for the rest. Errors: [ErrNothing], and those of Read.
func (c *Conn) TryRead() (Opcode, []byte, error) {
	if err := c.tryBeginRead(); err != nil {
		return 0, nil, err
	}
	for {
		op, p, err := c.readMessage(false)
		if err == ErrNothing {
			c.stopReading()
			return 0, nil, err
		}
		if err != nil {
			return 0, nil, c.failRead(err)
		}
		if c.deliver() {
			return op, p, nil
		}
	}
}

// tryBeginRead is beginRead, but for this: there is nothing to read while a goroutine of the connection's own is seeing it
// to its end. It will tell.
func (c *Conn) tryBeginRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readErr == nil && c.is(finishing) && !c.is(shutting) {
		return ErrNothing
	}
	return c.takeReading()
}

// beginRead takes the reading role.
func (c *Conn) beginRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.takeReading()
}

// takeReading is beginRead with mu held.
func (c *Conn) takeReading() error {
	if c.readErr != nil {
		return c.readErr
	}
	if c.is(finishing | shutting) {
		return net.ErrClosed
	}
	c.state |= reading
	return nil
}

// stopReading gives the reading role back, without a message. If this side closes, it goes to a goroutine of the
// connection's own, which sees that through.
func (c *Conn) stopReading() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state &^= reading
	if c.is(closing) && !c.is(finishing|shutting) {
		c.state |= finishing
		c.working++
		go c.finish(false)
	}
}

// deliver gives the reading role back, with a message for the caller. It is false where this side closes and nobody wants
// the message any more.
func (c *Conn) deliver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(closing) {
		return false
	}
	c.state &^= reading
	return true
}

// readMessage is Read for whoever has the reading role. It waits for the first byte of a message by itself, so that a
// goroutine at rest has a small stack.
func (c *Conn) readMessage(patiently bool) (Opcode, []byte, error) {
	in := &c.input
	if in.msg != nil {
		putBuffer(in.msg)
		in.msg = nil
	}
	for {
		if in.buffered() == 0 {
			in.hasty = !patiently
			err := c.fill()
			in.hasty = false
			if err != nil {
				return 0, nil, err
			}
		}
		op, p, err := c.nextMessage()
		if err != errRest {
			return op, p, err
		}
	}
}
