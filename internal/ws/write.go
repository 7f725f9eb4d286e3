package ws

import "time"

const (
	// inlineRounds bounds how long a Flush goes on for frames that others queue meanwhile.
	inlineRounds = 4
	// fullFrom is how long a write that cannot be seen waiting has to take for the socket to have been full.
	fullFrom = 10 * time.Millisecond
)

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
		began := time.Now()
		n, err := c.nc.Write(p)
		out.ungather(scratch)
		out.advance(n)
		c.progress(time.Since(began) >= fullFrom)
		if err != nil {
			return err
		}
	}
	return nil
}

// writeSocket writes the output to a socket: as much as it takes, or, patiently, all.
func (c *Conn) writeSocket(patiently bool) error {
	c.output.patient = patiently
	var err error
	if patiently {
		err = c.raw.Write(c.writeReady)
	} else {
		err = c.raw.Control(c.output.now) // what does not wait need not get ready for it
	}
	if err != nil {
		return err
	}
	return c.output.err
}

// progress accounts for what a patient writer wrote; into a socket that had been full, it is a sign of life.
func (c *Conn) progress(full bool) {
	if c.output.sent == 0 {
		return
	}
	if full {
		c.touch()
	}
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
