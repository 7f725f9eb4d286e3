package hub

import (
	"context"
	"slices"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// digestsAtOnce is how many rooms are compared with one call.
const digestsAtOnce = 500

// reconcileRosters compares what this node knows of who is where with presence, for what the broker lost: the digests of all rooms,
// and who is there where they differ.
func (h *Hub) reconcileRosters(ctx context.Context) {
	every(ctx, reconcileEvery, func() { h.reconcileOnce(ctx) })
}

func (h *Hub) reconcileOnce(ctx context.Context) {
	for rooms := range slices.Chunk(h.active(), digestsAtOnce) {
		h.reconcileSome(ctx, rooms)
		for _, r := range rooms {
			r.release()
		}
	}
}

func (h *Hub) reconcileSome(ctx context.Context, rooms []*room) {
	ids := make([]chat.RoomID, len(rooms))
	for i, r := range rooms {
		ids[i] = r.id
	}
	digests, err := h.digests(ctx, ids)
	if err != nil {
		return // a look at each room would find presence away too
	}
	for i, r := range rooms {
		if ctx.Err() == nil && r.differs(digests[i]) {
			r.reconcile(ctx)
		}
	}
}

func (h *Hub) digests(ctx context.Context, ids []chat.RoomID) ([]presence.Digest, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return h.presence.Digests(ctx, ids)
}

// differs tells whether the roster is another than that with the digest given.
func (r *room) differs(d presence.Digest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.roster
	switch {
	case d.Count != o.count():
		return true
	case o.crowd:
		return d.Count <= crowdEnds // who is in a crowd is not known here
	}
	var sum int64
	for _, p := range o.people {
		sum += p.weigh()
	}
	return d.Sum != sum
}

// weigh gives the user's weight, which is worked out once for each name that it bears.
func (p *person) weigh() int64 {
	if p.weight == 0 {
		p.weight = presence.Weight(p.user)
	}
	return p.weight
}
