package sqliteconn

import "time"

const (
	// paceInterval is the least time between two commits while many rooms are written to.
	paceInterval = 5 * time.Millisecond
	// paceRooms is how many different rooms, written to within paceInterval, count as many.
	paceRooms = 4
)

// pace keeps commits apart while many rooms are written to. A commit costs more than the messages of several rooms, so
// jobs that come within a moment of each other share one. While few rooms are written to, each group is committed as soon
// as the group before it is: nobody waits for jobs that do not come.
type pace struct {
	last  time.Time // when the last group was taken
	began time.Time // when counting rooms began
	rooms map[string]struct{}
	many  bool
}

// wait waits until the next group may be taken.
func (p *pace) wait() {
	if p.many {
		time.Sleep(paceInterval - time.Since(p.last))
	}
	p.last = time.Now()
}

// count counts the rooms that group writes to.
func (p *pace) count(group []*pending) {
	for _, job := range group {
		if job.Room != "" {
			p.rooms[job.Room] = struct{}{}
		}
	}
	if p.last.Sub(p.began) >= paceInterval {
		p.many = len(p.rooms) >= paceRooms
		p.began = p.last
		clear(p.rooms)
	}
}
