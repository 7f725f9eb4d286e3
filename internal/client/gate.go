package client

import "salon/internal/chat"

// maxAhead bounds the events of one room that wait while earlier ones are fetched. Events past it are fetched again later.
const maxAhead = 1024

// gate lets the events of a room through in order, each once. It does no I/O: [room] fetches what is missing.
type gate struct {
	known    bool   // there is a position
	last     uint64 // the last event that was let through
	head     uint64 // the last event that is known to exist
	ahead    map[uint64]chat.Event
	pastUpTo uint64 // events up to this number existed before the first join
}

// begin sets the position before the first page of a room.
func (g *gate) begin(page []chat.Event, head uint64) {
	g.known, g.last, g.pastUpTo = true, head, head
	if len(page) > 0 {
		g.last = page[0].Seq - 1
	}
	g.head = max(g.last, head)
}

// take passes e to through when it is the next event, followed by the events that waited for it. It drops an event that
// was let through before, and keeps one that is ahead.
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

// missing tells whether the event after last exists and has not come.
func (g *gate) missing() bool { return g.known && g.last < g.head }
