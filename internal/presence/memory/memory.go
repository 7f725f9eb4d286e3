// Package memory keeps presence in this process. It is the engine of a node that runs alone, and of several nodes in one test.
//
// A [Shared] is the store itself. A [Node] is one node's view of it and remembers what that node put there. After the store
// lost something, or removed the node's sessions because its lease ended, the node's next Beat puts them back.
//
// Locks: Shared.mu, the only one, guards everything. Nothing is called under it.
package memory

import (
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// Shared is a store that the nodes of this process share. It is safe for concurrent use.
type Shared struct {
	now func() time.Time // immutable

	mu        sync.Mutex // guards what follows, and all of every Node
	rooms     map[chat.RoomID]*room
	nodes     map[string]*Node // those with a lease, by name
	emptiedAt time.Time        // when the store last lost everything; zero for never
}

// Node is one node's view of a [Shared] store.
type Node struct {
	shared *Shared // immutable
	id     string  // immutable

	// Guarded by shared.mu.
	sessions  map[chat.RoomID]map[string]presence.Session // what this node put in the store
	renewedAt time.Time                                   // when the lease was last renewed
	differs   bool                                        // the store may hold something else than sessions
	closed    bool
}

var _ presence.Store = (*Node)(nil)

// New makes an empty store.
func New() *Shared {
	return &Shared{now: time.Now, rooms: map[chat.RoomID]*room{}, nodes: map[string]*Node{}}
}

// room returns a room, which it makes when there is none.
func (s *Shared) room(id chat.RoomID) *room {
	r := s.rooms[id]
	if r == nil {
		r = newRoom()
		s.rooms[id] = r
	}
	return r
}

// remove removes one session from a room.
func (s *Shared) remove(id chat.RoomID, session string) (chat.User, presence.Change) {
	r := s.rooms[id]
	if r == nil {
		return chat.User{}, presence.Change{}
	}
	user, last := r.remove(session)
	if len(r.order) == 0 {
		delete(s.rooms, id)
	}
	return user, presence.Change{Last: last, Count: len(r.order)}
}

// removeDead removes the sessions of nodes without a lease and returns the users who left by that.
func (s *Shared) removeDead() []presence.Departure {
	var departures []presence.Departure
	for id, r := range s.rooms {
		for session, m := range r.sessions {
			if s.nodes[m.node] != nil {
				continue
			}
			if user, c := s.remove(id, session); c.Last {
				departures = append(departures, presence.Departure{Room: id, User: user, Count: c.Count})
			}
		}
	}
	return departures
}
