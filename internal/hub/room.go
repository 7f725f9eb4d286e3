package hub

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"salon/internal/chat"
	"salon/internal/cluster"
	"salon/internal/history"
	"salon/internal/roster"
)

// Room is one room on this node: what waits to be appended, the gate, and the members. Its parts have no locks of their own.
type Room struct {
	node   *node
	id     chat.RoomID
	uses   atomic.Int64 // under way, one for each member among them; the room is not forgotten meanwhile
	peers  *cluster.Room
	roster *roster.Roster
	pass   func(entry) // deliverLater, made once

	mu        sync.Mutex // guards what follows
	used      time.Time  // when it was made, or last had a member
	loading   chan struct{}
	repairing bool
	sends     sends
	gate      gate
	out       fanout
}

func newRoom(n *node, id chat.RoomID) *Room {
	r := &Room{node: n, id: id, used: time.Now(), peers: n.cluster.Room(id)}
	r.roster = n.rosters.Add(id, &r.mu, r.peers, r)
	r.pass = r.deliverLater
	return r
}

// release ends a use. It is no sign of activity: the hub's loops use every room again and again.
func (r *Room) release() { r.uses.Add(-1) }

// releaseMember ends the use of one who was, or would have been, a member.
func (r *Room) releaseMember() {
	r.mu.Lock()
	r.used = time.Now()
	r.mu.Unlock()
	r.release()
}

// idleSince tells whether the room has had no member since before, and has nothing to do. Members on other nodes do not
// matter: presence knows of them.
func (r *Room) idleSince(before time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.used.Before(before) && !r.sends.appending && !r.out.delivering && !r.repairing && r.loading == nil
}

// load makes the room ready: subscribed to other nodes, its head known, its newest events in memory. Callers that come
// meanwhile wait for the one who loads. Errors: [history.ErrUnavailable], ctx's.
func (r *Room) load(ctx context.Context) error {
	for {
		r.mu.Lock()
		if r.gate.open {
			r.mu.Unlock()
			return nil
		}
		wait := r.loading
		if wait == nil {
			r.loading = make(chan struct{})
		}
		r.mu.Unlock()
		if wait == nil {
			return r.loadNow()
		}
		if err := await(ctx, wait); err != nil {
			return err
		}
	}
}

func (r *Room) loadNow() error {
	r.peers.Subscribe() // before the head is read: what is said in between waits ahead of the gate
	ctx, cancel := context.WithTimeout(r.node.life, storeTimeout)
	defer cancel()
	page, err := r.node.read(ctx, r.id, history.Query{Limit: chat.DefaultPage})
	r.roster.Load(ctx)
	newest := r.node.encode(page.Events)

	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.loading)
	r.loading = nil
	if err != nil {
		return err
	}
	r.gate.start(newest, page.Head)
	r.gate.release(r.pass)
	r.repairGap()
	return nil
}

// offer puts events before the gate.
func (r *Room) offer(entries []entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gate.offer(entries, r.pass)
	r.repairGap()
}

// expect notes that history has events up to head.
func (r *Room) expect(head uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gate.expect(head)
	r.repairGap()
}

// repairGap sees to it that what is missing is read. Called with mu held.
func (r *Room) repairGap() {
	if r.gate.behind() && !r.repairing {
		r.repairing = true
		r.node.work.Go(r.repair)
	}
}

// repair reads what the gate misses from history until it misses nothing.
func (r *Room) repair() {
	ctx := r.node.life
	pauses := &backoff.ExponentialBackOff{InitialInterval: gapWait, Multiplier: 2, MaxInterval: maxRepairPause}
	pauses.Reset()
	for pause := pauses.NextBackOff(); ; {
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		r.mu.Lock()
		if !r.gate.behind() || ctx.Err() != nil {
			r.repairing = false
			r.mu.Unlock()
			return
		}
		after := r.gate.head()
		r.mu.Unlock()

		got, err := r.readAfter(ctx, after)
		if err != nil && ctx.Err() == nil {
			r.node.log.Warn("repair a gap", "room", r.id, "after", after, "err", err)
		}
		if got > 0 {
			pauses.Reset()
			pause = 0
		} else {
			pause = pauses.NextBackOff()
		}
	}
}

