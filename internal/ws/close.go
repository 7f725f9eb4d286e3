package ws

import (
	"errors"
	"net"
	"time"
)

// Close ends the connection properly: what is queued is still written, then a close frame with code and reason (cut to 123
// bytes), and the peer has Options.CloseTimeout to answer. It does not wait: a Read in progress, or else a goroutine of the
// connection's own, sees it through. code is one that may be sent (RFC 6455, section 7.4; others become 1011), or 0 for none.
// Only the first Close counts.
func (c *Conn) Close(code int, reason string) {
	c.mu.Lock()
	if c.is(closing | broken) {
		c.mu.Unlock()
		return
	}
	c.pushClose(code, reason)
	alone := !c.is(reading | finishing)
	if alone {
		c.state |= finishing
		c.working++
	}
	c.mu.Unlock()
	c.limitClosing()
	c.Flush()
	if alone {
		go c.finish(false)
	}
}

// Kill ends the connection at once. What waits to be written is lost, also what the socket holds.
func (c *Conn) Kill() {
	if s, ok := c.nc.(interface{ SetLinger(int) error }); ok {
		s.SetLinger(0) // else the system would keep trying, and keep the memory, for minutes with a peer that is gone
	}
	c.shut()
}

// Done returns a channel that is closed when the socket is closed and no goroutine of the connection's own is left.
func (c *Conn) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		c.signal()
	}
	return c.done
}

// signal closes done if it is time; mu is held.
func (c *Conn) signal() {
	if c.done == nil || !c.is(closed) || c.working > 0 {
		return
	}
	select {
	case <-c.done:
	default:
		close(c.done)
	}
}

// worked is the end of a goroutine of the connection's own.
func (c *Conn) worked() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working--
	c.signal()
}

// pushClose queues the last frame; mu is held.
func (c *Conn) pushClose(code int, reason string) {
	c.push(c.controlFrame(opClose, closePayload(code, reason)))
	c.state |= closing
}

// limitClosing bounds what is left of the connection.
func (c *Conn) limitClosing() {
	c.nc.SetDeadline(time.Now().Add(c.opts.closeTimeout())) // fails only where the socket is closed already
}

// failRead gives the reading role up for good: it answers a close frame or a fault, and sees to the connection's end. It
// returns what Read returns.
func (c *Conn) failRead(err error) error {
	end, told := errors.AsType[*CloseError](err)
	c.mu.Lock()
	if !told && c.is(closing|shutting) {
		err = net.ErrClosed
	}
	c.readErr = err
	c.state = c.state&^reading | finishing
	answer := told && !c.is(closing|broken)
	switch {
	case answer && end.Remote:
		c.pushClose(end.Code, "") // as section 5.5.1 advises
	case answer:
		c.pushClose(end.Code, end.Reason)
	}
	if told {
		c.working++
	}
	c.mu.Unlock()
	if !told {
		c.shut()
		return err
	}
	if answer {
		c.limitClosing()
	}
	c.Flush()
	go c.finish(true)
	return err
}

// finish sees the connection to its end. told says that the peer's close frame has come, or that nothing sensible will.
func (c *Conn) finish(told bool) {
	defer c.worked()
	if !told {
		c.input.abandon()
	}
	for !told {
		if _, _, err := c.readMessage(true); err != nil {
			if _, told = errors.AsType[*CloseError](err); !told {
				break
			}
		}
	}
	c.waitWritten()
	if told {
		c.linger()
	}
	c.shut()
}

// waitWritten waits until there is no writer. The deadline of limitClosing bounds it.
func (c *Conn) waitWritten() {
	c.mu.Lock()
	if !c.is(writing) {
		c.mu.Unlock()
		return
	}
	if c.written == nil {
		c.written = make(chan struct{})
	}
	written := c.written
	c.mu.Unlock()
	<-written
}

// linger lets the peer read the close frame: to close a socket with unread input would reset it, and the peer might lose
// what is on its way. The server ends its direction and the client waits for that (RFC 6455, section 7.1.1).
func (c *Conn) linger() {
	if !c.client {
		s, ok := c.nc.(interface{ CloseWrite() error })
		if !ok || s.CloseWrite() != nil {
			return
		}
	}
	for {
		c.input.r, c.input.w = 0, 0
		if c.fill() != nil {
			return
		}
	}
}

// shut closes the socket.
func (c *Conn) shut() {
	c.mu.Lock()
	if c.is(shutting) {
		c.mu.Unlock()
		return
	}
	c.state |= shutting
	c.dropQueue()
	w := c.watch
	c.mu.Unlock()
	if w != nil {
		w.end()
		defer w.ready() // whoever reads learns of it
	}
	if s, ok := c.nc.(interface{ NetConn() net.Conn }); ok {
		s.NetConn().Close() // TLS would wait to say goodbye
	}
	c.nc.Close()
	c.mu.Lock()
	c.state |= closed
	c.signal()
	c.mu.Unlock()
}
