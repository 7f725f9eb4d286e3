package rooms

import (
	"slices"
	"sync"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/hub"
)

// Session is a connection whose user is known.
type Session struct {
	ID     string
	To     hub.Recipient    // told what happens in the session's rooms,
	Format *hub.Format      // encoded in this format
	Person *accounts.Person // set by Identify
	Back   bool             // the user came back by its token; set by Identify
}

// Actor is who asks: a session's user, and the rooms that the session is in. Its commands run one after another, on the
// goroutine of its session's worker.
type Actor struct {
	session Session
	rooms   *Rooms
	limits  limits

	mu sync.Mutex // guards what follows
	in []*hub.Member
}

// User returns the actor's user as it is now.
func (a *Actor) User() chat.User { return a.session.Person.User() }

// Back tells whether the user came back by its token.
func (a *Actor) Back() bool { return a.session.Back }

// End takes the actor out of its rooms and gives up its share in the user. Without goodbye the connection was lost, and the
// user has the grace period to come back; a guest has nothing to come back with. Unused tells that the session's user is new
// and that its client may never have got the token: its name is free at once.
func (a *Actor) End(goodbye, unused bool) {
	for _, m := range a.set(nil) {
		m.Leave(goodbye || a.session.Person.Guest())
	}
	a.session.Person.Release(unused)
}

// member returns the actor's place in a room, nil if it has none.
func (a *Actor) member(id chat.RoomID) *hub.Member {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.in {
		if m.Room() == id {
			return m
		}
	}
	return nil
}

func (a *Actor) add(m *hub.Member) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.in = append(a.in, m)
}

func (a *Actor) remove(m *hub.Member) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.in = slices.DeleteFunc(a.in, func(o *hub.Member) bool { return o == m })
}

// set changes the rooms that the actor is in, and returns those before.
func (a *Actor) set(in []*hub.Member) (before []*hub.Member) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, a.in = a.in, in
	return before
}

func (a *Actor) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.in)
}
