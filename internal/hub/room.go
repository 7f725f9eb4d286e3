package hub

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"salon/internal/broker"
	"salon/internal/chat"
	"salon/internal/history"
)

// room is one room on this node.
type room struct {
	hub *Hub
	id  chat.RoomID

	holds atomic.Int64 // uses under way, one for each member among them; the room is not forgotten meanwhile

	toPresence lane
	toBroker   lane      // events: nothing else, since what is dropped there would never be asked for again
	published  time.Time // when events last went to the broker; the lane's
	chatter    lane      // to the broker too: presence and typing, of which some may be lost

	mu   sync.Mutex // guards what follows
	used time.Time  // when it was made, or last had a member

	// The gate.
	loading    chan struct{} // closed when the load under way ends; nil when none is
	loaded     bool          // next is known
	next       uint64        // the number that goes through next
	ring       ring
	ahead      map[uint64]entry // events that came before those in front of them
	aheadBytes int              // of the lines in ahead
	repairing  bool
	missing    uint64 // history is known to have events up to this one

	// The append.
	waiting      []send
	waitingBytes int // of text in waiting
	appending    bool
	idle         chan struct{} // closed when the append under way ends, if somebody waits for it

	// The fan-out.
	members []*Member
	shared  bool // a delivery reads members: copy before changing it
	out     []item
	signals uint64 // how many there were
	sending bool

	roster  roster
	publish []byte // events for the broker, lines
}

func newRoom(h *Hub, id chat.RoomID) *room {
	r := &room{hub: h, id: id, used: time.Now()}
	r.toPresence.work, r.toBroker.work, r.chatter.work = &h.work, &h.work, &h.work
	r.chatter.most = 256
	r.roster.people = map[chat.UserID]*person{}
	return r
}

// release ends a hold. It is no sign of use: the hub's loops hold every room again and again.
func (r *room) release() { r.holds.Add(-1) }

// releaseMember ends the hold of one who was, or would have been, a member.
func (r *room) releaseMember() {
	r.mu.Lock()
	r.used = time.Now()
	r.mu.Unlock()
	r.release()
}

// idleSince tells whether the room has had no member since before, and has nothing to do. Who is in it on other nodes does not
// matter: presence knows.
func (r *room) idleSince(before time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.used.Before(before) && !r.appending && !r.sending && !r.repairing && r.loading == nil
}

// subscribe asks the broker for what other nodes say here. While it is away it keeps the wish.
func (r *room) subscribe() {
	if !r.hub.shared() {
		return
	}
	ctx, cancel := context.WithTimeout(r.hub.life, 2*time.Second)
	defer cancel()
	if err := r.hub.broker.Subscribe(ctx, r.id); err != nil && !errors.Is(err, broker.ErrUnavailable) && r.hub.life.Err() == nil {
		r.hub.log.Warn("subscribe to room", "room", r.id, "err", err)
	}
}

// load makes the room ready: subscribed, its head known, its newest events in the ring. Those who come meanwhile wait for
// the one who loads.
func (r *room) load(ctx context.Context) error {
	for {
		r.mu.Lock()
		if r.loaded {
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
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *room) loadNow() error {
	r.subscribe() // before the head is read: what is said in between waits ahead of the gate
	ctx, cancel := context.WithTimeout(r.hub.life, storeTimeout)
	defer cancel()
	page, err := r.hub.read(ctx, r.id, history.Query{Limit: chat.DefaultPage})
	r.loadRoster(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.loading)
	r.loading = nil
	if err != nil {
		return err
	}
	r.loaded = true
	r.next = page.Head + 1
	if n := len(page.Events); n > 0 {
		r.next = page.Events[n-1].Seq + 1
		r.missing = max(r.missing, page.Head)
	}
	for _, ev := range page.Events {
		r.ring.push(newEntry(ev))
	}
	r.pass()
	return nil
}
