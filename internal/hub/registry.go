package hub

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"salon/internal/chat"
)

const (
	shards = 64
	// ringsMost is about how much memory the recent events of all rooms of a node may take, in bytes. Whoever is in many rooms
	// and says much in each would fill the machine's otherwise.
	ringsMost = 256 << 20
	// ringLeast is what a room keeps of its recent events, in bytes of memory, when there is too much of them.
	ringLeast = 4 << 10
)

// registry is the rooms in memory, by name.
type registry struct {
	node   *node
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu    sync.Mutex // guards what follows
	rooms map[chat.RoomID]*Room
}

func (g *registry) init(n *node) {
	g.node, g.seed = n, maphash.MakeSeed()
	for i := range g.shards {
		g.shards[i].rooms = map[chat.RoomID]*Room{}
	}
}

func (g *registry) shard(id chat.RoomID) *shard {
	return &g.shards[maphash.String(g.seed, string(id))%shards]
}

// use returns the room, made if need be. Call its release when done.
func (g *registry) use(id chat.RoomID) *Room {
	s := g.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[id]
	if r == nil {
		r = newRoom(g.node, id)
		s.rooms[id] = r
		g.node.stats.Rooms.Add(1)
	}
	r.uses.Add(1)
	return r
}

// known returns the room if this node has it, nil otherwise. Call its release when done.
func (g *registry) known(id chat.RoomID) *Room {
	s := g.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[id]
	if r != nil {
		r.uses.Add(1)
	}
	return r
}

// all returns the rooms of this node. Call each one's release when done.
func (g *registry) all() []*Room {
	var all []*Room
	for i := range g.shards {
		s := &g.shards[i]
		s.mu.Lock()
		for _, r := range s.rooms {
			r.uses.Add(1)
			all = append(all, r)
		}
		s.mu.Unlock()
	}
	return all
}

// forget drops the rooms that nobody has needed since before.
func (g *registry) forget(before time.Time) {
	for i := range g.shards {
		for _, r := range g.shards[i].forget(before) {
			g.node.stats.Rooms.Add(-1)
			g.node.rosters.Remove(r.roster)
			r.peers.Unsubscribe()
			if again := g.known(r.id); again != nil { // the room is back already: restore its subscription
				again.peers.Subscribe()
				again.release()
			}
		}
	}
}

func (s *shard) forget(before time.Time) (gone []*Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.rooms {
		if r.uses.Load() == 0 && r.idleSince(before) {
			delete(s.rooms, id)
			gone = append(gone, r)
		}
	}
	return gone
}

// trimRings drops recent events of the quietest rooms until all take at most so many bytes of memory, or every room has but
// a few. What is dropped is in history.
func (g *registry) trimRings(most int) {
	type use struct {
		room   *Room
		memory int
		last   time.Time // when something was said
	}
	rooms := g.all()
	uses := make([]use, len(rooms))
	sum := 0
	for i, r := range rooms {
		defer r.release()
		r.mu.Lock()
		recent := &r.gate.recent
		uses[i] = use{room: r, memory: recent.memory()}
		if n := len(recent.entries); n > 0 {
			uses[i].last = recent.entries[n-1].ev.At
		}
		r.mu.Unlock()
		sum += uses[i].memory
	}
	if sum <= most {
		return
	}
	slices.SortFunc(uses, func(a, b use) int { return cmp.Or(a.last.Compare(b.last), cmp.Compare(b.memory, a.memory)) })
	for _, u := range uses {
		if sum <= most {
			return
		}
		u.room.mu.Lock()
		sum -= u.room.gate.recent.trim(ringLeast)
		u.room.mu.Unlock()
	}
}
