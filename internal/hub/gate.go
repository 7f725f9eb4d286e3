package hub

import (
	"time"

	"salon/internal/cluster"
)

const (
	// gapWait is how long the gate waits for missing events before they are read from history: what another node says is
	// published with others each 25 ms, and the broker usually is only a little late.
	gapWait = cluster.PublishEvery + 40*time.Millisecond
	// maxAhead and maxAheadBytes bound the events kept ahead of the gate, and their encodings. Events beyond the bound are
	// read from history when it is their turn.
	maxAhead      = 1024
	maxAheadBytes = 4 << 20
)

// gate lets a room's events through in their order, each once, from whatever source they come. It has no lock of its own.
type gate struct {
	open       bool             // next is known
	next       uint64           // the number that goes through next
	recent     ring             // the last events that went through
	ahead      map[uint64]entry // events that came before events in front of them
	aheadBytes int              // of the encodings in ahead
	known      uint64           // history is known to have events up to this number
}

// start opens the gate: history has these newest events, and so many in all.
func (g *gate) start(newest []entry, head uint64) {
	g.open = true
	g.next = head + 1
	if n := len(newest); n > 0 {
		g.next = newest[n-1].ev.Seq + 1
		g.known = max(g.known, head)
	}
	for _, e := range newest {
		g.recent.push(e)
	}
}

// head is the number of the last event that went through.
func (g *gate) head() uint64 { return g.next - 1 }

// behind tells whether history has events that did not go through yet.
func (g *gate) behind() bool { return g.open && g.known >= g.next }

// expect notes that history has events up to head.
func (g *gate) expect(head uint64) { g.known = max(g.known, head) }

// offer takes events in any order and calls pass for each that goes through: the next one does, with those that waited behind
// it. Events that were seen are dropped. Events ahead wait until what is missing has come or was read from history.
func (g *gate) offer(entries []entry, pass func(entry)) {
	for _, e := range entries {
		switch {
		case g.open && e.ev.Seq == g.next:
			g.accept(e, pass)
		case g.open && e.ev.Seq < g.next:
		default:
			g.keep(e)
			g.expect(e.ev.Seq)
		}
	}
	g.release(pass)
}

// release lets through what waited ahead and is next now.
func (g *gate) release(pass func(entry)) {
	if !g.open || len(g.ahead) == 0 {
		return
	}
	for {
		e, ok := g.take(g.next)
		if !ok {
			break
		}
		g.accept(e, pass)
	}
	for seq := range g.ahead { // what is behind the gate by now will not be asked for
		if seq < g.next {
			g.take(seq)
		}
	}
}

func (g *gate) accept(e entry, pass func(entry)) {
	g.next++
	g.recent.push(e)
	pass(e)
}

// keep keeps e until the events before it have come.
func (g *gate) keep(e entry) {
	if _, ok := g.ahead[e.ev.Seq]; ok || len(g.ahead) >= maxAhead || g.aheadBytes > maxAheadBytes {
		return
	}
	if g.ahead == nil {
		g.ahead = map[uint64]entry{}
	}
	g.ahead[e.ev.Seq] = e
	g.aheadBytes += len(e.line)
}

// take takes out the event with this number, if it is kept.
func (g *gate) take(seq uint64) (entry, bool) {
	e, ok := g.ahead[seq]
	if ok {
		delete(g.ahead, seq)
		g.aheadBytes -= len(e.line)
	}
	return e, ok
}
