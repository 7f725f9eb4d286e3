package sqlite

import (
	"context"
	"fmt"
	"sync"

	"salon/internal/chat"
	"salon/internal/history"
)

// job is something for the writer to do: an append, or other work.
type job struct {
	room   chat.RoomID
	events []chat.Event // the writer's own copy, which it completes; nil for other work

	// work writes. answer is what its caller gets once the transaction is committed; failure undoes the transaction.
	// It may be called again after a failure.
	work func(*writer) (answer, failure error)

	err  error
	done chan struct{} // closed when err and events are final
}

// size is what the job weighs in a group: about how many bytes it stores.
func (j *job) size() int {
	n := 64
	for i := range j.events {
		n += 128 + len(j.events[i].Text)
	}
	return n
}

// queue is what waits for the writer.
type queue struct {
	wake chan struct{} // holds a token while something may be waiting

	mu      sync.Mutex // guards what follows
	waiting []*job
	closed  bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// do has the writer do j and waits for it. When ctx ends first, what becomes of j is not known; the writer may go on
// with it, so its events are no longer the caller's.
func (q *queue) do(ctx context.Context, op string, j *job) error {
	if ctx.Err() != nil {
		return ended(ctx, op)
	}
	j.done = make(chan struct{})
	if !q.put(j) {
		return fmt.Errorf("%s: %w", op, history.ErrClosed)
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		select {
		case <-j.done: // both: it is known
		default:
			return ended(ctx, op)
		}
	}
	if j.err != nil {
		return fmt.Errorf("%s: %w", op, j.err)
	}
	return nil
}

// put adds j and tells whether the queue still takes something.
func (q *queue) put(j *job) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.waiting = append(q.waiting, j)
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

// close lets nothing more in. What is in is still done.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.notify()
}

// maxGroup is the most that one transaction writes, in about bytes: enough to make the fsync cheap, little enough that
// those who come next wait for a moment only.
const maxGroup = 4 << 20

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

// take gives those of the waiting jobs that go into one transaction. into is reused.
func (q *queue) take(into []*job) []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && size < maxGroup {
		size += q.waiting[n].size()
		n++
	}
	into = append(into[:0], q.waiting[:n]...)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return into
}
