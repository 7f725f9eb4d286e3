package hub

import (
	"context"
	"time"

	"salon/internal/chat"
)

const (
	maxBatch      = 512     // events in one append
	maxBatchBytes = 2 << 20 // bytes of text in one append
	// maxWaiting and maxWaitingBytes bound what waits in one room; more is refused as temporary. The bound is far above what
	// one call to the store leaves behind, and keeps a stalled store from filling the memory.
	maxWaiting      = 8192
	maxWaitingBytes = 16 << 20
)

// send is an event on its way into history.
type send struct {
	ev   chat.Event
	to   Recipient
	done func(*chat.Event, error) // called once, must not block; what it queues is flushed afterwards
}

func (s send) refuse(err error) {
	s.done(nil, err)
	s.to.Flush()
}

// sends are what waits to be appended to a room's log. At most one goroutine appends. It has no lock of its own.
type sends struct {
	waiting   []send
	bytes     int // of text in waiting
	alone     int // so many of the first are appended one by one
	appending bool
	idle      chan struct{} // closed when the append under way ends, if somebody waits for that
}

// full tells whether no more may wait.
func (q *sends) full() bool { return len(q.waiting) >= maxWaiting || q.bytes > maxWaitingBytes }

// put puts a send behind those that wait. True: the caller must see to it that they are appended.
func (q *sends) put(s send) (start bool) {
	q.waiting = append(q.waiting, s)
	q.bytes += len(s.ev.Text)
	start = !q.appending
	q.appending = true
	return start
}

// take takes the next batch; nil ends the append under way.
func (q *sends) take() []send {
	if len(q.waiting) == 0 {
		q.appending = false
		q.waiting = nil
		if q.idle != nil {
			close(q.idle)
			q.idle = nil
		}
		return nil
	}
	if q.alone > 0 {
		q.alone--
		return q.cut(1)
	}
	n, bytes := 0, 0
	for n < len(q.waiting) && n < maxBatch && (n == 0 || bytes+len(q.waiting[n].ev.Text) <= maxBatchBytes) {
		bytes += len(q.waiting[n].ev.Text)
		n++
	}
	return q.cut(n)
}

// cut takes the first n.
func (q *sends) cut(n int) []send {
	batch := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	for i := range batch {
		q.bytes -= len(batch[i].ev.Text)
	}
	return batch
}

// split puts a batch that was taken back in front, to be appended one by one.
func (q *sends) split(batch []send) {
	q.alone = len(batch)
	for i := range batch {
		q.bytes += len(batch[i].ev.Text)
	}
	q.waiting = append(batch, q.waiting...)
}

// ended returns what is closed when nothing waits any more; nil: nothing does.
func (q *sends) ended() <-chan struct{} {
	if !q.appending {
		return nil
	}
	if q.idle == nil {
		q.idle = make(chan struct{})
	}
	return q.idle
}

func unavailable() error {
	e := chat.Errorf(chat.CodeUnavailable, "the history does not answer: try again")
	e.RetryAfter = time.Second
	return e
}

// await waits for ended, or for ctx.
func await(ctx context.Context, ended <-chan struct{}) error {
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
