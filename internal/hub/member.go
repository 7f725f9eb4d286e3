package hub

import (
	"context"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/roster"
)

// Member is a session's place in a room on this node.
type Member struct {
	receiver
	room    *Room
	session string
	left    bool // for good; guarded by the room's lock
}

// Room returns the room it is in.
func (m *Member) Room() chat.RoomID { return m.room.id }

// Left tells whether it has left the room.
func (m *Member) Left() bool {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.left
}

// Send has ev stored in the room and calls done once: with the event as stored, or why it was not. done runs on another
// goroutine and must not block or keep the event; what it queues on the member's connection goes out by itself.
func (m *Member) Send(ev chat.Event, done func(*chat.Event, error)) {
	m.room.submit(send{ev: ev, to: m.to, done: done})
}

// Page returns a page of the room, from memory where that has all of it. Errors: [history.ErrUnavailable].
func (m *Member) Page(ctx context.Context, q history.Query) (Page, error) { return m.room.page(ctx, q) }

// Who returns a page of who is in the room.
func (m *Member) Who(ctx context.Context, cursor string, limit int) roster.Page {
	return m.room.roster.Who(ctx, cursor, limit)
}

// Renamed is called where the user took another name while the session came into the room.
func (m *Member) Renamed(user chat.User) { m.room.roster.Renamed(user) }

// Typing tells the others in the room that the user writes. In a crowd nobody is told.
func (m *Member) Typing(user chat.User) { m.room.typing(user, true) }

// Leave ends the membership. Goodbye tells that the user meant it; otherwise the connection was lost, and the user's going is
// announced only if the user is not back within the grace period.
func (m *Member) Leave(goodbye bool) {
	r := m.room
	r.mu.Lock()
	was := m.index != outside
	if was {
		r.out.remove(&m.receiver)
		r.node.stats.Members.Add(-1)
	}
	m.left = true
	r.mu.Unlock()
	if was {
		r.roster.Depart(m.session, m.user, goodbye, r.releaseMember)
	}
}
