package hub

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"salon/internal/chat"
)

const (
	// doubtEvery is how often the heads of rooms in doubt are read.
	doubtEvery = time.Second
	// doubtFor is how long a room stays in doubt: a store that hangs may still store what it had taken.
	doubtFor = time.Minute
)

// doubts are the rooms of a lone node whose last append got no answer. What was to be stored may be in the log, and if nobody
// says it again nothing else tells; where there are other nodes the heads are compared anyway.
type doubts struct {
	mu      sync.Mutex                // guards what follows
	rooms   map[chat.RoomID]time.Time // when that was
	running bool
}

// doubt has the room's head looked at, until what it is in doubt about must have been stored or not.
func (h *Hub) doubt(id chat.RoomID) {
	if h.shared() {
		return
	}
	d := &h.doubts
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rooms == nil {
		d.rooms = map[chat.RoomID]time.Time{}
	}
	d.rooms[id] = time.Now()
	if !d.running {
		d.running = true
		h.work.Go(func() { h.settleDoubts(h.life) })
	}
}

// settleDoubts looks at the heads of the rooms in doubt until there are none, also while the history does not answer.
func (h *Hub) settleDoubts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(doubtEvery):
		}
		asked := time.Now()
		err := h.compareRooms(ctx, h.inDoubt())
		if err == nil && h.doubts.settle(asked.Add(-doubtFor)) {
			return
		}
	}
}

// inDoubt gives the rooms in doubt, each held.
func (h *Hub) inDoubt() (rooms []*room) {
	h.doubts.mu.Lock()
	ids := slices.Collect(maps.Keys(h.doubts.rooms))
	h.doubts.mu.Unlock()
	for _, id := range ids {
		if r := h.known(id); r != nil { // else who comes next reads the log anew
			rooms = append(rooms, r)
		}
	}
	return rooms
}

// settle drops the rooms that were in doubt before the time given, and tells whether that is all.
func (d *doubts) settle(before time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.rooms, func(_ chat.RoomID, since time.Time) bool { return since.Before(before) })
	d.running = len(d.rooms) > 0
	return !d.running
}
