package hub

import (
	"context"
	"sync"
)

// lane runs jobs one after another, in the order given, on a goroutine that exists while there are some. It keeps slow
// neighbours (presence, the broker) off the way of messages.
type lane struct {
	work *sync.WaitGroup // told of the goroutine
	most int             // jobs waiting at most, 0 for no bound; over it the oldest are dropped

	mu      sync.Mutex // guards what follows
	jobs    []func()
	running bool
}

// do puts f behind the jobs waiting. It never waits.
func (l *lane) do(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most > 0 && len(l.jobs) >= l.most {
		l.jobs = append(l.jobs[:0], l.jobs[1:]...)
	}
	l.jobs = append(l.jobs, f)
	if !l.running {
		l.running = true
		l.work.Go(l.run)
	}
}

// wait waits until the jobs given so far are done.
func (l *lane) wait(ctx context.Context) error {
	l.mu.Lock()
	running := l.running
	l.mu.Unlock()
	if !running {
		return nil
	}
	done := make(chan struct{})
	l.do(func() { close(done) })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *lane) run() {
	for {
		l.mu.Lock()
		jobs := l.jobs
		l.jobs = nil
		l.running = len(jobs) > 0
		l.mu.Unlock()
		if len(jobs) == 0 {
			return
		}
		for _, f := range jobs {
			f()
		}
	}
}
