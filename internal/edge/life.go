package edge

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"salon/internal/protocol"
	"salon/internal/ws"
)

const (
	// Requests other than sends, and whatever is refused, may come this often. Beyond it reading pauses, so that a flood costs
	// only the one who sends it.
	requestRate  = 50
	requestBurst = 100
)

// life is the life of a session: what comes is read and handled, by a goroutine of its own or as a poller tells, until the
// connection ends.
type life struct {
	Session
	slot  int          // in the ping timer
	state atomic.Int32 // of a session that a poller watches: asleep, awake or called
	ended func()       // of such a session: called at its end
}

// begin is what comes before the first message.
func (s *life) begin() {
	s.deadline = time.AfterFunc(s.node.Hello, func() {
		s.Bye(protocol.CloseHelloTimeout, "no hello came in time")
	})
	s.pace = rate.NewLimiter(requestRate, requestBurst)
	s.dialect.Greet()
	s.Flush()
}

// finish is what comes after the last message.
func (s *life) finish(err error) {
	if s.deadline != nil {
		s.deadline.Stop()
	}
	if a := s.Actor(); a != nil {
		a.End(goodbye(err), s.unused)
	}
	s.node.Logger.Debug("connection ended", "session", s.id, "address", s.address, "err", err)
	var closed *ws.CloseError
	if err != ErrEnded && !errors.As(err, &closed) && !errors.Is(err, net.ErrClosed) {
		s.conn.Kill() // the others are being closed: the peer gets to read why
	}
}

// goodbye tells whether the connection ended because the user meant it to (1000), or was lost. A page that is loaded again
// goes away (1001) and is back in a moment: that is no goodbye.
func goodbye(err error) bool {
	var closed *ws.CloseError
	return errors.As(err, &closed) && closed.Code == 1000
}

// read handles what comes until the connection ends.
func (s *life) read() error {
	m := &message{session: s}
	for {
		var err error
		if m.op, m.payload, err = s.conn.Read(); err != nil {
			return err
		}
		if err := m.by(s.node.pool); err != nil {
			return err
		}
	}
}

// States of a session that a poller watches.
const (
	asleep int32 = iota
	awake
	called // while it was awake
)

// wake has a worker read what came. The poller calls it, also when the connection has ended. It never waits.
func (s *life) wake() {
	for {
		switch was := s.state.Load(); {
		case was == called:
			return
		case s.state.CompareAndSwap(was, was+1):
			if was == asleep {
				s.node.pool.start(s)
			}
			return
		}
	}
}

// do reads until nothing is left to read. It is a task of a worker, never of two at once: whoever wakes the session meanwhile
// only has it look once more.
func (s *life) do() {
	for {
		op, payload, err := s.conn.TryRead()
		if err == ws.ErrNothing {
			if s.state.CompareAndSwap(awake, asleep) {
				return
			}
			s.state.Store(awake)
			continue
		}
		if err == nil {
			err = s.handle(op, payload)
		}
		if err != nil { // and it stays awake, so that nobody comes here again
			s.finish(err)
			s.ended()
			return
		}
	}
}

// handle handles one message. The error ends the connection.
func (s *life) handle(op ws.Opcode, payload []byte) (err error) {
	err = s.dialect.Handle(op, payload)
	s.Flush()
	if err != nil {
		return err
	}
	if s.deadline != nil && s.Actor() != nil {
		s.deadline.Stop()
		s.deadline = nil
	}
	return s.WaitDrain()
}

// message is a task: one message to handle. It belongs to its session, which waits until it is handled.
type message struct {
	session *life
	op      ws.Opcode
	payload []byte
	err     error // what handling it gave
	handled sync.WaitGroup
}

func (m *message) do() {
	m.err = m.session.handle(m.op, m.payload)
	m.handled.Done()
}

// by has a worker handle the message, and waits for it.
func (m *message) by(p *pool) error {
	m.handled.Add(1)
	p.start(m)
	m.handled.Wait()
	m.payload = nil
	return m.err
}
