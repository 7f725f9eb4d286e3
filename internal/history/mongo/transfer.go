package mongo

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/history"
)

// ExportUsers reads a page of users, then their tokens and names.
func (s *Store) ExportUsers(ctx context.Context, after chat.UserID, limit int) ([]accounts.Record, error) {
	var records []accounts.Record
	err := s.call(ctx, "export users", func(ctx context.Context) error {
		var users []userDoc
		err := all(ctx, s.users, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: string(after)}}}}, &users,
			options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(max(limit, 1))))
		if err != nil || len(users) == 0 {
			return err
		}
		ids, where := make([]string, len(users)), map[string]int{}
		for i, u := range users {
			ids[i], where[u.ID] = u.ID, i
			records = append(records, accounts.Record{Identity: u.identity()})
		}
		theirs := bson.D{{Key: "user", Value: bson.D{{Key: "$in", Value: ids}}}}
		var tokens []tokenDoc
		var names []nameDoc
		if err := errors.Join(all(ctx, s.tokens, theirs, &tokens), all(ctx, s.names, theirs, &names)); err != nil {
			return err
		}
		for _, t := range tokens {
			token := accounts.Token{Added: t.Added.UTC()}
			if n, err := hex.Decode(token.Hash[:], []byte(t.Hash)); err != nil || n != len(token.Hash) {
				return fmt.Errorf("a token's hash is broken: user %s", t.User)
			}
			r := &records[where[t.User]]
			r.Tokens = append(r.Tokens, token)
		}
		for _, n := range names {
			r := &records[where[n.User]]
			r.Names = append(r.Names, accounts.HeldName{Key: n.Key, Until: n.Until.UTC()})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

func all(ctx context.Context, in *mongo.Collection, filter bson.D, into any, o ...options.Lister[options.FindOptions]) error {
	cursor, err := in.Find(ctx, filter, o...)
	if err != nil {
		return err
	}
	return cursor.All(ctx, into)
}

// ImportUsers deletes the tokens and names that the users have here and stores those given. Interrupted and asked
// again, it ends the same.
func (s *Store) ImportUsers(ctx context.Context, users []accounts.Record) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.calls.Done()
	for part := range slices.Chunk(users, 100) {
		if err := s.importUsers(ctx, part); err != nil {
			return s.failure(ctx, "import users", err)
		}
	}
	return nil
}

func (s *Store) importUsers(ctx context.Context, records []accounts.Record) error {
	var ids []string
	var users, tokens, names []mongo.WriteModel
	put := func(id string, doc any) mongo.WriteModel {
		return mongo.NewReplaceOneModel().SetFilter(byID(id)).SetReplacement(doc).SetUpsert(true)
	}
	for _, r := range records {
		id := string(r.Identity.User.ID)
		ids = append(ids, id)
		users = append(users, put(id, newUserDoc(r.Identity)))
		for _, t := range r.Tokens {
			tokens = append(tokens, put(hashID(t.Hash), newTokenDoc(r.Identity.User.ID, t)))
		}
		for _, n := range r.Names {
			names = append(names, put(n.Key, nameDoc{Key: n.Key, User: id, Until: n.Until}))
		}
	}
	theirs := mongo.NewDeleteManyModel().SetFilter(bson.D{{Key: "user", Value: bson.D{{Key: "$in", Value: ids}}}})
	for _, step := range []struct {
		in      *mongo.Collection
		changes []mongo.WriteModel
	}{
		{s.tokens, []mongo.WriteModel{theirs}}, {s.names, []mongo.WriteModel{theirs}},
		{s.tokens, tokens}, {s.names, names}, {s.users, users},
	} {
		for part := range slices.Chunk(step.changes, perBulk) {
			if err := bulk(ctx, step.in, s.timeout, part); err != nil {
				return fmt.Errorf("%s: %w", step.in.Name(), err)
			}
		}
	}
	return nil
}

// SetID names a history that holds nothing yet.
func (s *Store) SetID(ctx context.Context, id string) error {
	return s.call(ctx, "set the history's id", func(ctx context.Context) error {
		if now, err := s.identify(ctx); err != nil || now == id {
			return err
		}
		for _, in := range []*mongo.Collection{s.events, s.users} {
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
	})
}

// ImportEvents compares what is there already and inserts the rest at the numbers it has.
func (s *Store) ImportEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.calls.Done()
	return s.failure(ctx, "import into "+string(room), s.importEvents(ctx, room, events))
}

func (s *Store) importEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error {
	if err := checkImport(room, events); err != nil || len(events) == 0 {
		return err
	}
	release, err := s.turns.take(ctx, string(room))
	if err != nil {
		return err
	}
	defer release()
	front, err := s.front(ctx, room)
	if err != nil {
		return err
	}
	for unsure := 0; ; {
		if front, err = s.reader.last(ctx, room, front); err != nil {
			return err
		}
		s.marks.put(room, front)
		if events, err = s.passOver(ctx, room, events, front); err != nil || len(events) == 0 {
			s.hints.note(room, front)
			return err
		}
		chunk := importChunk(room, events, s.server.batch)
		stored, key, err := s.insert(ctx, chunk)
		switch {
		case err != nil:
			if unsure++; unsure > maxUnsure || unsent(err) || ctx.Err() != nil {
				return err
			}
		case stored < len(chunk):
			if err := s.refusedImport(ctx, chunk[stored], key); err != nil {
				return err
			}
		}
		s.counts.events.Add(uint64(stored))
		for _, e := range chunk[:stored] {
			front = later(front, markOf(e))
		}
	}
}

// refusedImport tells why e was refused: nil if its number is there by now, else its cid is.
func (s *Store) refusedImport(ctx context.Context, e chat.Event, key uniqueKey) error {
	if key != keySend {
		there, err := s.reader.span(ctx, e.Room, e.Seq, e.Seq)
		if err != nil || len(there) > 0 {
			return err
		}
	}
	return fmt.Errorf("%w: the cid of event %d is another's", history.ErrConflict, e.Seq)
}

// checkImport checks what can be without the server.
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

// passOver gives those of events that come behind front, after comparing the others with what is stored.
func (s *Store) passOver(ctx context.Context, room chat.RoomID, events []chat.Event, front mark) ([]chat.Event, error) {
	for len(events) > 0 && events[0].Seq <= front.seq {
		n := min(len(events), chat.MaxPage, int(front.seq-events[0].Seq+1))
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
	if len(events) > 0 && events[0].Seq != front.seq+1 {
		return nil, fmt.Errorf("%w: event %d comes after %d", history.ErrConflict, events[0].Seq, front.seq)
	}
	return events, nil
}

// same says whether e, told of room, is what is stored, to the millisecond.
func same(room chat.RoomID, e, stored chat.Event) bool {
	e.Room, e.At = room, e.At.UTC().Truncate(time.Millisecond)
	at := e.At.Equal(stored.At)
	e.At = stored.At
	return at && e == stored
}

// importChunk gives as many of events as go into one insert.
func importChunk(room chat.RoomID, events []chat.Event, limit int) []chat.Event {
	var chunk []chat.Event
	bytes := 0
	for _, e := range events {
		if bytes += sizeOf(room, e); len(chunk) == limit || len(chunk) > 0 && bytes > maxEvent {
			break
		}
		e.Room, e.At = room, e.At.UTC().Truncate(time.Millisecond)
		chunk = append(chunk, e)
	}
	return chunk
}
