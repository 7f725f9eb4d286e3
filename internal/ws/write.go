package ws

import (
	"context"
	"net"
	"sync"
)

const (
	gatherRaw   = 64 << 10 // bytes written at once, to a socket
	gatherPlain = 16 << 10 // bytes written at once, elsewhere: a TLS record
	gatherFrom  = 16 << 10 // longer frames are not copied together with others

	// maxPongs is how many answers to pings may wait. Past it, the last is replaced: RFC 6455, section 5.5.3.
	maxPongs = 64

	// inlineRounds bounds how long a Flush goes on for frames that others queue meanwhile.
	inlineRounds = 4
)

// frames is a list of frames in the order of writing.
type frames struct{ list [][]byte }

// maxPooledFrames is the longest list kept for the next.
const maxPooledFrames = 1 << 10

// frameLists is shared by all connections: it holds no state, only memory.
var frameLists = sync.Pool{New: func() any { return &frames{list: make([][]byte, 0, 4)} }}

func putFrames(f *frames) {
	if cap(f.list) <= maxPooledFrames {
		clear(f.list)
		f.list = f.list[:0]
		frameLists.Put(f)
	}
}

// output is the writer's side of a connection: what it took from the queue.
type output struct {
	frames  *frames
	next    int  // frames.list[next:] is not written; of the first of them, the beginning may be, and is cut off
	sent    int  // bytes written, not yet taken off Conn.queued
	patient bool // the writer may wait
	ready   func(fd uintptr) bool
	err     error
}

func (o *output) empty() bool { return o.frames == nil || o.next == len(o.frames.list) }

// gather returns what to write next: a frame, or several copied together into scratch.
func (o *output) gather(most int) (p []byte, scratch *buffer) {
	list := o.frames.list[o.next:]
	if len(list) == 1 || len(list[0])+len(list[1]) > gatherFrom {
		return list[0][:min(len(list[0]), gatherRaw)], nil
	}
	size := 0
	for _, f := range list {
		if size += len(f); size >= most {
			size = most
			break
		}
	}
	scratch = getBuffer(size)
	n := 0
	for _, f := range list {
		if n += copy(scratch.b[n:size], f); n == size {
			break
		}
	}
	return scratch.b[:n], scratch
}

func (o *output) ungather(scratch *buffer) {
	if scratch != nil {
		putBuffer(scratch)
	}
}

// advance notes that n bytes are written.
func (o *output) advance(n int) {
	o.sent += n
	list := o.frames.list
	for n > 0 {
		f := list[o.next]
		if n < len(f) {
			list[o.next] = f[n:]
			return
		}
		n -= len(f)
		list[o.next] = nil
		o.next++
	}
}

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

// Flush sees to it that what is queued gets written. It never waits: it writes as much as the socket takes, and leaves the
// rest to a goroutine.
func (c *Conn) Flush() {
	c.mu.Lock()
	if c.is(writing|broken) || c.queue == nil {
		c.mu.Unlock()
		return
	}
	c.state |= writing
	c.takeQueue()
	c.mu.Unlock()
	if c.raw != nil {
		for range inlineRounds {
			if err := c.writeSocket(false); err != nil {
				c.breakOff()
				return
			}
			if !c.output.empty() {
				break
			}
			if c.wrote() {
				return
			}
		}
	}
	c.mu.Lock()
	c.working++
	c.mu.Unlock()
	go c.writeRest()
}

// takeQueue makes the queue the output; mu is held.
func (c *Conn) takeQueue() {
	c.output.frames, c.output.next = c.queue, 0
	c.queue = nil
	c.pongs = 0
	c.state &^= pinged
}

// writeRest writes until nothing is queued, waiting for the socket.
func (c *Conn) writeRest() {
	defer c.worked()
	for {
		err := c.writePatiently()
		if err != nil {
			c.breakOff()
			return
		}
		if c.wrote() {
			return
		}
	}
}

func (c *Conn) writePatiently() error {
	if c.raw != nil {
		return c.writeSocket(true)
	}
	out := &c.output
	for !out.empty() {
		p, scratch := out.gather(gatherPlain)
		n, err := c.nc.Write(p)
		out.ungather(scratch)
		out.advance(n)
		c.progress()
		if err != nil {
			return err
		}
	}
	return nil
}

// writeSocket writes the output to a socket: as much as it takes, or, patiently, all.
func (c *Conn) writeSocket(patiently bool) error {
	c.output.patient = patiently
	if err := c.raw.Write(c.output.ready); err != nil {
		return err
	}
	return c.output.err
}

// progress accounts for what a patient writer wrote.
func (c *Conn) progress() {
	if c.output.sent == 0 {
		return
	}
	c.touch()
	c.mu.Lock()
	c.account()
	c.mu.Unlock()
}

// account takes what was written off the queue; mu is held.
func (c *Conn) account() {
	if c.is(broken) {
		return
	}
	c.queued -= c.output.sent
	c.output.sent = 0
	if c.drained != nil && c.queued <= c.opts.queueBytes()/2 {
		close(c.drained)
		c.drained = nil
	}
}

// wrote is called when all output is written. It takes what was queued meanwhile, or gives the writing role back and is
// true.
func (c *Conn) wrote() bool {
	putFrames(c.output.frames)
	c.output.frames = nil
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account()
	if c.queue != nil && !c.is(broken) {
		c.takeQueue()
		return false
	}
	c.stopWriting()
	return true
}

// stopWriting gives the writing role back; mu is held.
func (c *Conn) stopWriting() {
	c.state &^= writing
	if c.written != nil {
		close(c.written)
		c.written = nil
	}
}

// breakOff gives the writing role back after a failure: nothing can be written any more.
func (c *Conn) breakOff() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.output.frames = nil // not to the pool: it is rare, and nothing depends on it
	c.output.sent = 0
	c.dropQueue()
	c.stopWriting()
	if !c.is(shutting) {
		c.working++
		go func() { // closing may wait, and a Flush must not
			defer c.worked()
			c.shut()
		}()
	}
}

// dropQueue forgets what waits, for good; mu is held.
func (c *Conn) dropQueue() {
	c.state |= broken
	c.queue, c.queued, c.pongs = nil, 0, 0
	if c.drained != nil {
		close(c.drained)
		c.drained = nil
	}
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
