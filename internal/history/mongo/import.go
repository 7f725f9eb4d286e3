package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/mongoconn"
)

// SetID names a history that holds nothing yet.
func (s *Store) SetID(ctx context.Context, id string) error {
	return s.db.Call(ctx, "set the history's id", func(ctx context.Context) error {
		if now, err := s.identify(ctx); err != nil || now == id {
			return err
		}
		for _, in := range []*mongo.Collection{s.events.events, s.db.Collection("users")} {
			switch err := in.FindOne(ctx, bson.D{}).Err(); {
			case err == nil:
				return fmt.Errorf("%w: there are %s already", history.ErrConflict, in.Name())
			case !errors.Is(err, mongo.ErrNoDocuments):
				return err
			}
		}
		if _, err := s.meta.UpdateOne(ctx, byID(historyID), bson.D{{Key: "$set", Value: bson.D{{Key: "name", Value: id}}}}); err != nil {
			return err
		}
		s.id.Store(&id)
		return nil
	}, history.ErrConflict)
}

// ImportEvents compares what is there already and inserts the rest at the numbers it has.
func (s *Store) ImportEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error {
	if err := s.db.Enter(); err != nil {
		return err
	}
	defer s.db.Leave()
	return s.fail(ctx, "import into "+string(room), s.importEvents(ctx, room, events))
}

func (s *Store) importEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error {
	if err := checkImport(room, events); err != nil || len(events) == 0 {
		return err
	}
	release, err := s.locks.take(ctx, room)
	if err != nil {
		return err
	}
	defer release()
	end, err := s.heads.toWrite(ctx, room)
	if err != nil {
		return err
	}
	for unknown := 0; ; {
		if end, err = s.events.last(ctx, room, end); err != nil {
			return err
		}
		s.heads.put(room, end)
		if events, err = s.passOver(ctx, room, events, end); err != nil || len(events) == 0 {
			s.writer.add(room, end)
			return err
		}
		part := importPart(room, events)
		stored, key, err := s.events.insert(ctx, part)
		switch {
		case err != nil:
			if unknown++; unknown > maxUnknown || mongoconn.Unsent(err) || ctx.Err() != nil {
				return err
			}
		case stored < len(part):
			if err := s.refusedImport(ctx, part[stored], key); err != nil {
				return err
			}
		}
		s.counts.events.Add(uint64(stored))
		for _, e := range part[:stored] {
			end = later(end, positionOf(e))
		}
	}
}

// refusedImport says why e was refused: nil if its number is there by now, else another event has its cid.
func (s *Store) refusedImport(ctx context.Context, e chat.Event, key uniqueKey) error {
	if key != keySend {
		there, err := s.events.span(ctx, e.Room, e.Seq, e.Seq)
		if err != nil || len(there) > 0 {
			return err
		}
	}
	return fmt.Errorf("%w: the cid of event %d is another's", history.ErrConflict, e.Seq)
}

// checkImport checks what can be checked without the server.
func checkImport(room chat.RoomID, events []chat.Event) error {
	for i, e := range events {
		if size := sizeOf(room, e); size > maxEvent {
			return fmt.Errorf("%w: event %d", history.ErrTooLarge, e.Seq)
		}
		if e.Seq == 0 || e.Seq > maxSeq || e.Seq != events[0].Seq+uint64(i) {
			return fmt.Errorf("%w: event %d is where %d should be", history.ErrConflict, e.Seq, events[0].Seq+uint64(i))
		}
	}
	return nil
}

// passOver returns those of events that come after end, and compares the others with what is stored.
func (s *Store) passOver(ctx context.Context, room chat.RoomID, events []chat.Event, end position) ([]chat.Event, error) {
	for len(events) > 0 && events[0].Seq <= end.seq {
		n := min(len(events), chat.MaxPage, int(end.seq-events[0].Seq+1))
		stored, err := s.whole(ctx, room, events[0].Seq, events[n-1].Seq)
		if err != nil {
			return nil, err
		}
		for i, e := range events[:n] {
			if !same(room, e, stored[i]) {
				return nil, fmt.Errorf("%w: event %d differs", history.ErrConflict, e.Seq)
			}
		}
		events = events[n:]
	}
	if len(events) > 0 && events[0].Seq != end.seq+1 {
		return nil, fmt.Errorf("%w: event %d comes after %d", history.ErrConflict, events[0].Seq, end.seq)
	}
	return events, nil
}

// same reports whether e, as an event of room, is what is stored, to the millisecond.
func same(room chat.RoomID, e, stored chat.Event) bool {
	e.Room, e.At = room, e.At.UTC().Truncate(time.Millisecond)
	at := e.At.Equal(stored.At)
	e.At = stored.At
	return at && e == stored
}

// importPart returns as many of events as go into one insert.
func importPart(room chat.RoomID, events []chat.Event) []chat.Event {
	var part []chat.Event
	bytes := 0
	for _, e := range events {
		if bytes += sizeOf(room, e); len(part) == maxBatch || len(part) > 0 && bytes > maxEvent {
			break
		}
		e.Room, e.At = room, e.At.UTC().Truncate(time.Millisecond)
		part = append(part, e)
	}
	return part
}
