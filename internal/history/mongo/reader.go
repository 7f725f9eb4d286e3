package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"salon/internal/chat"
)

// reader finds events by their numbers, in the way that suits the server.
type reader interface {
	// last gives the mark of room's newest event, from itself when there is none after it.
	last(ctx context.Context, room chat.RoomID, from mark) (mark, error)
	// span gives those of the events first to last that there are, in order.
	span(ctx context.Context, room chat.RoomID, first, last uint64) ([]chat.Event, error)
	// sends gives the stored form of those of events that are in room. head is the log's last number; the first of events
	// is known to be stored.
	sends(ctx context.Context, room chat.RoomID, head uint64, events []chat.Event) ([]chat.Event, error)
	// grown tells which of rooms, by index, may have events after their marks.
	grown(ctx context.Context, rooms []chat.RoomID, from []mark) ([]int, error)
}

func newReader(s *Store) reader {
	r := ranges{s}
	if !s.server.scans {
		return r
	}
	p := &points{ranges: r}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	n, err := s.events.EstimatedDocumentCount(ctx)
	if err != nil { // it only weighs two ways that are both right
		n = 0
	}
	p.before.Store(n)
	return p
}

// ranges reads by ranges of _id: one request, and one step into the index or the clustered collection. The room is in
// every filter so that a router of shards asks only those that have it.
type ranges struct{ s *Store }

func (r ranges) last(ctx context.Context, room chat.RoomID, from mark) (mark, error) {
	newest := r.byID(options.Find()).SetSort(bson.D{{Key: "_id", Value: -1}}).SetLimit(1).
		SetProjection(bson.D{{Key: "seq", Value: 1}, {Key: "at", Value: 1}})
	found, err := r.s.findEvents(ctx, between(room, bson.D{{Key: "$gt", Value: eventID(room, from.seq)}, {Key: "$lt", Value: endID(room)}}), newest)
	if err != nil || len(found) == 0 {
		return from, err
	}
	return markOf(found[0]), nil
}

func (r ranges) span(ctx context.Context, room chat.RoomID, first, last uint64) ([]chat.Event, error) {
	return r.s.findEvents(ctx, between(room, bson.D{{Key: "$gte", Value: eventID(room, first)}, {Key: "$lte", Value: eventID(room, last)}}),
		r.byID(options.Find()).SetSort(bson.D{{Key: "_id", Value: 1}}))
}

// byID has the server go by _id. Some would rather go by another index that begins with the room, and read all of it:
// MongoDB before 6.2 where the collection is clustered.
func (r ranges) byID(o *options.FindOptionsBuilder) *options.FindOptionsBuilder {
	if r.s.server.scans {
		return o
	}
	return o.SetHint(bson.D{{Key: "_id", Value: 1}})
}

func (r ranges) sends(ctx context.Context, room chat.RoomID, _ uint64, events []chat.Event) ([]chat.Event, error) {
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
		some, err := r.s.findEvents(ctx, bson.D{{Key: "$or", Value: any}})
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func between(room chat.RoomID, ids bson.D) bson.D {
	return bson.D{{Key: "room", Value: string(room)}, {Key: "_id", Value: ids}}
}

// fewRooms is up to how many rooms are asked about one by one, at once, rather than sifted by one request first.
const fewRooms = 8

func (r ranges) grown(ctx context.Context, rooms []chat.RoomID, from []mark) ([]int, error) {
	all := make([]int, len(rooms))
	for i := range all {
		all[i] = i
	}
	// A clustered collection answers a list of ids by reading everything from the first to the last of them.
	if len(rooms) <= fewRooms || r.s.server.clustered {
		return all, nil
	}
	names, next := make([]string, len(rooms)), make([]string, len(rooms))
	for i, room := range rooms {
		names[i], next[i] = string(room), eventID(room, from[i].seq+1)
	}
	found, err := r.s.findEvents(ctx, bson.D{{Key: "room", Value: bson.D{{Key: "$in", Value: names}}}, {Key: "_id", Value: bson.D{{Key: "$in", Value: next}}}},
		r.byID(options.Find()).SetProjection(bson.D{{Key: "_id", Value: 1}, {Key: "room", Value: 1}}))
	if err != nil {
		return nil, err
	}
	has := map[chat.RoomID]bool{}
	for _, e := range found {
		has[e.Room] = true
	}
	var some []int
	for i, room := range rooms {
		if has[room] {
			some = append(some, i)
		}
	}
	return some, nil
}
