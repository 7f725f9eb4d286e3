package load

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// member is one connection.
type member struct {
	index, room int
	fd          int
	full        bool // read in full
	sample      bool // its latencies count
	upgraded    bool
	joined      bool
	stalled     bool // does not read
	polled      bool // waits to write, too

	walker walker
	count  int64  // events
	in     []byte // the message so far; before the upgrade, the response so far
	squash bool   // in is compressed
	ctl    []byte // a control frame's payload so far
	out    []byte // what the socket did not take yet
	token  string

	seen seen
	open int // sends whose own event did not come yet
	n    int // sends
}

// serve does what epoll says that m is ready for.
func (f *Fleet) serve(m *member, ready uint32) {
	if ready&unix.EPOLLOUT != 0 {
		f.flush(m)
	}
	if ready&^unix.EPOLLOUT == 0 {
		return
	}
	n, err := unix.Read(m.fd, f.buffer)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		f.fail(m, err)
		return
	case n == 0:
		f.fail(m, io.ErrUnexpectedEOF)
		unix.EpollCtl(f.epoll, unix.EPOLL_CTL_DEL, m.fd, nil)
		return
	}
	f.counters.Bytes += int64(n)
	f.counters.Reads++
	p := f.buffer[:n]
	if !m.upgraded {
		if p, err = f.upgrade(m, p); err != nil {
			f.fail(m, err)
			return
		}
	}
	if err := f.read(m, p); err != nil {
		f.fail(m, err)
	}
	if m.out != nil && !m.polled {
		f.flush(m)
	}
}

var errClosed = errors.New("the server closes the connection")

// read takes p, the next part of m's stream of frames.
func (f *Fleet) read(m *member, p []byte) error {
	w := &m.walker
	for len(p) > 0 {
		piece, rest, ok, err := w.next(p)
		if err != nil || !ok {
			return err
		}
		p = rest
		switch {
		case w.frame.opcode >= opClose:
			err = f.control(m, piece)
		case m.full || !m.joined:
			err = f.message(m, piece)
		case !w.frame.compressed:
			f.count(m, piece)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// control takes a piece of a control frame.
func (f *Fleet) control(m *member, piece []byte) error {
	m.ctl = append(m.ctl, piece...)
	if m.walker.left > 0 {
		return nil
	}
	payload := m.ctl
	m.ctl = nil
	switch m.walker.frame.opcode {
	case opPing:
		f.queue(m, opPong, payload)
	case opClose:
		return errClosed
	}
	return nil
}

// count counts the events in a piece of a message that is not read in full.
func (f *Fleet) count(m *member, piece []byte) {
	if len(piece) == 2 && m.walker.frame.length == 2 {
		if pong := f.plan.Dialect.Pong(piece); pong != nil {
			f.queue(m, opText, pong)
		}
		return
	}
	n := int64(countMarkers(piece))
	m.count += n
	f.counters.Deliveries += n
}

// message takes a piece of a message that is read in full.
func (f *Fleet) message(m *member, piece []byte) error {
	w := &m.walker
	if w.frame.opcode != opContinuation && len(m.in) == 0 {
		m.squash = w.frame.compressed
	}
	m.in = append(m.in, piece...)
	if w.left > 0 || !w.frame.final {
		return nil
	}
	payload := m.in
	m.in = nil // only members read in full get here often
	if m.full {
		m.in = payload[:0]
	}
	if m.squash {
		var err error
		if payload, err = inflate(payload); err != nil {
			return err
		}
	}
	if pong := f.plan.Dialect.Pong(payload); pong != nil {
		f.queue(m, opText, pong)
		return nil
	}
	if m.joined {
		return f.event(m, payload)
	}
	return f.greeted(m, payload)
}

// greeted takes an answer to the greeting.
func (f *Fleet) greeted(m *member, payload []byte) error {
	if m.token == "" {
		m.token = f.plan.Dialect.Token(payload)
	}
	done, err := f.plan.Dialect.Joined(payload)
	if done {
		m.joined = true
		f.joined++
	}
	return err
}

// Say has member i send payload as one message.
func (f *Fleet) Say(i int, payload string) {
	f.queue(f.members[i], opText, []byte(payload))
	f.flush(f.members[i])
}

// IsFull tells whether member i is read in full.
func (f *Fleet) IsFull(i int) bool { return f.members[i].full }

// queue puts a frame behind what waits to be written; the caller sees to flush.
func (f *Fleet) queue(m *member, opcode byte, payload []byte) {
	m.out = appendFrame(m.out, opcode, payload)
}

// flush writes what waits, as much as the socket takes.
func (f *Fleet) flush(m *member) {
	for len(m.out) > 0 {
		n, err := unix.Write(m.fd, m.out)
		if err == unix.EINTR {
			continue
		}
		if err == unix.EAGAIN {
			f.poll(m, true)
			return
		}
		if err != nil {
			f.fail(m, err)
			m.out = nil
			return
		}
		m.out = m.out[n:]
	}
	m.out = nil
	f.poll(m, false)
}

// poll has epoll tell when m can be written to, or no more.
func (f *Fleet) poll(m *member, write bool) {
	if m.polled == write {
		return
	}
	m.polled = write
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(m.index)}
	if write {
		ev.Events |= unix.EPOLLOUT
	}
	if err := unix.EpollCtl(f.epoll, unix.EPOLL_CTL_MOD, m.fd, &ev); err != nil {
		f.fail(m, err)
	}
}
