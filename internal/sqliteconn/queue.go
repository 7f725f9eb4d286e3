package sqliteconn

import (
	"context"
	"fmt"
	"sync"
)

// Job is something to write, for [DB.Write].
type Job struct {
	// Op names the operation in errors.
	Op string
	// Do writes. An error undoes all that it wrote. It runs on the writer's goroutine inside a transaction, and may run
	// again in another transaction after an error. Its caller may have stopped waiting by then, so Do must not use memory
	// that the caller may change.
	Do func(*Tx) error
	// Room is the room that a message is written to, "" for other jobs. While many rooms are written to, commits are kept
	// apart so that more jobs share one.
	Room string
	// Rows is about how many rows Do writes. 0 counts as 1.
	Rows int
	// Bytes is about how many bytes Do writes. It bounds what one transaction holds in memory.
	Bytes int
}

// pending is a job that waits for the writer, or that the writer is doing.
type pending struct {
	Job
	err  error
	done chan struct{} // closed when err is final and Do will not run again
}

// queue holds the jobs that wait for the writer.
type queue struct {
	wake chan struct{} // holds a token while a job may be waiting

	mu      sync.Mutex // guards what follows
	waiting []*pending
	closed  bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// do puts job into the queue and waits until the writer has done it. When ctx ends first, the writer may still do the job.
func (q *queue) do(ctx context.Context, job Job) error {
	if ctx.Err() != nil {
		return contextEnded(ctx, job.Op)
	}
	p := &pending{Job: job, done: make(chan struct{})}
	if !q.put(p) {
		return closed(job.Op)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		select {
		case <-p.done: // both happened: the outcome is known
		default:
			return contextEnded(ctx, job.Op)
		}
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w", job.Op, p.err)
	}
	return nil
}

// put adds p and tells whether the queue is still open.
func (q *queue) put(p *pending) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.waiting = append(q.waiting, p)
	q.mu.Unlock()
	q.notify()
	return true
}

func (q *queue) notify() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close refuses further jobs. Those that wait are still done.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.notify()
}

// maxGroup is about how many bytes one transaction writes at most: enough to make the fsync cheap for each job, and few
// enough that the jobs behind it do not wait long.
const maxGroup = 4 << 20

// jobBytes and rowBytes are about what a job and each of its rows take beside [Job.Bytes].
const (
	jobBytes = 64
	rowBytes = 128
)

// wait waits until there is a job, or the queue is closed.
func (q *queue) wait() {
	for {
		q.mu.Lock()
		ready := len(q.waiting) > 0 || q.closed
		q.mu.Unlock()
		if ready {
			return
		}
		<-q.wake
	}
}

// take removes the jobs that go into the next transaction and gives them in group's memory.
func (q *queue) take(group []*pending) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && size < maxGroup {
		size += jobBytes + rowBytes*q.waiting[n].Rows + q.waiting[n].Bytes
		n++
	}
	group = append(group[:0], q.waiting[:n]...)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return group
}
