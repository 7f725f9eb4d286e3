package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"salon/internal/chat"
)

// uniqueKey is which of an event's unique keys was taken.
type uniqueKey int

const (
	keyEither uniqueKey = iota // the server does not say
	keyNumber                  // its _id, that is its room and number
	keySend                    // its room, user and cid
)

// insert stores events in order up to the first whose unique keys are not free. It gives how many are stored, on a
// majority, and which key stopped it if any did. With an error, any number of them may be stored, now or later, without
// a hole among them.
func (s *Store) insert(ctx context.Context, events []chat.Event) (stored int, key uniqueKey, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	docs := make([]eventDoc, len(events))
	for i, e := range events {
		docs[i] = newEventDoc(e)
	}
	_, err = s.events.InsertMany(ctx, docs, options.InsertMany().SetOrdered(true))
	if err == nil {
		return len(docs), 0, nil
	}
	var refusal mongo.BulkWriteException
	if !errors.As(err, &refusal) || refusal.WriteConcernError != nil || len(refusal.WriteErrors) != 1 ||
		!mongo.IsDuplicateKeyError(refusal.WriteErrors[0].WriteError) {
		return 0, 0, err
	}
	first := refusal.WriteErrors[0]
	return first.Index, refusedKey(first.Raw), nil
}

// refusedKey reads which unique key refused a document. MongoDB says it since 4.2, not every server does.
func refusedKey(raw bson.Raw) uniqueKey {
	pattern, ok := raw.Lookup("keyPattern").DocumentOK()
	if !ok {
		return keyEither
	}
	if _, err := pattern.LookupErr("_id"); err == nil {
		return keyNumber
	}
	if _, err := pattern.LookupErr("cid"); err == nil {
		return keySend
	}
	return keyEither
}

func (s *Store) findEvents(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]chat.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	cursor, err := s.events.Find(ctx, filter, o...)
	if err != nil {
		return nil, err
	}
	var docs []eventDoc
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, err
	}
	events := make([]chat.Event, len(docs))
	for i, d := range docs {
		events[i] = d.event()
	}
	return events, nil
}
