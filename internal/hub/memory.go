package hub

import (
	"cmp"
	"context"
	"slices"
	"time"
)

const (
	// ringsMost is how much memory the recent events of all rooms of a node may take, in bytes, about. Whoever is in many rooms
	// and says much in each would fill the machine's otherwise.
	ringsMost = 256 << 20
	// ringLeast is what a room keeps of its recent events, in bytes of memory, when there is too much of them.
	ringLeast = 4 << 10
	// entryRest is what an entry takes besides its line and the texts of its event, which are as long together.
	entryRest = 320
)

// boundRings keeps the memory of recent events within its bound. What falls out is in the history.
func (h *Hub) boundRings(ctx context.Context) {
	every(ctx, time.Second, func() { h.trimRings(ringsMost) })
}

// trimRings takes recent events out of the stillest rooms until all take at most so many bytes, or every room has but a few.
func (h *Hub) trimRings(most int) {
	type use struct {
		room   *room
		memory int
		last   time.Time // when something was said
	}
	rooms := h.active()
	uses := make([]use, len(rooms))
	all := 0
	defer func() {
		for _, r := range rooms {
			r.release()
		}
	}()
	for i, r := range rooms {
		r.mu.Lock()
		uses[i] = use{room: r, memory: r.ring.memory()}
		if n := len(r.ring.entries); n > 0 {
			uses[i].last = r.ring.entries[n-1].ev.At
		}
		r.mu.Unlock()
		all += uses[i].memory
	}
	if all <= most {
		return
	}
	slices.SortFunc(uses, func(a, b use) int { return cmp.Or(a.last.Compare(b.last), cmp.Compare(b.memory, a.memory)) })
	for _, u := range uses {
		if all <= most {
			return
		}
		u.room.mu.Lock()
		all -= u.room.ring.trim(ringLeast)
		u.room.mu.Unlock()
	}
}

// memory is how much the ring takes, in bytes, about.
func (g *ring) memory() int { return len(g.entries)*entryRest + 2*g.bytes }

// trim drops the oldest entries until the others take at most so many bytes, and tells how many bytes that were.
func (g *ring) trim(most int) (freed int) {
	before, from := g.memory(), 0
	for ; from < len(g.entries) && g.memory()-from*entryRest > most; from++ {
		g.bytes -= len(g.entries[from].line)
	}
	if from > 0 {
		g.entries = slices.Clone(g.entries[from:]) // the array goes too
	}
	return before - g.memory()
}