// maxRepairPause is the longest pause between two tries to read what is missing.
const maxRepairPause = 2 * time.Second

// readAfter offers the page after the number given, and returns how many events it had.
func (r *Room) readAfter(ctx context.Context, after uint64) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	page, err := r.node.read(ctx, r.id, history.Query{After: after, IsAfter: true, Limit: chat.MaxPage})
	if err != nil {
		return 0, err
	}
	r.node.stats.Repairs.Add(1)
	r.offer(r.node.encode(page.Events))
	return len(page.Events), nil
}

// catchUp waits until the gate has let the number through that a member saw on another node, or history has no such number,
// or ctx ends.
//
// One empty page proves nothing: it may come from a read that others began before the number was stored. The read after that
// one began after the member asked.
func (r *Room) catchUp(ctx context.Context, seq uint64) error {
	for empty := 0; empty < 2; {
		r.mu.Lock()
		after := r.gate.head()
		r.mu.Unlock()
		if after >= seq {
			return nil
		}
		got, err := r.readAfter(ctx, after)
		if err != nil {
			return err
		}
		if got == 0 {
			empty++
		}
	}
	return nil
}

// deliverLater queues an event for the members. Called with mu held.
func (r *Room) deliverLater(e entry) { r.put(item{entry: e}) }

// Announce tells the members of a change in who is in the room. It implements [roster.Audience]. Called with mu held.
func (r *Room) Announce(c *chat.Change) {
	n := &notice{change: c}
	switch c.Kind {
	case chat.ChangeJoin, chat.ChangeBack, chat.ChangeLeave:
		n.skip = c.User.ID
	case chat.ChangeRename:
		n.self = c.User.ID
	}
	r.put(item{notice: n})
}

// typing tells the members, and with publish the other nodes, that a user writes. In a crowd nobody is told.
func (r *Room) typing(user chat.User, publish bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if publish && r.roster.CrowdLocked() {
		return
	}
	r.put(item{notice: &notice{typing: user, skip: user.ID}})
	if publish {
		r.peers.Typing(user)
	}
}

// put queues an item for the members and sees to it that somebody delivers. Called with mu held.
func (r *Room) put(it item) {
	if r.out.put(it) {
		r.node.work.Go(func() { r.deliver(r.takeOut()) })
	}
}

func (r *Room) takeOut() ([]item, []*receiver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.take()
}

// deliverApart delivers on a goroutine of its own.
func (r *Room) deliverApart(items []item, members []*receiver) {
	r.node.work.Go(func() { r.deliver(items, members) })
}

// deliver hands items to the members, and then what came meanwhile, until nothing did. What came meanwhile goes out together:
// the busier a room, the more a write carries.
func (r *Room) deliver(items []item, members []*receiver) {
	for ; len(items) > 0; items, members = r.takeOut() {
		frames, flush := pack(r.id, r.node.format, items)
		n := 0
		for _, m := range members {
			for _, f := range frames {
				n += m.take(f)
			}
			m.to.Flush()
		}
		r.node.stats.Deliveries.Add(int64(n))
		for _, s := range flush {
			s.Flush()
		}
	}
}

// page returns a page of the room, from memory where that has all of it. Errors: [history.ErrUnavailable].
func (r *Room) page(ctx context.Context, q history.Query) (Page, error) {
	if q.Limit <= 0 || q.Limit > chat.MaxPage {
		q.Limit = chat.MaxPage
	}
	r.mu.Lock()
	p, ok := r.gate.page(q, r.node.cluster.Alone())
	r.mu.Unlock()
	if ok {
		return p, nil
	}
	got, err := r.node.read(ctx, r.id, q)
	if err != nil {
		return Page{}, err
	}
	return r.node.fit(got, q), nil
}
