// Package hub is a node's rooms: it appends what is said to history in batches, lets events through one gate per room in
// their order, and delivers them to the members on this node. It knows no wire, no language and no text mode: a [Format]
// encodes what goes out, and pages are kept encoded in one of them.
//
// A Hub owns its rooms. A room lives while it has members or work, and a minute longer. Goroutines exist while there is
// something to do: per room at most one that appends, one that delivers and one that repairs a gap. The way of a message is
// in docs/ARCHITECTURE.md.
//
// Locks: registry.mu before Room.mu before Member.mu before the connection's own. No I/O and no waiting under any of them.
package hub

import (
	"context"
	"log/slog"
	"time"

	"salon/internal/chat"
	"salon/internal/cluster"
	"salon/internal/history"
	"salon/internal/roster"
)

// Config is what a hub is made of.
type Config struct {
	History history.Store
	Cluster *cluster.Cluster
	Rosters *roster.Keeper
	Format  *Format // the one that pages are kept and answered in
	Logger  *slog.Logger
	// CompareEvery is how often the heads of active rooms are compared with history's, for events that the broker lost. While
	// the broker is away it is [DegradedEvery]. A node that is alone does not use it.
	CompareEvery time.Duration
}

const (
	// publishPatience is how long Stop waits for the broker.
	publishPatience = time.Second / 2
	// emptyFor is how long a room without members stays in memory, since people come back.
	emptyFor = time.Minute
)

// Hub is a node's rooms.
type Hub struct {
	node
	rooms registry
	heads heads
}

// New makes a hub. Start it before use; Close ends it.
func New(c Config) *Hub {
	h := &Hub{node: node{history: c.History, cluster: c.Cluster, rosters: c.Rosters, format: c.Format, log: c.Logger}}
	h.life, h.end = context.WithCancel(context.Background())
	h.patience, h.cut = context.WithCancel(context.Background())
	h.rooms.init(&h.node)
	h.heads = heads{node: &h.node, rooms: &h.rooms, every: c.CompareEvery}
	h.unconfirmed = h.heads.unconfirmed
	return h
}

// Start starts the hub's loops.
func (h *Hub) Start() {
	if !h.cluster.Alone() {
		h.work.Go(func() { h.heads.compareAll(h.life) })
	}
	h.work.Go(func() { every(h.life, time.Second, func() { h.rooms.trimRings(ringsMost) }) })
	h.work.Go(func() {
		every(h.life, emptyFor/4, func() { h.rooms.forget(time.Now().Add(-emptyFor)) })
	})
}

// Events takes what another node says in a room. It does not block.
func (h *Hub) Events(id chat.RoomID, events []chat.Event) {
	if r := h.rooms.known(id); r != nil {
		r.offer(h.encode(events))
		r.release()
	}
}

// Typing takes that a user of another node writes. It does not block.
func (h *Hub) Typing(id chat.RoomID, user chat.User) {
	if r := h.rooms.known(id); r != nil {
		r.typing(user, false)
		r.release()
	}
}

// Stats returns the counters, live.
func (h *Hub) Stats() *Stats { return &h.stats }

// Stop refuses sends from now on and waits until those taken are stored and acknowledged, or ctx ends; and for a moment until
// the other nodes are told.
func (h *Hub) Stop(ctx context.Context) error {
	h.closed.Store(true)
	h.cluster.Drain()
	var err error
	for _, r := range h.rooms.all() {
		if err == nil {
			err = r.waitAppended(ctx)
		}
		r.release()
	}
	h.waitPublished(ctx)
	return err
}

// waitPublished waits until the other nodes are told, but not long: while the broker is away they find it in history.
func (h *Hub) waitPublished(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, publishPatience)
	defer cancel()
	for _, r := range h.rooms.all() {
		_ = r.peers.Wait(ctx)
		r.release()
	}
}

// Close ends the hub's goroutines, not the stores. Call Stop first, and close the cluster, which would start goroutines. It
// waits for stores that do not answer until ctx ends.
func (h *Hub) Close(ctx context.Context) {
	h.closed.Store(true)
	h.end()
	defer h.cut()
	defer context.AfterFunc(ctx, h.cut)()
	h.work.Wait()
}

// every calls f each d until ctx ends.
func every(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f()
		}
	}
}
