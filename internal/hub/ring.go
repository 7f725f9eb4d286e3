package hub

import (
	"salon/internal/chat"
	"salon/internal/protocol"
)

// entry is an event on its way: the value, and the line that every JSON client gets. Both are never changed.
type entry struct {
	ev   chat.Event
	line []byte // as [protocol.AppendEvent] writes it
}

func newEntry(ev chat.Event) entry {
	return entry{ev: ev, line: protocol.AppendEvent(make([]byte, 0, 192+len(ev.Text)), &ev)}
}

const (
	ringEvents = 256     // so many recent events of a room stay in memory,
	ringBytes  = 1 << 20 // as long as their lines are not more than this together
)

// ring keeps a room's recent events, without a hole. The zero ring is empty. Guarded by its room.
type ring struct {
	entries []entry
	bytes   int
}

func (g *ring) push(e entry) {
	g.entries = append(g.entries, e)
	g.bytes += len(e.line)
	for len(g.entries) > 1 && (len(g.entries) > ringEvents || g.bytes > ringBytes) {
		g.bytes -= len(g.entries[0].line)
		g.entries[0] = entry{} // the array lives on until append moves it
		g.entries = g.entries[1:]
	}
}

// span gives the events from first to last, both included, and whether it has them all. The result shares the ring's
// memory, whose entries are never changed but cleared when they fall out: copy it before the lock is let go.
func (g *ring) span(first, last uint64) ([]entry, bool) {
	if first > last {
		return nil, true
	}
	if len(g.entries) == 0 {
		return nil, false
	}
	low := g.entries[0].ev.Seq
	if first < low || last >= low+uint64(len(g.entries)) {
		return nil, false
	}
	return g.entries[first-low : last-low+1], true
}
