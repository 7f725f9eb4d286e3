package mongo

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"salon/internal/chat"
)

// eventLog is the collection of the events. Each method is one request to the server, or one for each part of a long list.
// Every filter names the room, so that a router of shards asks only the shards that have it.
type eventLog struct {
	events    *mongo.Collection
	timeout   time.Duration // for one request
	clustered bool          // the server keeps the events in the order of their _id
}

// maxBatch bounds the events of one insert: enough that the round trip hardly counts, few enough that the other nodes that
// write in a room do not wait long.
const maxBatch = 1000

// uniqueKey is which of an event's unique keys was taken.
type uniqueKey int

const (
	keyEither uniqueKey = iota // the server does not say
	keyNumber                  // its _id, that is its room and number
	keySend                    // its room, user and cid
)

// insert stores events in order up to the first whose unique keys are taken. It returns how many are stored, on a majority,
// and which key stopped it if any did. With an error, any number of them may be stored, now or later, without a hole among
// them.
func (l *eventLog) insert(ctx context.Context, events []chat.Event) (stored int, key uniqueKey, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	docs := make([]eventDoc, len(events))
	for i, e := range events {
		docs[i] = newEventDoc(e)
	}
	_, err = l.events.InsertMany(ctx, docs, options.InsertMany().SetOrdered(true))
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

// refusedKey reads which unique key refused a document. MongoDB says it; some compatible servers do not.
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

func (l *eventLog) find(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]chat.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	cursor, err := l.events.Find(ctx, filter, o...)
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

// viaID has the server go by _id. Some servers would rather go by another index that begins with the room, and read all of
// it: MongoDB before 6.2 where the collection is clustered.
func viaID() *options.FindOptionsBuilder {
	return options.Find().SetHint(bson.D{{Key: "_id", Value: 1}})
}

func between(room chat.RoomID, ids bson.D) bson.D {
	return bson.D{{Key: "room", Value: string(room)}, {Key: "_id", Value: ids}}
}

// last returns the position of room's newest event, from itself when there is none after it.
func (l *eventLog) last(ctx context.Context, room chat.RoomID, from position) (position, error) {
	newest := viaID().SetSort(bson.D{{Key: "_id", Value: -1}}).SetLimit(1).SetProjection(bson.D{{Key: "seq", Value: 1}, {Key: "at", Value: 1}})
	found, err := l.find(ctx, between(room, bson.D{{Key: "$gt", Value: eventID(room, from.seq)}, {Key: "$lt", Value: endID(room)}}), newest)
	if err != nil || len(found) == 0 {
		return from, err
	}
	return positionOf(found[0]), nil
}

// span returns those of the events first to last that there are, in order.
func (l *eventLog) span(ctx context.Context, room chat.RoomID, first, last uint64) ([]chat.Event, error) {
	ids := bson.D{{Key: "$gte", Value: eventID(room, first)}, {Key: "$lte", Value: eventID(room, last)}}
	return l.find(ctx, between(room, ids), viaID().SetSort(bson.D{{Key: "_id", Value: 1}}))
}

// errMissing is broken data: a log has no hole.
var errMissing = errors.New("the log lacks an event that it has numbers for")

// firstMissing returns the first number from first to last that events, which are in order, lack; 0 if none.
func firstMissing(events []chat.Event, first, last uint64) uint64 {
	for i, e := range events {
		if want := first + uint64(i); e.Seq != want {
			return want
		}
	}
	if n := uint64(len(events)); n != last-first+1 {
		return first + n
	}
	return 0
}

// sends returns the stored form of those of events that are in room, whatever their numbers.
func (l *eventLog) sends(ctx context.Context, room chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	var found []chat.Event
	for part := range slices.Chunk(events, 200) {
		cids := map[chat.UserID][]string{}
		for _, e := range part {
			cids[e.User.ID] = append(cids[e.User.ID], e.CID)
		}
		var any bson.A // each branch is a range of the index room_user_cid
		for user, list := range cids {
			any = append(any, bson.D{{Key: "room", Value: string(room)}, {Key: "user.id", Value: string(user)},
				{Key: "cid", Value: bson.D{{Key: "$in", Value: list}}}})
		}
		some, err := l.find(ctx, bson.D{{Key: "$or", Value: any}})
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// fewRooms is up to how many rooms are asked about one by one, at once, rather than all by one request first.
const fewRooms = 8

// grown returns which of rooms, by index, may have events after the positions in from.
func (l *eventLog) grown(ctx context.Context, rooms []chat.RoomID, from []position) ([]int, error) {
	all := make([]int, len(rooms))
	for i := range all {
		all[i] = i
	}
	// A clustered collection answers a list of ids by reading everything from the first to the last of them.
	if len(rooms) <= fewRooms || l.clustered {
		return all, nil
	}
	names, next := make([]string, len(rooms)), make([]string, len(rooms))
	for i, room := range rooms {
		names[i], next[i] = string(room), eventID(room, from[i].seq+1)
	}
	found, err := l.find(ctx, bson.D{{Key: "room", Value: bson.D{{Key: "$in", Value: names}}}, {Key: "_id", Value: bson.D{{Key: "$in", Value: next}}}},
		viaID().SetProjection(bson.D{{Key: "_id", Value: 1}, {Key: "room", Value: 1}}))
	if err != nil {
		return nil, err
	}
	has := map[chat.RoomID]bool{}
	for _, e := range found {
		has[e.Room] = true
	}
	return slices.DeleteFunc(all, func(i int) bool { return !has[rooms[i]] }), nil
}
