package roster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"salon/internal/chat"
	"salon/internal/cluster"
	"salon/internal/presence"
)

const (
	// reconcileEvery is how often the rosters are compared with presence, for changes that the broker lost.
	reconcileEvery = 3 * time.Second
	// digestsAtOnce is how many rooms are compared with one call.
	digestsAtOnce = 500
	// callTimeout bounds one call to presence, awayTimeout one while presence does not answer: it notes what it is told and
	// does it when it is back, and comings and goings must not pile up before it meanwhile.
	callTimeout = 2 * time.Second
	awayTimeout = 50 * time.Millisecond
)

// Config is what a [Keeper] is made of.
type Config struct {
	Presence presence.Store
	Cluster  *cluster.Cluster
	Logger   *slog.Logger
	Grace    time.Duration // how long a lost connection may come back before its user is announced as gone
	// OnOtherHistory is told that the other nodes have another history: this node must stop. It may be nil.
	OnOtherHistory func(error)
}

// Keeper is the rosters of a node.
type Keeper struct {
	presence       presence.Store
	cluster        *cluster.Cluster
	log            *slog.Logger
	grace          time.Duration
	onOtherHistory func(error)
	away           atomic.Bool // presence did not answer the last beat

	// life ends with Close. It is kept here since grace periods begin on demand. What presence must be told even then (who
	// leaves with this node) is cut off by patience, later.
	life     context.Context
	end      context.CancelFunc
	patience context.Context
	cut      context.CancelFunc
	work     sync.WaitGroup // every goroutine of the keeper and its rosters

	mu      sync.Mutex // guards what follows
	rosters map[chat.RoomID]*Roster
}

// NewKeeper makes a keeper. Start it before use; Close ends it.
func NewKeeper(c Config) *Keeper {
	k := &Keeper{
		presence: c.Presence, cluster: c.Cluster, log: c.Logger, grace: c.Grace, onOtherHistory: c.OnOtherHistory,
		rosters: map[chat.RoomID]*Roster{},
	}
	k.life, k.end = context.WithCancel(context.Background())
	k.patience, k.cut = context.WithCancel(context.Background())
	return k
}

// Start starts the keeper's loops.
func (k *Keeper) Start() {
	if !k.cluster.Alone() {
		k.every(reconcileEvery, func() { k.Reconcile(k.life) })
	}
	k.every(presence.BeatEvery, func() { k.beat(k.life) })
	k.every(time.Second, k.tick)
}

// every calls f each d, on a goroutine, until the keeper closes.
func (k *Keeper) every(d time.Duration, f func()) {
	k.work.Go(func() {
		t := time.NewTicker(d)
		defer t.Stop()
		for {
			select {
			case <-k.life.Done():
				return
			case <-t.C:
				f()
			}
		}
	})
}

// Close ends the grace periods and the loops, and waits until presence is told who left, or ctx ends.
func (k *Keeper) Close(ctx context.Context) {
	k.end()
	defer k.cut()
	defer context.AfterFunc(ctx, k.cut)()
	k.work.Wait()
}

// Add makes the roster of a room that has none on this node. The lock is the room's; see [Roster].
func (k *Keeper) Add(room chat.RoomID, mu sync.Locker, peers *cluster.Room, audience Audience) *Roster {
	r := &Roster{keeper: k, room: room, peers: peers, audience: audience, mu: mu}
	r.calls.Work = &k.work
	r.people = people{shared: !k.cluster.Alone(), users: map[chat.UserID]*person{}}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rosters[room] = r
	return r
}

// Remove forgets a room's roster. A newer one of the same room stays.
func (k *Keeper) Remove(r *Roster) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rosters[r.room] == r {
		delete(k.rosters, r.room)
	}
}

func (k *Keeper) roster(room chat.RoomID) *Roster {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rosters[room]
}

func (k *Keeper) all() []*Roster {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make([]*Roster, 0, len(k.rosters))
	for _, r := range k.rosters {
		all = append(all, r)
	}
	return all
}

// UserChanged gives a user's new name to the rooms in which the user has sessions on this node. Here tells that the name was
// taken on this node.
func (k *Keeper) UserChanged(user chat.User, here bool) {
	for _, r := range k.all() {
		r.renamed(user, here)
	}
}

// Receive takes a change that another node announced. It does not block.
func (k *Keeper) Receive(room chat.RoomID, c chat.Change) {
	if r := k.roster(room); r != nil {
		r.receive(c)
	}
}

// Counts returns the rooms with members, and how many each has; without presence, those that this node knows of.
func (k *Keeper) Counts(ctx context.Context) map[chat.RoomID]int {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if counts, err := k.presence.Rooms(ctx, 10000); err == nil {
		return counts
	}
	counts := map[chat.RoomID]int{}
	for _, r := range k.all() {
		if n := r.count(); n > 0 {
			counts[r.room] = n
		}
	}
	return counts
}

// beat renews this node's lease, and announces who went because another node died.
func (k *Keeper) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, presence.Lease/2)
	defer cancel()
	gone, err := k.presence.Beat(ctx)
	k.away.Store(err != nil)
	switch {
	case errors.Is(err, presence.ErrOtherHistory) && k.onOtherHistory != nil:
		k.onOtherHistory(err)
	case err != nil && k.life.Err() == nil:
		k.log.Debug("beat", "err", err)
	}
	for _, d := range gone {
		if r := k.roster(d.Room); r != nil {
			r.gone(d.User, false)
		}
		if d.Count <= chat.CrowdSize { // a crowd tells no names
			k.cluster.Left(d.Room, d.User)
		}
	}
}

// tick tells the crowds' counts.
func (k *Keeper) tick() {
	for _, r := range k.all() {
		r.tick()
	}
}

// Reconcile compares the rosters with presence: first the digests of all rooms, then who is in the rooms where they differ.
func (k *Keeper) Reconcile(ctx context.Context) {
	for some := range slices.Chunk(k.all(), digestsAtOnce) {
		digests, err := k.digests(ctx, some)
		if err != nil {
			continue // presence is away: asking room by room would find out the same
		}
		for i, r := range some {
			if ctx.Err() == nil && r.differs(digests[i]) {
				r.reconcile(ctx)
			}
		}
	}
}

func (k *Keeper) digests(ctx context.Context, some []*Roster) ([]presence.Digest, error) {
	ids := make([]chat.RoomID, len(some))
	for i, r := range some {
		ids[i] = r.room
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return k.presence.Digests(ctx, ids)
}

// afterGrace calls f when the grace period is over, or when the keeper closes.
func (k *Keeper) afterGrace(f func()) {
	k.work.Go(func() {
		t := time.NewTimer(k.grace)
		defer t.Stop()
		select {
		case <-t.C:
		case <-k.life.Done():
		}
		f()
	})
}

// callContext bounds one call to presence. The keeper's life does not bound it: a node that stops takes its sessions out.
func (k *Keeper) callContext() (context.Context, context.CancelFunc) {
	if k.away.Load() {
		return context.WithTimeout(k.patience, awayTimeout)
	}
	return context.WithTimeout(k.patience, callTimeout)
}
