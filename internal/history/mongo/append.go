package mongo

import (
	"context"
	"fmt"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

// Append inserts events at the numbers behind the newest event it knows of. The unique keys decide whether they get
// them; what the refusal of an insert means, and why no outcome leaves a hole or a second copy, docs/SCHEMA.md tells.
func (s *Store) Append(ctx context.Context, room chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.calls.Done()
	what := "append to " + string(room)
	b, err := newBatch(room, events)
	if err != nil {
		return nil, s.failure(ctx, what, err)
	}
	bounded, cancel := context.WithTimeout(ctx, s.patient)
	defer cancel()
	release, err := s.turns.take(bounded, string(room))
	if err != nil {
		return nil, s.failure(ctx, what, err)
	}
	defer release()
	a := &appending{s: s, b: b}
	if err := a.run(bounded); err != nil {
		return nil, s.failure(ctx, what, err)
	}
	s.counts.appends.Add(1)
	return b.answer(), nil
}

// maxUnsure is how often one Append asks again after an outcome that it could not tell. Past it the caller decides.
const maxUnsure = 1

// appending is one Append at work.
type appending struct {
	s      *Store
	b      *batch
	front  mark // the newest event that is known; numbers go on behind it
	lost   int  // numbers lost to other nodes in a row
	blind  int  // refusals in a row that nothing readable explains yet
	unsure int  // outcomes that could not be told
}

func (a *appending) run(ctx context.Context) error {
	front, err := a.s.front(ctx, a.b.room)
	if err != nil {
		return err
	}
	a.front = front
	for chunk := a.b.next(a.s.server.batch); len(chunk) > 0; chunk = a.b.next(a.s.server.batch) {
		if err := a.insert(ctx, chunk); err != nil {
			return err
		}
	}
	a.s.marks.put(a.b.room, a.front)
	a.s.hints.note(a.b.room, a.front)
	return nil
}

// insert tries to store chunk behind the front and takes in what came of it.
func (a *appending) insert(ctx context.Context, chunk []chat.Event) error {
	if a.front.seq+uint64(len(chunk)) > maxSeq {
		return fmt.Errorf("%w: the log of %s is full", history.ErrTooLarge, a.b.room)
	}
	if waited, err := a.s.floors.wait(ctx, a.b.room); err != nil {
		return err
	} else if waited {
		if err := a.catchUp(ctx); err != nil {
			return err
		}
	}
	at := a.s.now().UTC().Truncate(time.Millisecond)
	if at.Before(a.front.at) { // this node's clock is behind that of the one that wrote last
		at = a.front.at
	}
	for i := range chunk {
		chunk[i].Seq, chunk[i].At = a.front.seq+1+uint64(i), at
	}
	stored, key, err := a.s.insert(ctx, chunk)
	for _, e := range chunk[:stored] {
		a.found(e)
	}
	if stored > 0 {
		a.lost, a.blind = 0, 0
		a.s.counts.inserts.Add(1)
		a.s.counts.events.Add(uint64(stored))
	}
	switch {
	case err != nil:
		return a.recover(ctx, err)
	case stored < len(chunk):
		return a.refused(ctx, chunk[stored:], key)
	}
	return nil
}

// found takes in a durable event of the room: it may be one of the batch, and the front is at least there.
func (a *appending) found(e chat.Event) {
	a.b.store(e)
	a.front = later(a.front, markOf(e))
}

// refused finds out why the first of rest was not stored: another node has its number, or the send itself is stored
// already, by an earlier Append or by an insert of this one that was given up and came through late.
func (a *appending) refused(ctx context.Context, rest []chat.Event, key uniqueKey) error {
	switch key {
	case keyNumber:
		return a.overtaken(ctx)
	case keySend:
		return a.recall(ctx, rest)
	}
	e := rest[0]
	there, err := a.s.reader.span(ctx, a.b.room, e.Seq, e.Seq)
	if err != nil {
		return err
	}
	if len(there) == 0 {
		return a.recall(ctx, rest)
	}
	a.found(there[0])
	if keyOf(there[0]) != keyOf(e) {
		return a.overtaken(ctx)
	}
	if len(rest) > 1 { // a late insert: the others of it are behind
		late, err := a.s.reader.span(ctx, a.b.room, e.Seq+1, e.Seq+uint64(len(rest))-1)
		if err != nil {
			return err
		}
		if missing := firstMissing(late, e.Seq+1, e.Seq+uint64(len(rest))-1); missing > 0 {
			late = late[:missing-e.Seq-1]
		}
		for _, e := range late {
			a.found(e)
		}
	}
	return nil
}

// overtaken goes behind what another node has stored.
func (a *appending) overtaken(ctx context.Context) error {
	a.s.counts.conflicts.Add(1)
	if a.lost++; a.lost >= lostToAsk {
		a.s.floors.seek(a.b.room)
		if waited, err := a.s.floors.wait(ctx, a.b.room); err != nil {
			return err
		} else if waited {
			return a.catchUp(ctx)
		}
	}
	moved, err := a.advance(ctx)
	if err == nil && !moved && a.lost > 1 { // what overtook it is not readable yet, as in recall
		err = pause(ctx, a.lost)
	}
	return err
}

// catchUp is advance after much may have been stored.
func (a *appending) catchUp(ctx context.Context) error {
	hints, err := a.s.hinted(ctx, []chat.RoomID{a.b.room})
	if err != nil {
		return err
	}
	a.front = later(a.front, hints[a.b.room])
	_, err = a.advance(ctx)
	return err
}

// advance moves the front to the newest event, and says whether it had to move.
func (a *appending) advance(ctx context.Context) (moved bool, err error) {
	newest, err := a.s.reader.last(ctx, a.b.room, a.front)
	moved = newest.seq > a.front.seq
	a.front = later(a.front, newest)
	return moved, err
}

// recover goes on after an insert whose outcome is not known: the connection broke, time ran out, the primary stepped
// down or the write concern was not met. What it stored, or stores later, refuses the retry, which has the same cids.
func (a *appending) recover(ctx context.Context, cause error) error {
	if unsent(cause) || hasCode(cause, lasting...) || ctx.Err() != nil {
		return cause
	}
	a.s.counts.unsure.Add(1)
	if a.unsure++; a.unsure > maxUnsure {
		return cause
	}
	if _, err := a.advance(ctx); err != nil {
		return cause
	}
	return nil
}

// recall looks up the sends of rest, the first of which was refused as stored already, and takes in those that are.
func (a *appending) recall(ctx context.Context, rest []chat.Event) error {
	if _, err := a.advance(ctx); err != nil {
		return err
	}
	found, err := a.s.reader.sends(ctx, a.b.room, a.front.seq, rest)
	if err != nil {
		return err
	}
	for _, e := range found {
		a.found(e)
	}
	a.s.counts.repeats.Add(uint64(len(found)))
	if len(found) == 0 {
		// What refused the insert is not readable yet, being not yet on a majority. It will be, or it will be gone.
		a.blind++
		return pause(ctx, a.blind)
	}
	return nil
}
