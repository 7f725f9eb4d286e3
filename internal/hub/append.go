package hub

import (
	"context"
	"errors"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

const (
	maxBatch      = 512     // events in one append
	maxBatchBytes = 2 << 20 // bytes of text in one append
	// maxWaiting bounds what waits in one room; more are refused as temporary. It is far above what one store call leaves
	// behind and keeps a stalled store from filling the memory.
	maxWaiting      = 8192
	maxWaitingBytes = 16 << 20
)

// send is an event on its way into the history.
type send struct {
	ev   chat.Event
	sink Sink
	done func(chat.Event, error) // called once, must not block; what it queues on sink is flushed afterwards
}

// submit puts a send behind those waiting and sees that they are appended.
func (r *room) submit(s send) {
	r.mu.Lock()
	if r.hub.closed.Load() {
		r.mu.Unlock()
		s.fail(chat.Errorf(chat.CodeShuttingDown, "the server is stopping"))
		return
	}
	if len(r.waiting) >= maxWaiting || r.waitingBytes > maxWaitingBytes {
		r.mu.Unlock()
		s.fail(unavailable(time.Second))
		return
	}
	r.waiting = append(r.waiting, s)
	r.waitingBytes += len(s.ev.Text)
	start := !r.appending
	r.appending = true
	r.mu.Unlock()
	if start {
		r.hub.work.Go(r.appendAll)
	}
}

func (s send) fail(err error) {
	s.done(chat.Event{}, err)
	s.sink.Flush()
}

func unavailable(after time.Duration) error {
	e := chat.Errorf(chat.CodeUnavailable, "the history does not answer: try again")
	e.RetryAfter = after
	return e
}

// appendAll appends batch after batch until nothing waits. While one is being stored the next collects: the slower the
// store, the larger the batches. The last one it also delivers: to start a goroutine for that would cost more than a small
// room's delivery.
func (r *room) appendAll() {
	for batch := r.takeWaiting(); batch != nil; {
		deliver := r.appendBatch(batch)
		if batch = r.takeWaiting(); batch == nil && deliver {
			r.deliver()
		} else if deliver {
			r.hub.work.Go(r.deliver)
		}
	}
}

func (r *room) takeWaiting() []send {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		r.appending = false
		r.waiting = nil
		if r.idle != nil {
			close(r.idle)
			r.idle = nil
		}
		return nil
	}
	n, bytes := 0, 0
	for n < len(r.waiting) && n < maxBatch && (n == 0 || bytes+len(r.waiting[n].ev.Text) <= maxBatchBytes) {
		bytes += len(r.waiting[n].ev.Text)
		n++
	}
	batch := r.waiting[:n:n]
	r.waiting = r.waiting[n:]
	r.waitingBytes -= bytes
	return batch
}

// appendBatch stores a batch and puts it before the gate. True: the caller has to deliver what went through.
func (r *room) appendBatch(batch []send) (deliver bool) {
	events := make([]chat.Event, len(batch))
	for i := range batch {
		events[i] = batch[i].ev
	}
	// The hub's life does not bound this: what was taken is stored or refused, also while the server stops.
	ctx, cancel := context.WithTimeout(r.hub.patience, storeTimeout)
	stored, err := r.hub.history.Append(ctx, r.id, events)
	cancel()
	if err != nil {
		r.refuse(batch, err)
		return false
	}
	r.hub.stats.Batches.Add(1)
	r.hub.stats.Appended.Add(int64(len(stored)))
	entries := make([]entry, len(stored))
	for i, ev := range stored {
		entries[i] = newEntry(ev)
		batch[i].done(ev, nil) // queued only: it goes out with the event, in one write
	}
	r.publishEvents(entries)
	deliver = r.claimDelivery()
	r.offer(entries)
	r.flushLater(batch)
	return deliver
}

// refuse tells the senders that their batch was not stored, as far as is known. One event that is too large must not take
// the others with it: they go alone.
func (r *room) refuse(batch []send, err error) {
	if errors.Is(err, history.ErrTooLarge) && len(batch) > 1 {
		for i := range batch {
			if r.appendBatch(batch[i : i+1]) {
				r.hub.work.Go(r.deliver) // at once: the others may take long
			}
		}
		return
	}
	answer := unavailable(time.Second)
	if errors.Is(err, history.ErrTooLarge) {
		answer = chat.Errorf(chat.CodeTooLarge, "this event is too large to be stored")
	} else {
		r.hub.doubt(r.id) // it may be stored yet
	}
	r.hub.log.Warn("append refused", "room", r.id, "events", len(batch), "err", err)
	r.hub.stats.Refused.Add(int64(len(batch)))
	for i := range batch {
		batch[i].fail(answer)
	}
}

// waitAppended waits until nothing waits to be stored.
func (r *room) waitAppended(ctx context.Context) error {
	r.mu.Lock()
	if !r.appending {
		r.mu.Unlock()
		return nil
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
