package client

import "salon/internal/chat"

// gate lets a room's events through in order, each once. It does no I/O; what it misses is fetched by [room].
type gate struct {
	known  bool   // there is a position
	last   uint64 // the last event let through
	head   uint64 // the last event known to exist
	ahead  map[uint64]chat.Event
	passed uint64 // events up to here were there before the first join
}

// begin sets the position after the first page of a room.
func (g *gate) begin(page []chat.Event, head uint64) {
	g.known, g.last, g.passed = true, head, head
	if len(page) > 0 {
		g.last = page[0].Seq - 1
	}
	g.head = max(g.last, head)
}

// take lets e through if it is next, with those that waited for it; drops it if it was seen; keeps it if it is ahead.
func (g *gate) take(e chat.Event, through func(chat.Event)) {
	if !g.known || e.Seq <= g.last {
		return
	}
	g.head = max(g.head, e.Seq)
	if e.Seq > g.last+1 {
		g.keep(e)
		return
	}
	for ok := true; ok; e, ok = g.ahead[g.last+1] {
		delete(g.ahead, e.Seq)
		g.last = e.Seq
		through(e)
	}
}

func (g *gate) keep(e chat.Event) {
	if len(g.ahead) >= maxAhead {
		return
	}
	if g.ahead == nil {
		g.ahead = map[uint64]chat.Event{}
	}
	g.ahead[e.Seq] = e
}

// missing tells that the event after last exists and is not here.
func (g *gate) missing() bool { return g.known && g.last < g.head }
