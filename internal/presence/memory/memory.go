// Package memory keeps presence in this process: the engine of a lone node, and of several nodes in one test.
//
// A [Shared] is the store itself and a [Node] is one node's view of it, with what that node put there: after the store was
// emptied, or the node was taken for dead, its next Beat puts it back from there.
//
// Locks: Shared.mu, the only one, guards everything. Nothing is called under it.
package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// Shared is a store that nodes of this process share. It is safe for concurrent use.
type Shared struct {
	lease time.Duration // immutable

	mu    sync.Mutex // guards what follows, and all of every Node
	rooms map[chat.RoomID]*room
	nodes map[string]*Node // those with a lease, by name
	since time.Time        // when it was last emptied; zero for never
	away  bool
}

// New makes an empty store with leases of [presence.Lease].
func New() *Shared { return NewWithLease(presence.Lease) }

// NewWithLease makes an empty store where a silent node's sessions stay for lease, and a set counts as whole again as
// long after the store was emptied.
func NewWithLease(lease time.Duration) *Shared {
	return &Shared{lease: lease, rooms: map[chat.RoomID]*room{}, nodes: map[string]*Node{}}
}

// Node opens the store under a node's name. One that opens under a name in use takes over its lease, and what the former
// one put in goes at the next Beat.
func (s *Shared) Node(id string) *Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &Node{shared: s, id: id, own: map[chat.RoomID]map[string]presence.Session{}, beat: time.Now(), stale: s.nodes[id] != nil}
	s.nodes[id] = n
	return n
}

// Empty forgets everything at once, as when a real store is emptied or replaced under its nodes.
func (s *Shared) Empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms = map[chat.RoomID]*room{}
	s.nodes = map[string]*Node{}
	s.since = time.Now()
}

// SetAway makes every call fail with [presence.ErrUnavailable] until it is called with false.
func (s *Shared) SetAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// room gives a room, making it when it is not there.
func (s *Shared) room(id chat.RoomID) *room {
	r := s.rooms[id]
	if r == nil {
		r = newRoom()
		s.rooms[id] = r
	}
	return r
}

// take removes one session and tells what that made of its room.
func (s *Shared) take(id chat.RoomID, session string) (chat.User, presence.Change) {
	r := s.rooms[id]
	if r == nil {
		return chat.User{}, presence.Change{}
	}
	user, edge := r.remove(session)
	if len(r.order) == 0 {
		delete(s.rooms, id)
	}
	return user, presence.Change{Edge: edge, Count: len(r.order)}
}

// sweep takes out the sessions of nodes without a lease and tells who is gone by that.
func (s *Shared) sweep() []presence.Departure {
	var gone []presence.Departure
	for id, r := range s.rooms {
		for session, st := range r.sessions {
			if s.nodes[st.node] != nil {
				continue
			}
			if user, c := s.take(id, session); c.Edge {
				gone = append(gone, presence.Departure{Room: id, User: user, Count: c.Count})
			}
		}
	}
	return gone
}

func unavailable(why any) error { return fmt.Errorf("%w: %v", presence.ErrUnavailable, why) }

// ready says why a node's call cannot be served, nil when it can.
func (s *Shared) ready(ctx context.Context, n *Node) error {
	switch {
	case n.closed:
		return presence.ErrClosed
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", presence.ErrUnavailable, ctx.Err())
	case s.away:
		return unavailable("away")
	}
	return nil
}
