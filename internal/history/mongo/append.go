package mongo

import (
	"context"
	"fmt"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/mongoconn"
)

// Append inserts events at the numbers after the newest event it knows of. The unique keys decide whether they get them.
// docs/SCHEMA.md explains what the refusal of an insert means, and why no outcome leaves a hole or a second copy.
func (s *Store) Append(ctx context.Context, room chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	if err := s.db.Enter(); err != nil {
		return nil, err
	}
	defer s.db.Leave()
	stored, err := s.append(ctx, room, events)
	if err != nil {
		return nil, s.fail(ctx, "append to "+string(room), err)
	}
	s.counts.appends.Add(1)
	return stored, nil
}

// allRequests is how many times the time for one request an Append may take, with all its requests.
const allRequests = 3

func (s *Store) append(ctx context.Context, room chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	b, err := newBatch(room, events)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, allRequests*s.db.Timeout)
	defer cancel()
	release, err := s.locks.take(ctx, room)
	if err != nil {
		return nil, err
	}
	defer release()
	a := &appending{s: s, b: b}
	if err := a.run(ctx); err != nil {
		return nil, err
	}
	return b.answer(), nil
}

const (
	// maxUnknown is how often one Append tries again after an outcome that it could not tell. Past it the caller decides.
	maxUnknown = 1
	// conflictsToReserve is how many numbers lost in a row make a node reserve the room.
	conflictsToReserve = 4
)

// appending is one Append under way.
type appending struct {
	s         *Store
	b         *batch
	end       position // the newest event that is known; numbers go on after it
	conflicts int      // numbers lost to other nodes in a row
	unknown   int      // outcomes that could not be told
	retry     mongoconn.Retry
}

func (a *appending) run(ctx context.Context) (err error) {
	if a.end, err = a.s.heads.toWrite(ctx, a.b.room); err != nil {
		return err
	}
	for part := a.b.next(maxBatch); len(part) > 0; part = a.b.next(maxBatch) {
		if err := a.store(ctx, part); err != nil {
			return err
		}
	}
	a.s.heads.put(a.b.room, a.end)
	a.s.writer.add(a.b.room, a.end)
	return nil
}

// store tries to insert part after the log's end and takes in what came of it.
func (a *appending) store(ctx context.Context, part []chat.Event) error {
	if a.end.seq+uint64(len(part)) > maxSeq {
		return fmt.Errorf("%w: the log of %s is full", history.ErrTooLarge, a.b.room)
	}
	if waited, err := a.s.reservations.wait(ctx, a.b.room); err != nil {
		return err
	} else if waited {
		if err := a.catchUp(ctx); err != nil {
			return err
		}
	}
	a.number(part)
	stored, key, err := a.s.events.insert(ctx, part)
	for _, e := range part[:stored] {
		a.take(e)
	}
	if stored > 0 {
		a.conflicts = 0
		a.retry.Reset()
		a.s.counts.inserts.Add(1)
		a.s.counts.events.Add(uint64(stored))
	}
	switch {
	case err != nil:
		return a.afterUnknown(ctx, err)
	case stored < len(part):
		return a.afterRefusal(ctx, part[stored:], key)
	}
	return nil
}

// number gives the events of part the numbers after the log's end, and the present time.
func (a *appending) number(part []chat.Event) {
	at := a.s.now().UTC().Truncate(time.Millisecond)
	if at.Before(a.end.at) { // this node's clock is behind that of the node that wrote last
		at = a.end.at
	}
	for i := range part {
		part[i].Seq, part[i].At = a.end.seq+1+uint64(i), at
	}
}

// take takes in a durable event of the room: it may be one of the batch, and the log goes at least this far.
func (a *appending) take(e chat.Event) {
	a.b.store(e)
	a.end = later(a.end, positionOf(e))
}

