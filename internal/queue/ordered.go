// Package queue runs jobs in order, away from whoever asks for them.
//
// The hub keeps slow neighbours (presence, the broker) off a message's path with it: what they must be told is queued, and
// nobody waits for them.
package queue

import (
	"context"
	"sync"
)

// Ordered runs jobs one after another, in the order in which they were given. Its goroutine exists only while there are
// jobs, so that an unused queue costs 56 bytes.
//
// Set Work before the first use, and Most if the queue needs a bound. An Ordered is safe for concurrent use and must not be
// copied. A job that panics ends the program, as in any other goroutine. Jobs may give the queue more jobs; they must not
// Wait for it.
type Ordered struct {
	Work *sync.WaitGroup // counts the queue's goroutine, so that the owner can wait for it
	Most int             // how many jobs may wait; the oldest is dropped for one more; 0 for no bound

	mu      sync.Mutex // guards what follows
	jobs    []func()
	done    chan struct{} // closed when jobs are done; nil while nobody waits for them
	running bool
}

// Do puts job behind the jobs that wait. It never waits itself.
func (q *Ordered) Do(job func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.Most > 0 && len(q.jobs) >= q.Most {
		q.jobs = append(q.jobs[:0], q.jobs[1:]...)
	}
	q.jobs = append(q.jobs, job)
	if !q.running {
		q.running = true
		q.Work.Go(q.run)
	}
}

// Wait waits until the jobs given so far are done or dropped. It may wait for some of those given meanwhile, too, but not
// for ever. Errors: ctx's.
func (q *Ordered) Wait(ctx context.Context) error {
	q.mu.Lock()
	if !q.running {
		q.mu.Unlock()
		return nil
	}
	if q.done == nil {
		q.done = make(chan struct{})
	}
	done := q.done
	q.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run runs the jobs that wait until there are none.
func (q *Ordered) run() {
	for {
		jobs, done, more := q.take()
		if !more {
			return
		}
		for _, job := range jobs {
			job()
		}
		if done != nil {
			close(done)
		}
	}
}

// take takes all the jobs that wait, with the channel to close when they are done. False: there is nothing to do, and the
// goroutine must end.
func (q *Ordered) take() (jobs []func(), done chan struct{}, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	jobs, done = q.jobs, q.done
	q.jobs, q.done = nil, nil
	q.running = len(jobs) > 0 || done != nil
	return jobs, done, q.running
}
