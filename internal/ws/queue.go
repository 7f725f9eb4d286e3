package ws

import (
	"context"
	"net"
)

// maxPongs is how many answers to pings may wait. Past it, the last is replaced: RFC 6455, section 5.5.3.
const maxPongs = 64

// Queue puts m behind what waits to be written, whatever the bound: it is for answers to what the peer asked for. Nothing
// is written before Flush. A connection that closes takes nothing more.
func (c *Conn) Queue(m *Message) {
	f := c.encode(m)
	c.mu.Lock()
	c.push(f)
	c.mu.Unlock()
}

// TryQueue is Queue within the bound: where more than Options.QueueBytes would wait, or the connection closes, it is false
// and nothing is queued. What is alone in the queue may be of any size.
func (c *Conn) TryQueue(m *Message) bool {
	f := c.encode(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queued > 0 && c.queued+len(f) > c.opts.queueBytes() {
		return false
	}
	return c.push(f)
}

// encode returns m as this connection sends it.
func (c *Conn) encode(m *Message) []byte {
	f := m.frame(c.window, c.opts.compressFrom())
	if c.client {
		f = maskFrame(f)
	}
	return f
}

// push appends to the queue; mu is held.
func (c *Conn) push(f []byte) bool {
	if c.is(closing | broken) {
		return false
	}
	if c.queue == nil {
		c.queue = frameLists.Get().(*frames)
	}
	c.queue.list = append(c.queue.list, f)
	c.queued += len(f)
	return true
}

// Queued tells how many bytes wait to be written.
func (c *Conn) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queued
}

// Ping sends a ping; one that still waits to be sent does for both.
func (c *Conn) Ping() {
	f := c.controlFrame(opPing, nil)
	c.mu.Lock()
	if !c.is(pinged) && c.push(f) {
		c.state |= pinged
	}
	c.mu.Unlock()
	c.Flush()
}

// pong answers a ping.
func (c *Conn) pong(payload []byte) {
	f := c.controlFrame(opPong, payload)
	c.mu.Lock()
	if c.pongs < maxPongs {
		if c.push(f) {
			c.pongs++
			c.pongAt = int32(len(c.queue.list) - 1)
		}
	} else if !c.is(closing | broken) {
		c.queued += len(f) - len(c.queue.list[c.pongAt])
		c.queue.list[c.pongAt] = f
	}
	c.mu.Unlock()
	c.Flush()
}

func (c *Conn) controlFrame(op Opcode, payload []byte) []byte {
	f := newFrame(op, 0, payload)
	if c.client {
		f = maskFrame(f)
	}
	return f
}

// WaitDrain flushes and waits until no more than half of Options.QueueBytes waits to be written. It is for whoever asks for
// more on behalf of the peer, so that a peer that asks and does not read fills no memory. Errors: the context's, and
// net.ErrClosed once the connection can write no more.
func (c *Conn) WaitDrain(ctx context.Context) error {
	c.Flush()
	for {
		drained, err := c.drain()
		if drained == nil {
			return err
		}
		select {
		case <-drained:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain returns what to wait for; nil where there is nothing, with an error where there never will.
func (c *Conn) drain() (<-chan struct{}, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is(broken) {
		return nil, net.ErrClosed
	}
	if c.queued <= c.opts.queueBytes()/2 {
		return nil, nil
	}
	if c.drained == nil {
		c.drained = make(chan struct{})
	}
	return c.drained, nil
}
