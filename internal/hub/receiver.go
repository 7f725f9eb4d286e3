package hub

import (
	"sync"
	"sync/atomic"

	"salon/internal/chat"
	"salon/internal/ws"
)

// Recipient is a member's connection, as its rooms see it. None of its methods blocks.
type Recipient interface {
	Queue(*ws.Message)         // an answer: however full the queue is
	TryQueue(*ws.Message) bool // within the queue's bound; false: nothing was queued
	Flush()                    // begins to write what is queued
	// Lagged is called when the queue is full. The member at this place gets nothing more until it calls [Member.Resume], with
	// the number of the last event that it got.
	Lagged(p Place, last uint64)
}

// Place is a session's place in a room: a [Member], or one that was.
type Place interface {
	Room() chat.RoomID
	Left() bool // for good
}

// outside is the index of a receiver that is not among a room's members.
const outside = -1

// receiver is what a member gets of its room: each event once and in order, as long as its connection's queue has room.
type receiver struct {
	place  Place
	to     Recipient
	format *Format
	user   chat.UserID
	lags   *atomic.Int64 // counts them, for metrics
	index  int           // among the room's members; guarded by the room's lock

	mu      sync.Mutex // guards what follows
	next    uint64     // the number that it gets next
	lagging bool       // it gets nothing until it asks again
	notices uint64     // the answer to its join holds what so many of the room's notices told
}

// begin has the receiver get the events from next, and the notices after so many. Called with the room's lock held.
func (m *receiver) begin(next, notices uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next, m.notices, m.lagging = next, notices, false
}

// take queues a frame for the member, once and in order, and returns how many events that were. Only the room's delivery
// calls it.
func (m *receiver) take(f *frame) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lagging {
		return 0
	}
	if f.notice != nil {
		m.takeNotice(f)
		return 0
	}
	if f.last() < m.next {
		return 0
	}
	if m.format.OneByOne {
		return m.takeEach(f)
	}
	if msg := f.from(m.format, m.next); msg != nil && !m.to.TryQueue(msg) {
		m.lag()
		return 0
	}
	n := int(f.last() + 1 - max(m.next, f.first()))
	m.next = f.last() + 1
	return n
}

// takeNotice queues a notice, if there is room: it is not worth a lag. Called with mu held.
func (m *receiver) takeNotice(f *frame) {
	if f.notice.n <= m.notices || f.notice.skip == m.user || m.format.NoEcho && f.notice.self == m.user {
		return
	}
	if msg := f.in(m.format)[0]; msg != nil {
		m.to.TryQueue(msg)
	}
}

// takeEach queues the events of a frame one by one. Called with mu held.
func (m *receiver) takeEach(f *frame) int {
	n := 0
	for i, msg := range f.in(m.format) {
		ev := &f.entries[i].ev
		if ev.Seq < m.next {
			continue
		}
		if msg != nil && (!m.format.NoEcho || ev.User.ID != m.user) {
			if !m.to.TryQueue(msg) {
				m.lag()
				return n
			}
			n++
		}
		m.next = ev.Seq + 1
	}
	return n
}

// lag stops delivery to a member whose queue is full, and tells its connection. Called with mu held.
func (m *receiver) lag() {
	m.lagging = true
	m.lags.Add(1)
	m.to.Lagged(m.place, m.next-1)
}
