// Package hub is a node's rooms: it appends what is said to the history in batches, lets events through one gate per
// room in their order, and fans them out to the members on this node.
//
// A Hub owns its rooms; a room lives while it has members or work, and some time after. Goroutines exist while there is
// something to do: per room at most one that appends, one that delivers, one that repairs a gap, and one for each lane (to
// presence, to the broker). The way of a message is in docs/ARCHITECTURE.md.
//
// Locks: shard.mu before room.mu before Member.mu before the connection's own. No I/O and no waiting under any of them.
package hub

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"salon/internal/broker"
	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/presence"
)

// Config is what a hub is made of.
type Config struct {
	Node     string // this node's name, unique in the system
	History  history.Store
	Presence presence.Store
	// OpenBroker gives the broker, which calls the handler with what other nodes say. Nil: this node is alone.
	OpenBroker func(broker.Handler) (broker.Broker, error)
	Logger     *slog.Logger
	// OnRename is told of users with sessions here whose name changed on another node. It must not block. May be nil.
	OnRename func(chat.User)
	// OnDegraded is told when messages to other nodes begin to be slow, since the broker is away, and when that ends. It must
	// not block. May be nil.
	OnDegraded func(bool)
	// OnStranger is told when it turns out that the other nodes have another history: this one must stop. May be nil.
	OnStranger func(error)

	// CompareEvery is how often the heads of active rooms are compared with history's, for messages that the broker lost;
	// with the broker away it is [DegradedEvery]. Unused when the node is alone.
	CompareEvery time.Duration
	// Grace is how long a lost connection may come back before its going is told (5 s by the protocol).
	Grace time.Duration
}

const (
	// DegradedEvery is how often heads are read from history while the broker is away: the longest that a message to
	// another node then takes longer.
	DegradedEvery = 250 * time.Millisecond
	// storeTimeout bounds one call to the history; one that takes longer counts as unavailable.
	storeTimeout = 10 * time.Second
	// closePatience is how long Close waits for stores that do not answer.
	closePatience = 2 * time.Second
	// tellPatience is how long Stop waits for the broker.
	tellPatience = time.Second / 2
	// emptyFor is how long a room without members stays in memory, since people come back.
	emptyFor = time.Minute

	shards = 64
)

// Hub is a node's rooms.
type Hub struct {
	node       string
	history    history.Store
	presence   presence.Store
	broker     broker.Broker // nil when alone
	log        *slog.Logger
	compare    time.Duration
	grace      time.Duration
	onRename   func(chat.User)
	onDegraded func(bool)
	onStranger func(error)
	degraded   atomic.Bool
	away       atomic.Bool // presence did not answer the last beat
	canaries   canaries
	renames    lane // tells the other nodes of names taken here, and this one of names taken there, each user's in order
	doubts     doubts
	departures lane // tells the other nodes who went with a node that died
	seed       maphash.Seed
	reads      singleflight.Group

	// life ends when the hub closes; it is kept since rooms start their goroutines on demand. What must still be done then (what
	// was taken is stored or refused, presence is told who went) is cut off by patience, somewhat later.
	life     context.Context
	end      context.CancelFunc
	patience context.Context
	cut      context.CancelFunc

	work   sync.WaitGroup // every goroutine of the hub's
	closed atomic.Bool    // no more sends
	stats  Stats

	shards [shards]shard
}

type shard struct {
	mu    sync.Mutex // guards what follows
	rooms map[chat.RoomID]*room
}

// New makes a hub. Start it before use; Close ends it.
func New(c Config) (*Hub, error) {
	h := &Hub{
		node: c.Node, history: c.History, presence: c.Presence, log: c.Logger,
		compare: c.CompareEvery, grace: c.Grace, onRename: c.OnRename, onDegraded: c.OnDegraded, onStranger: c.OnStranger, seed: maphash.MakeSeed(),
	}
	h.canaries.answers = lane{work: &h.work, most: 16} // those over it would be answered too late anyway
	h.departures.work = &h.work
	h.renames = lane{work: &h.work, most: 256}
	h.life, h.end = context.WithCancel(context.Background())
	h.patience, h.cut = context.WithCancel(context.Background())
	for i := range h.shards {
		h.shards[i].rooms = map[chat.RoomID]*room{}
	}
	if c.OpenBroker != nil {
		b, err := c.OpenBroker(h.receive)
		if err != nil {
			h.end()
			h.cut()
			return nil, err
		}
		h.broker = b
	}
	return h, nil
}

