package ws

import (
	"errors"
	"net"
	"sync"
)

// closeHandshake decides who may read, and brings the connection to its end. It owns the reading role, because the peer's
// close frame is found by reading: when this side closes the connection, either the goroutine that reads just then waits
// for the peer's close frame, or one that the closeHandshake starts.
type closeHandshake struct {
	in     *assembler // immutable
	writer *writer    // immutable

	mu      sync.Mutex // guards what follows
	reading bool       // a goroutine has the reading role
	closing bool       // this side's close frame is queued
	ending  bool       // the goroutine that ends the connection has the reading role, for good
	readErr error      // what every further read returns
}

func (c *closeHandshake) start(in *assembler, w *writer) { c.in, c.writer = in, w }

// beginRead takes the reading role.
func (c *closeHandshake) beginRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.takeRole()
}

// tryBeginRead takes the reading role. While the goroutine that ends the connection has it, there is nothing to read yet:
// when the socket is closed, the poller's callback is called again.
func (c *closeHandshake) tryBeginRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readErr == nil && c.ending && !c.writer.socket.ending() {
		return ErrNothing
	}
	return c.takeRole()
}

// takeRole takes the reading role. The caller holds mu.
func (c *closeHandshake) takeRole() error {
	if c.readErr != nil {
		return c.readErr
	}
	if c.ending || c.writer.socket.ending() {
		return net.ErrClosed
	}
	c.reading = true
	return nil
}

// endRead gives the reading role back, with a message for the caller. It returns false when this side is closing the
// connection: the caller then goes on reading, and the message is not wanted any more.
func (c *closeHandshake) endRead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	c.reading = false
	return true
}

// stopRead gives the reading role back, without a message. When this side is closing the connection, the role goes to a
// goroutine that completes the handshake.
func (c *closeHandshake) stopRead() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
	if c.closing && !c.ending && c.writer.socket.begin() {
		c.ending = true
		go c.finish(false)
	}
}

// readMessage returns the next message to the goroutine that has the reading role. It answers pings on the way. The
// peer's close frame is an error, a *CloseError. Without wait it returns ErrNothing when no message has begun.
//
// readMessage waits for the first byte itself rather than in assembler.next, so that the stack of a waiting goroutine
// stays small.
func (c *closeHandshake) readMessage(wait bool) (Opcode, []byte, error) {
	c.in.reset()
	var m message
	for {
		if m.op == 0 && c.in.input.buffered() == 0 {
			if err := c.in.input.await(wait); err != nil {
				return 0, nil, err
			}
		}
		op, p, err := c.in.next(&m)
		switch {
		case err != nil:
			return 0, nil, err
		case op == opPing:
			c.writer.queue.pushPong(p)
			c.writer.flush()
		case op == opClose:
			end, err := parseClose(p)
			if err != nil {
				return 0, nil, err
			}
			return 0, nil, end
		case op != opPong:
			return op, p, nil
		}
	}
}

// close begins the handshake from this side.
func (c *closeHandshake) close(code int, reason string) {
	c.mu.Lock()
	if c.closing || !c.writer.queue.seal(code, reason) {
		c.mu.Unlock()
		return
	}
	c.closing = true
	finish := !c.reading && !c.ending && c.writer.socket.begin()
	if finish {
		c.ending = true
	}
	c.mu.Unlock()
	c.limit()
	c.writer.flush()
	if finish {
		go c.finish(false)
	}
}

// limit bounds what is left of the connection.
func (c *closeHandshake) limit() { c.writer.socket.endWithin(c.writer.queue.terms.opts.closeTimeout()) }

// failRead gives the reading role up for good. It answers a close frame or a fault, and has the connection ended. It
// returns what Read returns.
func (c *closeHandshake) failRead(err error) error {
	end, byProtocol := errors.AsType[*CloseError](err)
	c.mu.Lock()
	if !byProtocol && (c.closing || c.writer.socket.ending()) {
		err = net.ErrClosed
	}
	c.readErr = err
	c.reading, c.ending = false, true
	if !byProtocol {
		c.mu.Unlock()
		c.shut()
		return err
	}
	answer := false
	if !c.closing {
		reason := end.Reason
		if end.Remote {
			reason = "" // section 5.5.1 advises to repeat the code only
		}
		answer = c.writer.queue.seal(end.Code, reason)
		c.closing = answer
	}
	finish := c.writer.socket.begin()
	c.mu.Unlock()
	if answer {
		c.limit()
	}
	c.writer.flush()
	if finish {
		go c.finish(true)
	}
	return err
}

// finish ends the connection. heard says that the peer's close frame has come, or that nothing sensible will.
func (c *closeHandshake) finish(heard bool) {
	defer c.writer.socket.end()
	if !heard {
		c.in.abandon()
	}
	for !heard {
		if _, _, err := c.readMessage(true); err != nil {
			if _, heard = errors.AsType[*CloseError](err); !heard {
				break
			}
		}
	}
	c.writer.flush() // close may not have come to it yet
	c.writer.waitStopped()
	if heard {
		c.awaitEnd()
	}
	c.shut()
}

// awaitEnd lets the peer read the close frame. Closing a socket with unread input would reset the connection, and the peer
// might lose what is on its way. The server therefore ends its direction, and both sides read until the end (RFC 6455,
// section 7.1.1).
func (c *closeHandshake) awaitEnd() {
	if !c.writer.queue.terms.client && !c.writer.socket.closeWrite() {
		return
	}
	for {
		c.in.input.discard()
		if c.in.input.fill() != nil {
			return
		}
	}
}

// shut closes the socket. What waits to be written is lost.
func (c *closeHandshake) shut() {
	c.writer.queue.drop()
	c.writer.socket.shut()
}
