package memory

import (
	"context"
	"fmt"

	"salon/internal/chat"
	"salon/internal/presence"
)

// Node opens the store under a node's name. If the name is in use, the new node takes over its lease, and the new node's
// first Beat removes the sessions of the former one.
func (s *Shared) Node(id string) *Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &Node{
		shared: s, id: id, sessions: map[chat.RoomID]map[string]presence.Session{},
		renewedAt: s.now(), differs: s.nodes[id] != nil,
	}
	s.nodes[id] = n
	return n
}

// ready returns the error of a call that cannot be served, nil when it can.
func (n *Node) ready(ctx context.Context) error {
	if n.closed {
		return presence.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", presence.ErrUnavailable, err)
	}
	return nil
}

// Join implements [presence.Store]. The next Beat does what a Join that failed asked for.
func (n *Node) Join(ctx context.Context, room chat.RoomID, s presence.Session) (presence.Change, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if n.closed {
		return presence.Change{}, presence.ErrClosed
	}
	if n.sessions[room] == nil {
		n.sessions[room] = map[string]presence.Session{}
	}
	n.sessions[room][s.ID] = s
	if err := n.ready(ctx); err != nil {
		n.differs = true
		return presence.Change{}, err
	}
	if n.shared.nodes[n.id] != n { // the lease had ended: take it again, so that this session is removed when the node really dies
		n.differs = true
		n.shared.nodes[n.id] = n
	}
	r := n.shared.room(room)
	first := r.add(n.id, s.ID, s.User)
	return presence.Change{First: first, Count: len(r.order)}, nil
}

// Leave implements [presence.Store]. The next Beat does what a Leave that failed asked for.
func (n *Node) Leave(ctx context.Context, room chat.RoomID, session string) (presence.Change, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if n.closed {
		return presence.Change{}, presence.ErrClosed
	}
	if delete(n.sessions[room], session); len(n.sessions[room]) == 0 {
		delete(n.sessions, room)
	}
	if err := n.ready(ctx); err != nil {
		n.differs = true
		return presence.Change{}, err
	}
	_, change := n.shared.remove(room, session)
	return change, nil
}

// Members implements [presence.Store].
func (n *Node) Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (presence.Members, error) {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if err := n.ready(ctx); err != nil {
		return presence.Members{}, err
	}
	m := presence.Members{Whole: n.shared.emptiedAt.IsZero() || n.shared.now().Sub(n.shared.emptiedAt) >= presence.Lease}
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
	if err := n.ready(ctx); err != nil {
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
	if err := n.ready(ctx); err != nil {
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
	if err := n.ready(ctx); err != nil {
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
	if err := n.ready(ctx); err != nil {
		return nil, err
	}
	now := s.now()
	// A node that is late itself cannot tell whether the others are dead: the whole process may have been stopped.
	late := now.Sub(n.renewedAt) >= presence.Lease
	n.renewedAt = now
	if n.differs || s.nodes[n.id] != n {
		s.nodes[n.id] = n
		n.restore()
		n.differs = false
	}
	if late {
		return nil, nil
	}
	dead := false
	for id, other := range s.nodes {
		if now.Sub(other.renewedAt) >= presence.Lease {
			delete(s.nodes, id)
			dead = true
		}
	}
	if !dead {
		return nil, nil
	}
	return s.removeDead(), nil
}

// restore makes the store hold what this node put there.
func (n *Node) restore() {
	for id, r := range n.shared.rooms {
		for session, m := range r.sessions {
			if _, mine := n.sessions[id][session]; m.node == n.id && !mine {
				n.shared.remove(id, session)
			}
		}
	}
	for id, sessions := range n.sessions {
		r := n.shared.room(id)
		for _, s := range sessions {
			if m, in := r.sessions[s.ID]; !in || m.user != s.User {
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
	for room, sessions := range n.sessions {
		for session := range sessions {
			s.remove(room, session)
		}
	}
	n.sessions = nil
	if s.nodes[n.id] == n {
		delete(s.nodes, n.id)
	}
	return nil
}
