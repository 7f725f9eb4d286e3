package sqlite

import (
	"maps"
	"sync"

	"salon/internal/chat"
)

// room is what is known of a log.
type room struct {
	id   int64 // in the file; 0: nobody wrote in it
	head uint64
	at   int64 // the time of the head, in milliseconds since 1970-01-01 UTC
}

// maxRooms is how many rooms are remembered. Past it all are forgotten, and read again when they are used. At about 150
// bytes each they take 10 MB.
const maxRooms = 1 << 16

// rooms remembers rooms as they are committed. Only the writer changes it, after its commits. What is not remembered is
// read from the file.
type rooms struct {
	mu    sync.RWMutex // guards what follows
	known map[chat.RoomID]room
}

func newRooms() *rooms { return &rooms{known: map[chat.RoomID]room{}} }

func (r *rooms) get(name chat.RoomID) (room, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	known, ok := r.known[name]
	return known, ok
}

// put remembers rooms that a commit has changed.
func (r *rooms) put(changed map[chat.RoomID]room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known)+len(changed) > maxRooms {
		clear(r.known)
	}
	maps.Copy(r.known, changed)
}

// forget forgets all rooms, for when it is not known what was committed.
func (r *rooms) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.known)
}
