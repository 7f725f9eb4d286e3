package edge

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// job is a task in a test. Worker is the goroutine that did it.
type job struct {
	let    chan struct{} // nil: does not wait
	worker string
}

func (j *job) do() {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	buf, _, _ = bytes.Cut(buf, []byte(" ["))
	j.worker = string(buf)
	if j.let != nil {
		<-j.let
	}
}

// withPool runs f with a pool, in a bubble.
func withPool(t *testing.T, f func(p *pool, end func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		life, end := context.WithCancel(t.Context())
		defer end()
		p := &pool{life: life, work: &sync.WaitGroup{}, tasks: make(chan task)}
		f(p, end)
		end()
		p.work.Wait()
	})
}

// However many tasks take long, the next one is begun at once.
func TestPoolNeverWaits(t *testing.T) {
	withPool(t, func(p *pool, _ func()) {
		const n = 100
		let := make(chan struct{})
		jobs := make([]job, n)
		workers := map[string]bool{}
		for i := range jobs {
			jobs[i].let = let
			p.start(&jobs[i])
		}
		synctest.Wait()
		for i := range jobs {
			workers[jobs[i].worker] = true
		}
		if workers[""] || len(workers) != n {
			t.Errorf("%d workers do %d tasks at once", len(workers), n)
		}
		close(let)
	})
}

// A worker that has nothing to do takes the next task, and ends if none comes for a while.
func TestPoolKeepsItsWorkers(t *testing.T) {
	withPool(t, func(p *pool, _ func()) {
		var first, second, third job
		p.start(&first)
		time.Sleep(poolIdle - time.Nanosecond)
		synctest.Wait()
		p.start(&second)
		synctest.Wait()
		if first.worker == "" || second.worker != first.worker {
			t.Errorf("the worker that waits is %q, the one that works is %q", first.worker, second.worker)
		}
		began := time.Now()
		p.work.Wait()
		if waited := time.Since(began); waited != poolIdle {
			t.Errorf("an idle worker ended after %v", waited)
		}
		p.start(&third)
		synctest.Wait()
		if third.worker == "" || third.worker == first.worker {
			t.Errorf("a later task is done by %q", third.worker)
		}
	})
}

// The end of the server ends workers that wait, and those that work when their task is done.
func TestPoolEnds(t *testing.T) {
	withPool(t, func(p *pool, end func()) {
		idle, busy := job{}, job{let: make(chan struct{})}
		p.start(&idle)
		p.start(&busy)
		synctest.Wait()
		began := time.Now()
		end()
		time.AfterFunc(time.Second, func() { close(busy.let) })
		p.work.Wait()
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("the workers ended after %v", waited)
		}
	})
}

// A poller that tells again and again of a session that is awake starts one worker, which looks once more.
func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pool{tasks: make(chan task, 10)}
		s := &life{Session: Session{node: &node{pool: p}}}
		var wakers sync.WaitGroup
		for range 20 {
			wakers.Go(s.wake)
		}
		wakers.Wait()
		if n, state := len(p.tasks), s.state.Load(); n != 1 || state != called {
			t.Errorf("%d workers are started, the state is %d", n, state)
		}
		s.state.Store(asleep) // the worker is done
		s.wake()
		if n, state := len(p.tasks), s.state.Load(); n != 2 || state != awake {
			t.Errorf("%d workers are started in all, the state is %d", n, state)
		}
	})
}
