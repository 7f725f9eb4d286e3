package mongo

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"salon/internal/chat"
)

// maxReservations bounds how many rooms' reservations are remembered.
const maxReservations = 1000

// reservations is what this node knows of the reservations of rooms for which nodes compete, or did.
type reservations struct {
	stored  *mongo.Collection
	timeout time.Duration // for one request
	node    string        // names this node among those that share the database
	publish func()        // makes this node's heads known at once
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error

	mu    sync.Mutex // guards what follows, and the reservations' fields
	rooms map[chat.RoomID]*reservation
}

// contest says that other nodes were quicker in room so often that this one must reserve it to get anything in.
func (rs *reservations) contest(room chat.RoomID) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.get(room).contested = true
}

// get returns what is known of room's reservation. rs.mu is held.
func (rs *reservations) get(room chat.RoomID) *reservation {
	r := rs.rooms[room]
	if r != nil {
		return r
	}
	if rs.rooms == nil {
		rs.rooms = map[chat.RoomID]*reservation{}
	}
	if len(rs.rooms) >= maxReservations {
		for other, r := range rs.rooms { // forgetting one costs the next writer there a holder's time, at most
			if !r.contested {
				delete(rs.rooms, other)
			}
		}
	}
	r = &reservation{}
	rs.rooms[room] = r
	return r
}

// wait returns when this node may write in room: at once where nobody competes or this node is the holder, else when it has
// become the holder. Other nodes will have written in the room then. Errors: those of the server and of ctx.
func (rs *reservations) wait(ctx context.Context, room chat.RoomID) (waited bool, err error) {
	for rs.mustWait(room) {
		if !waited {
			rs.publish() // if this node was the holder until now, the next one starts where it stopped
		}
		waited = true
		doc, err := rs.read(ctx, room)
		if err != nil {
			return waited, err
		}
		switch step, pause := rs.next(room, doc); step {
		case stepTake:
			err = rs.take(ctx, doc)
		case stepAsk:
			err = rs.ask(ctx, doc)
		default:
			err = rs.sleep(ctx, pause)
		}
		if err != nil {
			return waited, err
		}
	}
	return waited, nil
}

func (rs *reservations) mustWait(room chat.RoomID) bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := rs.rooms[room]
	return r != nil && r.mustWait(rs.now())
}

func (rs *reservations) next(room chat.RoomID, doc reservationDoc) (step, time.Duration) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.get(room).next(doc, rs.node, rs.now())
}

func (rs *reservations) read(ctx context.Context, room chat.RoomID) (reservationDoc, error) {
	ctx, cancel := context.WithTimeout(ctx, rs.timeout)
	defer cancel()
	doc := reservationDoc{Room: string(room)}
	err := rs.stored.FindOne(ctx, byID(string(room))).Decode(&doc)
	if errors.Is(err, mongo.ErrNoDocuments) {
		err = nil
	}
	return doc, err
}

// take makes this node the holder, if the reservation is still as seen. Whether it is the holder shows when the document
// is read again.
func (rs *reservations) take(ctx context.Context, seen reservationDoc) error {
	ctx, cancel := context.WithTimeout(ctx, rs.timeout)
	defer cancel()
	mine := reservationDoc{Room: seen.Room, Holder: rs.node, Number: seen.Number + 1}
	if seen.Number == 0 {
		if _, err := rs.stored.InsertOne(ctx, mine); err != nil && !mongo.IsDuplicateKeyError(err) {
			return err
		}
		return nil
	}
	_, err := rs.stored.UpdateOne(ctx, bson.D{{Key: "_id", Value: seen.Room}, {Key: "turn", Value: seen.Number}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "node", Value: mine.Holder}, {Key: "turn", Value: mine.Number}}}})
	return err
}

// ask enters this node as the next holder, unless another was quicker or the holder has changed.
func (rs *reservations) ask(ctx context.Context, seen reservationDoc) error {
	ctx, cancel := context.WithTimeout(ctx, rs.timeout)
	defer cancel()
	_, err := rs.stored.UpdateOne(ctx, bson.D{{Key: "_id", Value: seen.Room}, {Key: "turn", Value: seen.Number},
		{Key: "after", Value: bson.D{{Key: "$ne", Value: seen.Number}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "next", Value: rs.node}, {Key: "after", Value: seen.Number}}}})
	return err
}

// look finds out whether other nodes have reserved one of rooms, in which this node has written. A node that never loses a
// number learns in this way that others do.
func (rs *reservations) look(ctx context.Context, rooms []chat.RoomID) error {
	cursor, err := rs.stored.Find(ctx, byIDs(rooms))
	if err != nil {
		return err
	}
	var docs []reservationDoc
	if err := cursor.All(ctx, &docs); err != nil {
		return err
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, doc := range docs {
		r := rs.get(chat.RoomID(doc.Room))
		if r.see(doc, rs.node, rs.now()) && !r.mine {
			r.contested = true
		}
	}
	return nil
}
