package hub

import (
	"cmp"
	"context"
	"slices"
	"time"

	"salon/internal/chat"
)

// headsAtOnce is how many rooms' heads are asked for in one call.
const headsAtOnce = 256

// compareHeads asks history for the heads of this node's rooms: regularly, at once when the broker may have lost something,
// and often while it is away. That way no lost last message stays hidden in an idle room.
func (h *Hub) compareHeads(ctx context.Context) {
	epoch := h.broker.Epoch()
	var last time.Time
	every(ctx, DegradedEvery, func() {
		h.noteBroker(h.broker.Healthy())
		now := h.broker.Epoch()
		if now == epoch && h.broker.Healthy() && time.Since(last) < h.compare {
			return
		}
		if err := h.compareOnce(ctx); err == nil {
			epoch, last = now, time.Now()
		} else if h.life.Err() == nil {
			h.log.Warn("compare heads", "err", err)
		}
	})
}

func (h *Hub) compareOnce(ctx context.Context) error { return h.compareRooms(ctx, h.active()) }

// compareRooms asks history for the heads of rooms, which are held, and releases them.
func (h *Hub) compareRooms(ctx context.Context, rooms []*room) error {
	defer func() {
		for _, r := range rooms {
			r.release()
		}
	}()
	// Neighbours by name are on one shard, where the history has such.
	slices.SortFunc(rooms, func(a, b *room) int { return cmp.Compare(a.id, b.id) })
	for len(rooms) > 0 {
		n := min(len(rooms), headsAtOnce)
		ids := make([]chat.RoomID, n)
		for i, r := range rooms[:n] {
			ids[i] = r.id
		}
		heads, err := h.heads(ctx, ids)
		if err != nil {
			return err
		}
		for i, r := range rooms[:n] {
			r.expect(heads[i])
			r.release()
		}
		rooms = rooms[n:]
	}
	return nil
}

func (h *Hub) heads(ctx context.Context, ids []chat.RoomID) ([]uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return h.history.Heads(ctx, ids)
}

// Degraded tells whether messages to other nodes are slow now, since the broker is away.
func (h *Hub) Degraded() bool { return h.degraded.Load() }

func (h *Hub) noteBroker(healthy bool) {
	if h.degraded.Swap(!healthy) == healthy {
		h.log.Warn("broker", "healthy", healthy)
		if h.onDegraded != nil {
			h.onDegraded(!healthy)
		}
	}
}
