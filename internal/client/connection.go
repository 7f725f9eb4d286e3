package client

import (
	"context"
	"sync"
	"time"

	"salon/internal/protocol"
)

const closeTimeout = 2 * time.Second // for the server to answer a close frame

// connection is one connection, from the dial to its end.
type connection struct {
	*session
	conn  Conn
	link  *link
	timer chan struct{} // wakes runTimer: something new may be due
	gone  chan struct{} // closed when nobody reads the connection any more
}

// connect dials, says hello and handles what comes, until the connection is lost. It tells whether the server welcomed the
// client, and always returns an error.
func connect(ctx context.Context, s *session) (welcomed bool, err error) {
	dialing, cancel := context.WithTimeout(ctx, helloTimeout)
	conn, err := s.opts.Dial(dialing, s.opts.URL)
	cancel()
	if err != nil {
		return false, err
	}
	l, hello := s.attach(conn)
	c := &connection{session: s, conn: conn, link: l, timer: make(chan struct{}, 1), gone: make(chan struct{})}
	var timer sync.WaitGroup
	var silent error
	var broken any
	timer.Go(func() {
		defer func() {
			if broken = recover(); broken != nil {
				conn.Kill()
			}
		}()
		silent = c.runTimer(ctx)
	})
	conn.Write(hello)
	err = c.read()
	c.close()
	close(c.gone)
	timer.Wait()
	if broken != nil {
		panic(broken) // in this goroutine, whose caller can restore its terminal
	}
	if silent != nil {
		err = silent
	}
	return l.ping > 0, s.detach(err)
}

// read handles what comes until the connection ends.
func (c *connection) read() error {
	for {
		message, err := c.conn.Read()
		if err != nil {
			return err
		}
		for line := range protocol.Requests(message) {
			p, err := protocol.DecodePush(line)
			if err != nil {
				return err
			}
			if err := c.handle(p); err != nil {
				return err
			}
		}
	}
}

// handle changes the state by what came, and does what follows from it.
func (c *connection) handle(p *protocol.Push) error {
	fx := effects{link: c.link}
	c.mu.Lock()
	c.link.received, c.link.busy = time.Now(), true
	c.dispatch(p, &fx)
	c.announce()
	c.mu.Unlock()
	for _, line := range fx.lines {
		c.conn.Write(line)
	}
	for _, t := range fx.tokens {
		c.opts.SaveToken(t)
	}
	for _, n := range fx.notices {
		c.opts.On(n)
	}
	c.mu.Lock()
	c.link.received, c.link.busy = time.Now(), false
	if c.outbox.untold {
		c.outbox.untold = false
		c.announce()
	}
	c.mu.Unlock()
	if fx.recheck {
		c.wakeTimer()
	}
	return fx.err
}

// close ends a connection that nobody reads any more: with a close frame, and by force after closeTimeout.
func (c *connection) close() {
	c.conn.Close(1000, "")
	t := time.NewTimer(closeTimeout)
	defer t.Stop()
	select {
	case <-c.conn.Done():
	case <-t.C:
		c.conn.Kill()
		<-c.conn.Done()
	}
}

func (c *connection) wakeTimer() {
	select {
	case c.timer <- struct{}{}:
	default:
	}
}

// runTimer does what is due at a certain time until the connection is gone: pings, and what has to be asked or sent again.
// It ends a connection on which nothing comes any more, with [ErrSilent]. It says goodbye to the server when ctx ends.
func (c *connection) runTimer(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-c.gone:
			return nil
		case <-ctx.Done():
			c.conn.Close(1000, "")
			timer.Reset(closeTimeout)
			select {
			case <-c.gone:
			case <-timer.C:
				c.conn.Kill()
			}
			return nil
		case <-timer.C:
		case <-c.timer:
		}
		next, lines, dead := c.due(time.Now())
		if dead {
			c.conn.Kill()
			return ErrSilent
		}
		for _, line := range lines {
			c.conn.Write(line)
		}
		timer.Reset(next)
	}
}
