package memory

import (
	"context"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// Node is one node's view of a [Shared] store.
type Node struct {
	shared *Shared // immutable
	id     string  // immutable

	// Guarded by shared.mu.
	own    map[chat.RoomID]map[string]presence.Session // what this node put in, to put it back
	beat   time.Time                                   // when the lease was last renewed
	stale  bool                                        // the store may differ from own
	closed bool
}

var _ presence.Store = (*Node)(nil)

// Join implements [presence.Store]. A Join that finds the store away is done by the first Beat that does not.
func (n *Node) Join(ctx context.Context, room chat.RoomID, s presence.Session) (presence.Change, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if n.closed {
		return presence.Change{}, presence.ErrClosed
	}
	if n.own[room] == nil {
		n.own[room] = map[string]presence.Session{}
	}
	n.own[room][s.ID] = s
	if err := n.shared.ready(ctx, n); err != nil {
		n.stale = true
		return presence.Change{}, err
	}
	if n.shared.nodes[n.id] != n { // taken for dead: known again, so that what is put in now goes when it really dies
		n.stale = true
		n.shared.nodes[n.id] = n
	}
	r := n.shared.room(room)
	came := r.add(n.id, s.ID, s.User)
	return presence.Change{Edge: came, Count: len(r.order)}, nil
}

// Leave implements [presence.Store]. A Leave that finds the store away is done by the first Beat that does not.
func (n *Node) Leave(ctx context.Context, room chat.RoomID, session string) (presence.Change, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if n.closed {
		return presence.Change{}, presence.ErrClosed
	}
	if delete(n.own[room], session); len(n.own[room]) == 0 {
		delete(n.own, room)
	}
	if err := n.shared.ready(ctx, n); err != nil {
		n.stale = true
		return presence.Change{}, err
	}
	_, change := n.shared.take(room, session)
	return change, nil
}

// Members implements [presence.Store].
func (n *Node) Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (presence.Members, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if err := n.shared.ready(ctx, n); err != nil {
		return presence.Members{}, err
	}
	m := presence.Members{Whole: n.shared.since.IsZero() || time.Since(n.shared.since) >= n.shared.lease}
	if r := n.shared.rooms[room]; r != nil {
		m.Users, m.Next = r.page(cursor, limit)
		m.Count = len(r.order)
	}
	return m, nil
}

// Counts implements [presence.Store].
func (n *Node) Counts(ctx context.Context, rooms []chat.RoomID) ([]int, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if err := n.shared.ready(ctx, n); err != nil {
		return nil, err
	}
	counts := make([]int, len(rooms))
	for i, id := range rooms {
		if r := n.shared.rooms[id]; r != nil {
			counts[i] = len(r.order)
		}
	}
	return counts, nil
}

// Digests implements [presence.Store].
func (n *Node) Digests(ctx context.Context, rooms []chat.RoomID) ([]presence.Digest, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if err := n.shared.ready(ctx, n); err != nil {
		return nil, err
	}
	digests := make([]presence.Digest, len(rooms))
	for i, id := range rooms {
		if r := n.shared.rooms[id]; r != nil {
			digests[i].Count = len(r.order)
			for _, p := range r.users {
				digests[i].Sum += presence.Weight(p.user)
			}
		}
	}
	return digests, nil
}

// Rooms implements [presence.Store].
func (n *Node) Rooms(ctx context.Context, limit int) (map[chat.RoomID]int, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if err := n.shared.ready(ctx, n); err != nil {
		return nil, err
	}
	rooms := map[chat.RoomID]int{}
	for id, r := range n.shared.rooms {
		if len(rooms) >= limit {
			break
		}
		rooms[id] = len(r.order)
	}
	return rooms, nil
}

// Beat implements [presence.Store].
func (n *Node) Beat(ctx context.Context) ([]presence.Departure, error) {
	s := n.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx, n); err != nil {
		return nil, err
	}
	now := time.Now()
	// A node that was itself too late cannot judge the others: the whole process may have been stopped.
	late := now.Sub(n.beat) >= s.lease
	n.beat = now
	if n.stale || s.nodes[n.id] != n {
		s.nodes[n.id] = n
		n.restore()
		n.stale = false
	}
	if late {
		return nil, nil
	}
	dead := false
	for id, other := range s.nodes {
		if now.Sub(other.beat) >= s.lease {
			delete(s.nodes, id)
			dead = true
		}
	}
	if !dead {
		return nil, nil
	}
	return s.sweep(), nil
}

// restore makes what the store has of this node what this node put there.
func (n *Node) restore() {
	for id, r := range n.shared.rooms {
		for session, st := range r.sessions {
			if _, mine := n.own[id][session]; st.node == n.id && !mine {
				n.shared.take(id, session)
			}
		}
	}
	for id, sessions := range n.own {
		r := n.shared.room(id)
		for _, s := range sessions {
			if st, in := r.sessions[s.ID]; !in || st.user != s.User {
				r.add(n.id, s.ID, s.User)
			}
		}
	}
}

// Close implements [presence.Store].
func (n *Node) Close(context.Context) error {
	s := n.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.closed {
		return nil
	}
	n.closed = true
	for room, sessions := range n.own {
		for session := range sessions {
			s.take(room, session)
		}
	}
	n.own = nil
	if s.nodes[n.id] == n {
		delete(s.nodes, n.id)
	}
	return nil
}
