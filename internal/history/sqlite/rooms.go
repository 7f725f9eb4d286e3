package sqlite

import (
	"maps"
	"sync"

	"salon/internal/chat"
)

// room is what is known of a log.
type room struct {
	id   int64
	head uint64
	at   int64 // of the head, in milliseconds
}

// maxRooms is how many rooms are kept in mind; past it all are forgotten and read again as they are used. At about 150
// bytes each they take 10 MB.
const maxRooms = 1 << 16

// rooms keeps the heads of the rooms in mind as they are on disk. Only the writer changes it, after its commits; what
// is not in it is read from the file.
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

// put makes changed known, which is committed.
func (r *rooms) put(changed map[chat.RoomID]room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known)+len(changed) > maxRooms {
		clear(r.known)
	}
	maps.Copy(r.known, changed)
}

// forget is for when it is not known what was committed.
func (r *rooms) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.known)
}
