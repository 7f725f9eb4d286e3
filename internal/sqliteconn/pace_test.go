package sqliteconn

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// While many rooms are written to, commits are kept apart. While few are, however often, nobody waits.
func TestPace(t *testing.T) {
	for _, test := range []struct {
		rooms   int
		commits int // within a second, at most
	}{{1, 1000}, {paceRooms - 1, 1000}, {paceRooms, 210}, {200, 210}} {
		synctest.Test(t, func(t *testing.T) {
			p := pace{rooms: map[string]struct{}{}}
			waiting := make(chan *pending, 1000)
			go func() { // a room writes each millisecond, in turn
				for i := range 1000 {
					time.Sleep(time.Millisecond)
					waiting <- &pending{Job: Job{Room: fmt.Sprint(i % test.rooms)}}
				}
				close(waiting)
			}()
			commits, late := 0, time.Duration(0)
			for j := range waiting {
				came := time.Now()
				p.wait()
				group := []*pending{j}
				for len(waiting) > 0 {
					group = append(group, <-waiting)
				}
				p.count(group)
				commits++
				late = max(late, time.Since(came))
			}
			if commits > test.commits || test.commits == 1000 && commits < 1000 {
				t.Errorf("%d rooms: %d commits in a second", test.rooms, commits)
			}
			if late > paceInterval {
				t.Errorf("%d rooms: one waited %v", test.rooms, late)
			}
		})
	}
}
