package hub

import "salon/internal/chat"

// Format encodes what a room tells its members, for one way in. Its functions are pure. Members with the same Format get the
// same bytes, encoded and compressed once; a node has a few Formats in all.
type Format struct {
	// Event encodes a stored event. Nil: this way in shows nothing for it.
	Event func(*chat.Event) []byte
	// Change encodes a change in who is in a room. Nil: this way in shows nothing for it.
	Change func(chat.RoomID, *chat.Change) []byte
	// Typing encodes that a user writes. Nil: this way in shows nothing for it.
	Typing func(chat.RoomID, chat.User) []byte
	// OneByOne sends each event as a message of its own. Otherwise one message holds many, separated by line feeds.
	OneByOne bool
	// NoEcho keeps from users what they said and did themselves, since their clients show it already.
	NoEcho bool
}

// entry is an event on its way: the value, and its encoding in the hub's page format. Neither ever changes.
type entry struct {
	ev   chat.Event
	line []byte
}

const (
	ringEvents = 256     // so many recent events of a room stay in memory,
	ringBytes  = 1 << 20 // as long as their encodings are not larger than this together
	// entryRest is what an entry takes in memory besides its encoding and the texts of its event, which are as long together.
	entryRest = 320
)

// ring keeps a room's recent events, without a hole. The zero ring is empty. It has no lock of its own.
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

// span returns the events from first to last, both included, and whether the ring has them all. The result shares the ring's
// memory, whose entries are cleared when they fall out: copy it before the lock is released.
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

// memory is about how many bytes the ring takes.
func (g *ring) memory() int { return len(g.entries)*entryRest + 2*g.bytes }

// trim drops the oldest entries until the others take at most so many bytes, and returns how many bytes that freed.
func (g *ring) trim(most int) (freed int) {
	before, from := g.memory(), 0
	for ; from < len(g.entries) && g.memory()-from*entryRest > most; from++ {
		g.bytes -= len(g.entries[from].line)
	}
	if from > 0 {
		g.entries = append([]entry(nil), g.entries[from:]...) // the old array goes too
	}
	return before - g.memory()
}
