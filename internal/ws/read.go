package ws

import (
	"errors"
	"net"
)

// errRest says that there is nothing left to look at, and no message begun.
var errRest = errors.New("ws: at rest")

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
		op, p, err := c.readMessage()
		if err != nil {
			return 0, nil, c.failRead(err)
		}
		if c.deliver() {
			return op, p, nil
		}
	}
}

// beginRead takes the reading role.
func (c *Conn) beginRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readErr != nil {
		return c.readErr
	}
	if c.is(finishing | shutting) {
		return net.ErrClosed
	}
	c.state |= reading
	return nil
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
func (c *Conn) readMessage() (Opcode, []byte, error) {
	in := &c.input
	if in.msg != nil {
		putBuffer(in.msg)
		in.msg = nil
	}
	for {
		if in.buffered() == 0 {
			if err := c.fill(); err != nil {
				return 0, nil, err
			}
		}
		op, p, err := c.nextMessage()
		if err != errRest {
			return op, p, err
		}
	}
}