// afterRefusal finds out why the first of rest was not stored: another node has its number, or the send itself is stored
// already, by an earlier Append or by an insert of this one that was given up and arrived late.
func (a *appending) afterRefusal(ctx context.Context, rest []chat.Event, key uniqueKey) error {
	switch key {
	case keyNumber:
		return a.afterConflict(ctx)
	case keySend:
		return a.findSends(ctx, rest)
	}
	e := rest[0]
	there, err := a.s.events.span(ctx, a.b.room, e.Seq, e.Seq)
	if err != nil {
		return err
	}
	if len(there) == 0 {
		return a.findSends(ctx, rest)
	}
	a.take(there[0])
	if keyOf(there[0]) != keyOf(e) {
		return a.afterConflict(ctx)
	}
	return a.takeLate(ctx, rest[1:])
}

// takeLate takes in those of rest, at their numbers, that a late insert stored after the one in front of them.
func (a *appending) takeLate(ctx context.Context, rest []chat.Event) error {
	if len(rest) == 0 {
		return nil
	}
	first, last := rest[0].Seq, rest[len(rest)-1].Seq
	late, err := a.s.events.span(ctx, a.b.room, first, last)
	if err != nil {
		return err
	}
	if missing := firstMissing(late, first, last); missing > 0 {
		late = late[:missing-first]
	}
	for _, e := range late {
		a.take(e)
	}
	return nil
}

// afterConflict goes on after what another node has stored.
func (a *appending) afterConflict(ctx context.Context) error {
	a.s.counts.conflicts.Add(1)
	if a.conflicts++; a.conflicts >= conflictsToReserve {
		a.s.reservations.contest(a.b.room)
		if waited, err := a.s.reservations.wait(ctx, a.b.room); err != nil {
			return err
		} else if waited {
			return a.catchUp(ctx)
		}
	}
	moved, err := a.advance(ctx)
	if err == nil && !moved && a.conflicts > 1 { // the other node's event is not readable yet, as in findSends
		err = a.retry.Wait(ctx)
	}
	return err
}

// catchUp is advance after much may have been stored.
func (a *appending) catchUp(ctx context.Context) error {
	stored, err := a.s.rooms.heads(ctx, []chat.RoomID{a.b.room})
	if err != nil {
		return err
	}
	a.end = later(a.end, stored[a.b.room])
	_, err = a.advance(ctx)
	return err
}

// advance finds the log's end, and reports whether it was farther than known.
func (a *appending) advance(ctx context.Context) (moved bool, err error) {
	newest, err := a.s.events.last(ctx, a.b.room, a.end)
	moved = newest.seq > a.end.seq
	a.end = later(a.end, newest)
	return moved, err
}

// afterUnknown goes on after an insert whose outcome is not known: the connection broke, time ran out, the primary stepped
// down or the write concern was not met. What the insert stored, or stores later, refuses the next try, which has the same
// cids.
func (a *appending) afterUnknown(ctx context.Context, cause error) error {
	if mongoconn.Unsent(cause) || mongoconn.Lasting(cause) || ctx.Err() != nil {
		return cause
	}
	a.s.counts.unknown.Add(1)
	if a.unknown++; a.unknown > maxUnknown {
		return cause
	}
	if _, err := a.advance(ctx); err != nil {
		return cause
	}
	return nil
}

// findSends looks up the sends of rest, the first of which was refused as stored already, and takes in those that are
// stored.
func (a *appending) findSends(ctx context.Context, rest []chat.Event) error {
	if _, err := a.advance(ctx); err != nil {
		return err
	}
	found, err := a.s.events.sends(ctx, a.b.room, rest)
	if err != nil {
		return err
	}
	for _, e := range found {
		a.take(e)
	}
	a.s.counts.repeats.Add(uint64(len(found)))
	if len(found) == 0 {
		// What refused the insert is not readable yet, because it is not yet on a majority. It will be, or it will be gone.
		return a.retry.Wait(ctx)
	}
	return nil
}
