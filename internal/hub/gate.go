package hub

import (
	"context"
	"time"

	"salon/internal/history"
)

const (
	// gapWait is how long the gate waits for what is missing before it reads it from history: what another node says may wait
	// there for a moment, and the broker usually is only a little late.
	gapWait = publishEvery + 40*time.Millisecond
	// maxAhead and maxAheadBytes bound the events kept ahead of the gate, and their lines; those over it are read from
	// history when it is their turn.
	maxAhead      = 1024
	maxAheadBytes = 4 << 20
)

// offer puts events before the gate, from whatever source and in any order: the next one goes through, those seen are
// dropped, those ahead wait until what is missing has come or was read from history.
func (r *room) offer(entries []entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range entries {
		switch {
		case r.loaded && e.ev.Seq == r.next:
			r.accept(e)
		case r.loaded && e.ev.Seq < r.next:
		default:
			r.keepAhead(e)
			r.missing = max(r.missing, e.ev.Seq)
		}
	}
	r.pass()
}

// keepAhead keeps e until those before it have come. Called with mu held.
func (r *room) keepAhead(e entry) {
	if _, ok := r.ahead[e.ev.Seq]; ok || len(r.ahead) >= maxAhead || r.aheadBytes > maxAheadBytes {
		return
	}
	if r.ahead == nil {
		r.ahead = map[uint64]entry{}
	}
	r.ahead[e.ev.Seq] = e
	r.aheadBytes += len(e.line)
}

// takeAhead takes out the event with this number, if it is kept. Called with mu held.
func (r *room) takeAhead(seq uint64) (entry, bool) {
	e, ok := r.ahead[seq]
	if ok {
		delete(r.ahead, seq)
		r.aheadBytes -= len(e.line)
	}
	return e, ok
}

// accept lets e, which is next, through. Called with mu held.
func (r *room) accept(e entry) {
	r.next++
	r.ring.push(e)
	r.send(item{entry: e})
}

// pass lets through what waited ahead, and sees to what is still missing. Called with mu held.
func (r *room) pass() {
	if !r.loaded {
		return
	}
	for len(r.ahead) > 0 {
		e, ok := r.takeAhead(r.next)
		if !ok {
			break
		}
		r.accept(e)
	}
	r.dropStale()
	if r.missing >= r.next && !r.repairing {
		r.repairing = true
		r.hub.work.Go(r.repair)
	}
}

// dropStale drops what lies behind the gate from ahead. Called with mu held.
func (r *room) dropStale() {
	for seq := range r.ahead {
		if seq < r.next {
			r.takeAhead(seq)
		}
	}
}

// expect tells the room that history has events up to head.
func (r *room) expect(head uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missing = max(r.missing, head)
	r.pass()
}

// repair reads what the gate misses from history until it misses nothing.
func (r *room) repair() {
	ctx := r.hub.life
	for pause := gapWait; ; {
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		r.mu.Lock()
		if r.missing < r.next || ctx.Err() != nil {
			r.repairing = false
			r.mu.Unlock()
			return
		}
		after := r.next - 1
		r.mu.Unlock()

		got, err := r.repairFrom(ctx, after)
		switch {
		case err != nil && ctx.Err() == nil:
			r.hub.log.Warn("repair a gap", "room", r.id, "after", after, "err", err)
			fallthrough
		case got == 0:
			pause = min(2*pause+gapWait, 2*time.Second)
		default:
			pause = 0
		}
	}
}

// repairFrom offers the page after the number given and tells how many events it had.
func (r *room) repairFrom(ctx context.Context, after uint64) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	page, err := r.hub.read(ctx, r.id, history.Query{After: after, IsAfter: true, Limit: 200})
	if err != nil {
		return 0, err
	}
	r.hub.stats.Repairs.Add(1)
	entries := make([]entry, len(page.Events))
	for i, ev := range page.Events {
		entries[i] = newEntry(ev)
	}
	r.offer(entries)
	return len(entries), nil
}

// catchUp waits until the gate has let the number through that a member has already seen elsewhere, or history says that
// there is none, or ctx ends.
//
// One empty page says nothing: it may come from a read that others had begun before the number was stored. The read after
// that one began after the member asked.
func (r *room) catchUp(ctx context.Context, seq uint64) error {
	for empty := 0; empty < 2; {
		r.mu.Lock()
		after := r.next - 1
		r.mu.Unlock()
		if after >= seq {
			return nil
		}
		got, err := r.repairFrom(ctx, after)
		if err != nil {
			return err
		}
		if got == 0 {
			empty++
		}
	}
	return nil
}
