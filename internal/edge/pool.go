package edge

import (
	"context"
	"sync"
	"time"
)

// poolIdle is how long a worker waits for more to do before it ends.
const poolIdle = 5 * time.Second

// pool is the workers that handle what comes on the connections. A session's own goroutine, where it has one, does nothing but
// read: the stack that a request needs (JSON, the store) would stay with it as long as the connection lasts, and is most of
// what an idle connection costs; see docs/PERFORMANCE.md.
type pool struct {
	life  context.Context // ends idle workers; kept since workers start on demand
	work  *sync.WaitGroup // counts the workers
	tasks chan task
}

// task is something for a worker to do.
type task interface{ do() }

// start gives a worker something to do. It never waits.
func (p *pool) start(t task) {
	select {
	case p.tasks <- t:
	default: // all are busy
		p.work.Go(func() { p.run(t) })
	}
}

func (p *pool) run(t task) {
	idle := time.NewTimer(poolIdle)
	defer idle.Stop()
	for {
		t.do()
		idle.Reset(poolIdle)
		select {
		case t = <-p.tasks:
		case <-idle.C:
			return
		case <-p.life.Done():
			return
		}
	}
}
