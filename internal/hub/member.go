package hub

import (
	"sync"

	"salon/internal/chat"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// Sink is a connection's way out. None of its methods blocks. [ws.Conn] is one.
type Sink interface {
	Queue(*ws.Message)         // an answer: however full the queue is
	TryQueue(*ws.Message) bool // within the queue's bound; false: nothing was queued
	Flush()                    // begin to write what is queued
}

// Form is how a member wants its room told.
type Form uint8

// The forms.
const (
	JSON Form = iota // salon.v1.json
	Text             // lines to show
)

// Member is a session's place in a room on this node.
type Member struct {
	room    *room
	sink    Sink
	session string
	form    Form
	lang    lang.Lang
	back    bool                          // its token was known: its coming is a coming back
	onLag   func(m *Member, since uint64) // text mode: catches up on the member's behalf
	pos     int                           // in room.members; guarded by room.mu, -1 when not in it
	left    bool                          // it is not in it any more, for good; guarded by room.mu

	mu      sync.Mutex // guards what follows
	user    chat.User
	next    uint64 // the number that it gets next
	lagging bool   // it gets nothing until it asks again
	signals uint64 // it knows of so many of the room's signals from its answer
}

// Room tells which room it is a member of.
func (m *Member) Room() chat.RoomID { return m.room.id }

// Left tells whether it has left the room.
func (m *Member) Left() bool {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.left
}

// Send has ev stored in the room and calls done once: with the event as stored, or why it was not. done runs on another
// goroutine and must not block; what it queues on the sink goes out by itself.
func (m *Member) Send(ev chat.Event, done func(chat.Event, error)) {
	m.room.submit(send{ev: ev, sink: m.sink, done: done})
}

// take queues a frame for the member, once and in order, and gives how many events that were. Only the room's delivery calls
// it.
func (m *Member) take(f *frame) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lagging {
		return 0
	}
	if f.signal != nil {
		m.takeSignal(f)
		return 0
	}
	if f.last() < m.next {
		return 0
	}
	if m.form == Text {
		return m.takeText(f)
	}
	if !m.sink.TryQueue(f.asJSON(m.next)) {
		m.lag()
		return 0
	}
	n := int(f.last() + 1 - max(m.next, f.first()))
	m.next = f.last() + 1
	return n
}

// takeSignal queues a signal, if there is room: it is not worth a lag. Called with mu held.
func (m *Member) takeSignal(f *frame) {
	if f.signal.n <= m.signals || f.signal.skip == m.user.ID && m.user.ID != "" {
		return
	}
	if m.form == JSON {
		m.sink.TryQueue(f.asJSON(0))
	} else if msg := f.asText(m.lang)[0]; msg != nil && (f.signal.self == "" || f.signal.self != m.user.ID) {
		m.sink.TryQueue(msg)
	}
}

// takeText queues the lines of a frame, save for what the member said itself: its client shows that already. Called with mu
// held.
func (m *Member) takeText(f *frame) int {
	n := 0
	for i, msg := range f.asText(m.lang) {
		ev := &f.entries[i].ev
		if ev.Seq < m.next {
			continue
		}
		if msg != nil && ev.User.ID != m.user.ID {
			if !m.sink.TryQueue(msg) {
				m.lag()
				return n
			}
			n++
		}
		m.next = ev.Seq + 1
	}
	return n
}

// lag stops delivery to a member whose queue is full, and tells it. Called with mu held.
func (m *Member) lag() {
	m.lagging = true
	m.room.hub.stats.Lags.Add(1)
	if m.form == JSON {
		m.sink.Queue(ws.NewMessage(ws.Text, protocol.Marshal(protocol.Lag{Type: "lag", Room: m.room.id, Seq: m.next - 1})))
	} else if m.onLag != nil {
		m.onLag(m, m.next-1)
	}
}

// add makes m one of the members. Called with mu held.
func (r *room) add(m *Member) {
	r.unshare()
	m.pos = len(r.members)
	r.members = append(r.members, m)
	r.hub.stats.Members.Add(1)
}

// remove takes m out of the members. Called with mu held.
func (r *room) remove(m *Member) {
	if m.pos < 0 {
		return
	}
	r.unshare()
	last := len(r.members) - 1
	r.members[m.pos] = r.members[last]
	r.members[m.pos].pos = m.pos
	r.members[last] = nil
	r.members = r.members[:last]
	m.pos = -1
	r.hub.stats.Members.Add(-1)
}

// unshare copies the members if a delivery may be reading them. Called with mu held.
func (r *room) unshare() {
	if r.shared {
		r.members = append(make([]*Member, 0, len(r.members)+8), r.members...)
		r.shared = false
	}
}