// Start starts the hub's loops. From now on it calls the functions of its configuration.
func (h *Hub) Start() {
	if h.shared() {
		h.loop(h.listenToAll)
		h.loop(h.compareHeads)
		h.loop(h.reconcileRosters)
	}
	h.loop(h.beat)
	h.loop(h.tellCrowds)
	h.loop(h.boundRings)
	h.loop(h.forgetEmpty)
}

func (h *Hub) loop(f func(context.Context)) { h.work.Go(func() { f(h.life) }) }

// shared tells whether other nodes may have members in the same rooms.
func (h *Hub) shared() bool { return h.broker != nil }

func (h *Hub) shard(id chat.RoomID) *shard {
	return &h.shards[maphash.String(h.seed, string(id))%shards]
}

// room gives the room, made if need be, and holds it: release it after use.
func (h *Hub) room(id chat.RoomID) *room {
	s := h.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[id]
	if r == nil {
		r = newRoom(h, id)
		s.rooms[id] = r
		h.stats.Rooms.Add(1)
	}
	r.holds.Add(1)
	return r
}

// known gives the room if this node has it, held; else nil.
func (h *Hub) known(id chat.RoomID) *room {
	s := h.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[id]
	if r != nil {
		r.holds.Add(1)
	}
	return r
}

// active gives the rooms of this node, each held.
func (h *Hub) active() []*room {
	var all []*room
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for _, r := range s.rooms {
			r.holds.Add(1)
			all = append(all, r)
		}
		s.mu.Unlock()
	}
	return all
}

// forgetEmpty drops the rooms that nobody has needed for a while.
func (h *Hub) forgetEmpty(ctx context.Context) {
	every(ctx, emptyFor/4, func() {
		for i := range h.shards {
			h.shards[i].forget(h, time.Now().Add(-emptyFor))
		}
	})
}

func (s *shard) forget(h *Hub, before time.Time) {
	s.mu.Lock()
	var gone []*room
	for id, r := range s.rooms {
		if r.holds.Load() == 0 && r.idleSince(before) {
			delete(s.rooms, id)
			gone = append(gone, r)
		}
	}
	s.mu.Unlock()
	for _, r := range gone {
		h.stats.Rooms.Add(-1)
		if h.broker != nil {
			h.broker.Unsubscribe(r.id)
			if again := h.known(r.id); again != nil { // it came back meanwhile: its wish must stand
				again.subscribe()
				again.release()
			}
		}
	}
}

// Stop refuses sends from now on and waits until those taken are stored and acknowledged, or ctx ends; and a moment for the
// other nodes to be told.
func (h *Hub) Stop(ctx context.Context) error {
	h.closed.Store(true)
	var err error
	for _, r := range h.active() {
		if err == nil {
			err = r.waitAppended(ctx)
		}
		r.release()
	}
	h.waitPublished(ctx)
	return err
}

// waitPublished waits until the other nodes are told, but not long: with the broker away they find it in history.
func (h *Hub) waitPublished(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tellPatience)
	defer cancel()
	for _, r := range h.active() {
		_ = r.toBroker.wait(ctx)
		r.release()
	}
}

// Close ends the hub's goroutines and its broker, not the stores. Call Stop first. It waits for stores that do not answer, but not
// for long.
func (h *Hub) Close() error {
	h.closed.Store(true)
	h.end()
	defer h.cut()
	defer time.AfterFunc(closePatience, h.cut).Stop()
	var err error
	if h.broker != nil {
		err = h.broker.Close() // first: what it still brought in would start goroutines
	}
	h.work.Wait()
	return err
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
