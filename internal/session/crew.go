package session

import (
	"context"
	"sync"
	"time"

	"salon/internal/ws"
)

// crewIdle is how long a goroutine of the crew waits for more to do.
const crewIdle = 5 * time.Second

// crew handles what sessions read, on goroutines of its own. A session's own goroutine does nothing but read: what a request
// needs of stack (JSON, the store) would stay with it as long as the connection lasts, which is what an idle connection mostly
// costs; see docs/PERFORMANCE.md.
type crew struct {
	life context.Context // ends the idle ones; kept since they start on demand
	work *sync.WaitGroup // told of the goroutines
	jobs chan *job
}

// job is one message to handle. It belongs to its session, which waits until it is handled.
type job struct {
	session *Session
	op      ws.Opcode
	payload []byte
	err     error // what handling it gave
	handled sync.WaitGroup
}

func newCrew(life context.Context, work *sync.WaitGroup) *crew {
	return &crew{life: life, work: work, jobs: make(chan *job)}
}

// handle has one of the crew handle a message, and waits for it.
func (w *crew) handle(j *job) error {
	j.handled.Add(1)
	select {
	case w.jobs <- j:
	default: // all are busy
		w.work.Go(func() { w.run(j) })
	}
	j.handled.Wait()
	j.payload = nil
	return j.err
}

func (w *crew) run(j *job) {
	t := time.NewTimer(crewIdle)
	defer t.Stop()
	for {
		j.err = j.session.handle(j.op, j.payload)
		j.handled.Done()
		t.Reset(crewIdle)
		select {
		case j = <-w.jobs:
		case <-t.C:
			return
		case <-w.life.Done():
			return
		}
	}
}
