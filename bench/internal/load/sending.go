package load

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// sending is how the senders send.
type sending struct {
	lines  *lines
	period time.Duration // paced: between two sends of any senders; 0 for not paced
	next   time.Duration // paced: when the next is due
	turn   int           // paced: whose turn it is
	window int           // pressing: sends of one sender under way; 0 for not pressing
	pad    []byte        // behind every text
	text   []byte        // scratch
	cid    []byte        // scratch
	frame  []byte        // scratch
}

// due tells when the next send is.
func (s *sending) due() time.Duration {
	if s.period == 0 {
		return math.MaxInt64
	}
	return s.next
}

// sender gives the index of the nth sender.
func (f *Fleet) sender(nth int) int { return nth * f.plan.Members / f.plan.Senders }

func (f *Fleet) isSender(i int) bool {
	if f.plan.Senders == 0 {
		return false
	}
	nth := (i*f.plan.Senders + f.plan.Members - 1) / f.plan.Members
	return nth < f.plan.Senders && f.sender(nth) == i
}

// Pace has the senders take turns, at rate sends per second together, whatever comes back.
func (f *Fleet) Pace(rate float64) {
	f.sending.period = time.Duration(float64(time.Second) / rate)
	f.sending.next = f.now()
	f.sending.window = 0
}

// Press has each sender send as soon as fewer than window of its sends have not come back to it.
func (f *Fleet) Press(window int) {
	f.sending.period, f.sending.window = 0, window
	for nth := range f.plan.Senders {
		m := f.members[f.sender(nth)]
		f.refill(m)
		f.flush(m)
	}
}

// Halt ends the sending.
func (f *Fleet) Halt() { f.sending.period, f.sending.window = 0, 0 }

// Pad makes every text n bytes longer.
func (f *Fleet) Pad(n int) { f.sending.pad = bytes.Repeat([]byte{'x'}, n) }

// sendDue sends what is due when paced.
func (f *Fleet) sendDue() {
	s := &f.sending
	for s.period > 0 && s.next <= f.now() {
		m := f.members[f.sender(s.turn)]
		s.turn = (s.turn + 1) % f.plan.Senders
		s.next += s.period
		f.send(m)
		f.flush(m)
	}
}

// own notes that a send came back to its sender.
func (f *Fleet) own(m *member) {
	m.open--
	f.refill(m)
}

func (f *Fleet) refill(m *member) {
	for m.open < f.sending.window {
		f.send(m)
	}
}

// send queues the next send of m.
func (f *Fleet) send(m *member) {
	s := &f.sending
	m.n++
	m.open++
	f.sent[m.room]++
	f.counters.Sent++
	s.text = appendStamp(s.text[:0], stamp{f.now(), m.index, m.n})
	s.text = append(s.text, s.lines.take()...)
	s.text = append(s.text, s.pad...)
	s.cid = strconv.AppendInt(s.cid[:0], time.Now().UnixMilli(), 32) // as Salon's own clients do
	s.cid = strconv.AppendUint(s.cid, rand.Uint64(), 36)
	s.frame = f.plan.Dialect.AppendSend(s.frame[:0], m.room, s.cid, s.text)
	f.queue(m, opText, s.frame)
}
