package hub

import (
	"context"
	"errors"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/protocol"
)

const (
	reconcileEvery = 3 * time.Second
	// settle is how long a change of the roster stands against an older look at presence.
	settle = 3 * time.Second
)

// beat renews this node's lease, and announces who went because its node died.
func (h *Hub) beat(ctx context.Context) {
	every(ctx, presence.BeatEvery, func() { h.beatOnce(ctx) })
}

func (h *Hub) beatOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, presence.Lease/2)
	defer cancel()
	gone, err := h.presence.Beat(ctx)
	h.away.Store(err != nil)
	switch {
	case errors.Is(err, presence.ErrOtherHistory) && h.onStranger != nil:
		h.onStranger(err)
	case err != nil && h.life.Err() == nil:
		h.log.Debug("beat", "err", err)
	}
	for _, d := range gone {
		if r := h.known(d.Room); r != nil {
			r.gone(d.User, false)
			r.release()
		}
	}
	if len(gone) > 0 && h.shared() { // the next beat must not wait for the broker
		h.departures.do(func() { h.publishDepartures(gone) })
	}
}

// loadRoster fills the roster of a room that is new here, without announcing anybody.
func (r *room) loadRoster(ctx context.Context) {
	if !r.hub.shared() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second/2) // presence may be away; a join must not wait for it
	defer cancel()
	got, err := r.hub.presence.Members(ctx, r.id, "", chat.CrowdSize+1)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if got.Count > chat.CrowdSize {
		r.enterCrowd(got.Count)
		return
	}
	for _, u := range got.Users {
		if r.roster.people[u.ID] == nil {
			r.roster.people[u.ID] = &person{user: u, since: time.Now()}
		}
	}
}

// reconcile makes the roster what presence says, and announces the difference.
func (r *room) reconcile(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	asked := time.Now()
	got, err := r.hub.presence.Members(ctx, r.id, "", chat.CrowdSize+1)
	if err != nil || !got.Whole {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.roster
	if got.Count > chat.CrowdSize || o.crowd && got.Count > crowdEnds {
		if !o.crowd {
			r.enterCrowd(got.Count)
		}
		o.total = got.Count
		o.dropAbsent()
		return
	}
	there := make(map[chat.UserID]chat.User, len(got.Users))
	for _, u := range got.Users {
		there[u.ID] = u
	}
	if o.crowd {
		r.endCrowd(there)
		return
	}
	for id, u := range there {
		if p := o.people[id]; p != nil {
			if p.here == 0 && p.since.Before(asked.Add(-settle)) {
				r.noteRenamed(u)
			}
		} else if o.left[id].Before(asked.Add(-settle)) {
			r.noteCame(u, 0, protocol.ChangeJoin)
		}
	}
	for id, p := range o.people {
		if _, ok := there[id]; !ok && p.here == 0 && p.since.Before(asked.Add(-settle)) {
			r.noteWent(p.user)
		}
	}
}

// endCrowd begins to tell names again, with the whole list. Called with mu held.
func (r *room) endCrowd(there map[chat.UserID]chat.User) {
	o := &r.roster
	o.crowd, o.total = false, 0
	for id, u := range there {
		if o.people[id] == nil {
			o.people[id] = &person{user: u, since: time.Now()}
		}
	}
	p := &protocol.Presence{Type: "presence", Room: r.id, Change: protocol.ChangeCount}
	p.Members, p.Count, _ = o.list()
	r.send(item{signal: &signal{json: protocol.Marshal(p)}})
}
