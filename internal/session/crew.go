package session

import (
	"context"
	"sync"
	"time"

	"salon/internal/ws"
)

// crewIdle is how long a goroutine of the crew waits for more to do.
const crewIdle = 5 * time.Second

// crew handles what comes on the connections, on goroutines of its own. A session's own goroutine, where it has one, does
// nothing but read: what a request needs of stack (JSON, the store) would stay with it as long as the connection lasts,
// which is what an idle connection mostly costs; see docs/PERFORMANCE.md.
type crew struct {
	life  context.Context // ends the idle ones; kept since they start on demand
	work  *sync.WaitGroup // told of the goroutines
	tasks chan task
}

// task is something for one of the crew.
type task interface{ do() }

// job is one message to handle. It belongs to its session, which waits until it is handled.
type job struct {
	session *Session
	op      ws.Opcode
	payload []byte
	err     error // what handling it gave
	handled sync.WaitGroup
}

func (j *job) do() {
	j.err = j.session.handle(j.op, j.payload)
	j.handled.Done()
}

func newCrew(life context.Context, work *sync.WaitGroup) *crew {
	return &crew{life: life, work: work, tasks: make(chan task)}
}

// start gives one of the crew something to do. It never waits.
func (w *crew) start(t task) {
	select {
	case w.tasks <- t:
	default: // all are busy
		w.work.Go(func() { w.run(t) })
	}
}

// handle has one of the crew handle a message, and waits for it.
func (w *crew) handle(j *job) error {
	j.handled.Add(1)
	w.start(j)
	j.handled.Wait()
	j.payload = nil
	return j.err
}

func (w *crew) run(t task) {
	idle := time.NewTimer(crewIdle)
	defer idle.Stop()
	for {
		t.do()
		idle.Reset(crewIdle)
		select {
		case t = <-w.tasks:
		case <-idle.C:
			return
		case <-w.life.Done():
			return
		}
	}
}
