package mongo

import (
	"context"
	"sync"

	"salon/internal/chat"
)

// roomLocks lets one caller at a time write in each room.
type roomLocks struct {
	mu    sync.Mutex // guards what follows
	rooms map[chat.RoomID]*roomLock
}

type roomLock struct {
	free  chan struct{} // holds one token while nobody has the lock
	users int           // who has it or waits for it; guarded by roomLocks.mu
}

// take waits for room's lock until ctx ends. The caller calls release once.
func (l *roomLocks) take(ctx context.Context, room chat.RoomID) (release func(), err error) {
	lock := l.join(room)
	if err := ctx.Err(); err != nil {
		l.leave(room, lock)
		return nil, err
	}
	select {
	case <-lock.free:
		return func() { lock.free <- struct{}{}; l.leave(room, lock) }, nil
	case <-ctx.Done():
		l.leave(room, lock)
		return nil, ctx.Err()
	}
}

func (l *roomLocks) join(room chat.RoomID) *roomLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rooms == nil {
		l.rooms = map[chat.RoomID]*roomLock{}
	}
	lock := l.rooms[room]
	if lock == nil {
		lock = &roomLock{free: make(chan struct{}, 1)}
		lock.free <- struct{}{}
		l.rooms[room] = lock
	}
	lock.users++
	return lock
}

func (l *roomLocks) leave(room chat.RoomID, lock *roomLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lock.users--; lock.users == 0 {
		delete(l.rooms, room)
	}
}
