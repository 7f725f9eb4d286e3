package mongo

import (
	"sync"
	"time"

	"salon/internal/chat"
)

// mark is an event that is known to be durable, as its number and time. The zero mark is the start of a log.
type mark struct {
	seq uint64
	at  time.Time
}

func markOf(e chat.Event) mark { return mark{seq: e.Seq, at: e.At} }

func later(a, b mark) mark {
	if b.seq > a.seq {
		return b
	}
	return a
}

// maxMarks bounds the rooms that a store remembers; one forgotten costs two requests when it is written in again.
const maxMarks = 50_000

// marks remembers the newest event seen of the rooms that this store writes in. Each was found in the log, and its
// room's document exists. A mark may be behind the log at any time, never ahead.
type marks struct {
	mu sync.Mutex // guards what follows
	of map[chat.RoomID]mark
}

func (m *marks) get(room chat.RoomID) (mark, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.of[room]
	return known, ok
}

// put remembers room's mark, unless a later one is known.
func (m *marks) put(room chat.RoomID, seen mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[chat.RoomID]mark{}
	}
	known, ok := m.of[room]
	if !ok && len(m.of) >= maxMarks {
		m.forgetSome()
	}
	m.of[room] = later(known, seen)
}

// raise is put for a room that is remembered already.
func (m *marks) raise(room chat.RoomID, seen mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.of[room]; ok {
		m.of[room] = later(known, seen)
	}
}

// forgetSome drops some of the marks, whichever. m.mu is held.
func (m *marks) forgetSome() {
	n := 0
	for room := range m.of {
		delete(m.of, room)
		if n++; n >= maxMarks/8 {
			return
		}
	}
}
