package hub

import (
	"context"
	"errors"

	"salon/internal/chat"
	"salon/internal/history"
)

// submit puts a send behind those that wait and sees to it that they are appended.
func (r *Room) submit(s send) {
	r.mu.Lock()
	if r.node.closed.Load() {
		r.mu.Unlock()
		s.refuse(chat.Errorf(chat.CodeShuttingDown, "the server is stopping"))
		return
	}
	if r.sends.full() {
		r.mu.Unlock()
		s.refuse(unavailable())
		return
	}
	start := r.sends.put(s)
	r.mu.Unlock()
	if start {
		r.node.work.Go(r.appendAll)
	}
}

// appendAll appends batch after batch until nothing waits. While one is being stored the next collects: the slower the store,
// the larger the batches. What the last batch brought is delivered on this goroutine, since to start one for that would cost
// more than a small room's delivery.
func (r *Room) appendAll() {
	r.mu.Lock()
	batch := r.sends.take()
	r.mu.Unlock()
	for batch != nil {
		stored, err := r.store(batch)
		if err != nil {
			batch = r.refuse(batch, err)
			continue
		}
		batch = r.accept(batch, stored)
	}
}

// store appends a batch to history.
func (r *Room) store(batch []send) ([]chat.Event, error) {
	events := make([]chat.Event, len(batch))
	for i := range batch {
		events[i] = batch[i].ev
	}
	// The hub's life does not bound this: what was taken is stored or refused, also while the server stops.
	ctx, cancel := context.WithTimeout(r.node.patience, storeTimeout)
	defer cancel()
	stored, err := r.node.history.Append(ctx, r.id, events)
	if err != nil {
		return nil, err
	}
	r.node.stats.Batches.Add(1)
	r.node.stats.Appended.Add(int64(len(stored)))
	return stored, nil
}

// accept acknowledges a stored batch, hands it to the other nodes and to the members, and returns the next batch.
func (r *Room) accept(batch []send, stored []chat.Event) (next []send) {
	entries := r.node.encode(stored)
	senders := make([]Recipient, len(batch))
	for i := range batch {
		batch[i].done(&stored[i], nil) // queued only: it goes out together with the event
		senders[i] = batch[i].to
	}
	r.peers.Events(stored)

	r.mu.Lock()
	mine := r.out.claim()
	r.gate.offer(entries, r.pass)
	r.repairGap()
	r.out.put(item{flush: senders})
	next = r.sends.take()
	var items []item
	var members []*receiver
	if mine {
		items, members = r.out.take()
	}
	r.mu.Unlock()

	switch {
	case !mine:
	case next == nil:
		r.deliver(items, members)
	default:
		r.deliverApart(items, members)
	}
	return next
}

// refuse tells the senders that their batch was not stored, as far as is known, and returns the next batch. One event that is
// too large must not take the others with it: they go one by one.
func (r *Room) refuse(batch []send, err error) (next []send) {
	tooLarge := errors.Is(err, history.ErrTooLarge)
	if tooLarge && len(batch) > 1 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sends.split(batch)
		return r.sends.take()
	}
	answer := unavailable()
	if tooLarge {
		answer = chat.Errorf(chat.CodeTooLarge, "this event is too large to be stored")
	} else {
		r.node.unconfirmed(r.id) // it may be stored even so
	}
	r.node.log.Warn("append refused", "room", r.id, "events", len(batch), "err", err)
	r.node.stats.Refused.Add(int64(len(batch)))
	for i := range batch {
		batch[i].refuse(answer)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sends.take()
}

// waitAppended waits until nothing waits to be stored. Errors: ctx's.
func (r *Room) waitAppended(ctx context.Context) error {
	r.mu.Lock()
	ended := r.sends.ended()
	r.mu.Unlock()
	return await(ctx, ended)
}
