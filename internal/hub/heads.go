package hub

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"salon/internal/chat"
)

const (
	// DegradedEvery is how often heads are read from history while the broker is away: by so much longer does a message to
	// another node then take.
	DegradedEvery = 250 * time.Millisecond
	// headsAtOnce is how many rooms' heads are asked for in one call.
	headsAtOnce = 256
	// unconfirmedEvery is how often the heads of rooms with an unconfirmed append are read.
	unconfirmedEvery = time.Second
	// unconfirmedFor is how long an append stays unconfirmed: a store that hangs may still store what it had taken.
	unconfirmedFor = time.Minute
)

// heads compares how far the rooms of this node are with history, for events that reach the node by no other way.
type heads struct {
	node  *node
	rooms *registry
	every time.Duration

	// On a node that is alone, only an append that got no answer can hide an event: it may have been stored, and if nobody
	// sends it again nothing else tells of it.
	mu       sync.Mutex                // guards what follows
	appends  map[chat.RoomID]time.Time // when a room's last unconfirmed append was
	watching bool
}

// compareAll asks history for the heads of all rooms: regularly, at once when the broker may have lost something, and often
// while it is away. Thus no lost last message stays hidden in an idle room. It ends with ctx.
func (w *heads) compareAll(ctx context.Context) {
	peers := w.node.cluster
	epoch := peers.Epoch()
	var last time.Time
	every(ctx, DegradedEvery, func() {
		now := peers.Epoch()
		if now == epoch && peers.Healthy() && time.Since(last) < w.every {
			return
		}
		if err := w.compare(ctx, w.rooms.all()); err == nil {
			epoch, last = now, time.Now()
		} else if ctx.Err() == nil {
			w.node.log.Warn("compare heads", "err", err)
		}
	})
}

// compare asks history for the heads of rooms, and releases them.
func (w *heads) compare(ctx context.Context, rooms []*Room) error {
	defer func() {
		for _, r := range rooms {
			r.release()
		}
	}()
	// Neighbours by name are on one shard, where history has shards.
	slices.SortFunc(rooms, func(a, b *Room) int { return cmp.Compare(a.id, b.id) })
	for some := range slices.Chunk(rooms, headsAtOnce) {
		ids := make([]chat.RoomID, len(some))
		for i, r := range some {
			ids[i] = r.id
		}
		heads, err := w.read(ctx, ids)
		if err != nil {
			return err
		}
		for i, r := range some {
			r.expect(heads[i])
		}
	}
	return nil
}

func (w *heads) read(ctx context.Context, ids []chat.RoomID) ([]uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return w.node.history.Heads(ctx, ids)
}

// unconfirmed has the room's head read until what was to be appended must have been stored or not. Where there are other
// nodes, the heads are compared anyway.
func (w *heads) unconfirmed(id chat.RoomID) {
	if !w.node.cluster.Alone() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.appends == nil {
		w.appends = map[chat.RoomID]time.Time{}
	}
	w.appends[id] = time.Now()
	if !w.watching {
		w.watching = true
		w.node.work.Go(func() { w.watch(w.node.life) })
	}
}

// watch reads the heads of rooms with an unconfirmed append until there are none, also while history does not answer.
func (w *heads) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(unconfirmedEvery):
		}
		asked := time.Now()
		err := w.compare(ctx, w.unconfirmedRooms())
		if err == nil && w.confirm(asked.Add(-unconfirmedFor)) {
			return
		}
	}
}

func (w *heads) unconfirmedRooms() (rooms []*Room) {
	w.mu.Lock()
	ids := slices.Collect(maps.Keys(w.appends))
	w.mu.Unlock()
	for _, id := range ids {
		if r := w.rooms.known(id); r != nil { // otherwise the next one who comes reads the log anew
			rooms = append(rooms, r)
		}
	}
	return rooms
}

// confirm drops the appends from before the time given, and tells whether those were all.
func (w *heads) confirm(before time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.appends, func(_ chat.RoomID, since time.Time) bool { return since.Before(before) })
	w.watching = len(w.appends) > 0
	return !w.watching
}
