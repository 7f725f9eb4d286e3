package sqlite

import (
	"time"

	"salon/internal/chat"
)

const (
	// paceEvery is the time between two commits while many rooms write.
	paceEvery = 5 * time.Millisecond
	// paceRooms is how many rooms write within that time when they are many.
	paceRooms = 4
)

// pace keeps commits apart while many rooms write. A commit costs more than the events of several rooms, so whoever comes
// within a moment goes with the others. While few write, each group is committed as soon as the one before is: nobody
// waits for others that do not come.
type pace struct {
	last  time.Time // when the group before was taken
	began time.Time // of the time that rooms is about
	rooms map[chat.RoomID]struct{}
	many  bool
}

// keep waits for the next commit's time.
func (p *pace) keep() {
	if p.many {
		time.Sleep(paceEvery - time.Since(p.last))
	}
	p.last = time.Now()
}

// note counts the rooms that write.
func (p *pace) note(group []*job) {
	for _, j := range group {
		if j.events != nil {
			p.rooms[j.room] = struct{}{}
		}
	}
	if p.last.Sub(p.began) >= paceEvery {
		p.many = len(p.rooms) >= paceRooms
		p.began = p.last
		clear(p.rooms)
	}
}
