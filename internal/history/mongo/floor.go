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

// Whoever has just stored a batch knows the head, and would get the next numbers too while the others still read it: of
// several nodes with much to say in one room, one would go on for ever. So a node that loses number after number takes
// the room's floor, a document that names a node, and the others leave it the room for a slot of time. Meanwhile one of
// them asks to be next, the sooner the longer ago it had the floor, so that it goes round; at the end of the slot that
// one takes it. In its slot a node is as quick as a node alone.
//
// The floor is courtesy. What is stored where, the unique keys decide; a node that does not see the document in time,
// has a wrong clock or dies costs time and nothing else. Times are measured by each node from what it sees.
const (
	floorSlot  = 100 * time.Millisecond // how long a node has the room
	floorGrace = 50 * time.Millisecond  // how long it then waits for the next to take the floor, before it goes on as if alone
	floorYield = 25 * time.Millisecond  // how long the others leave the floor to the next, before one of them takes it
	floorPoll  = 4 * time.Millisecond   // how far from one another those who wait look, about
	lostToAsk  = 4                      // so many numbers lost in a row make a node take the floor
)

// lateTurns tells an answer that came late, of two who looked at once, from a floor that begins anew.
const lateTurns = 10

// maxFloors bounds how many rooms' floors are remembered.
const maxFloors = 1000

// floorDoc is a room's floor.
type floorDoc struct {
	Room string `bson:"_id"`
	Node string `bson:"node"`
	Turn int64  `bson:"turn"` // grows by one each time the floor is taken

	Next  string `bson:"next,omitempty"`  // who asked to have it after that turn
	After int64  `bson:"after,omitempty"` // which turn; another than Turn: nobody has asked yet
}

func (doc floorDoc) asked() bool { return doc.After == doc.Turn }

// floors is what a store knows of the floors of rooms for which nodes compete, or did.
type floors struct {
	s    *Store
	node string // names this store among those that share the database

	mu sync.Mutex // guards what follows, the floors' fields too
	of map[chat.RoomID]*floor
}

type floor struct {
	sought bool      // others want the room as well
	turn   int64     // the last one seen
	since  time.Time // when it was seen first
	sure   bool      // it began then, as the look before was just before
	looked time.Time // the last time
	mine   bool      // it is this store's
	had    int64     // the last turn that was this store's, 0 for none
}

// step is what a store that waits for a floor does now.
type step int

const (
	stepLook step = iota // again, after a while
	stepAsk              // to be next
	stepTake
)

// seek says that others were quicker in room so often that it takes the floor to get anything in.
func (f *floors) seek(room chat.RoomID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.get(room).sought = true
}

// get gives what is known of room's floor. f.mu is held.
func (f *floors) get(room chat.RoomID) *floor {
	known := f.of[room]
	if known != nil {
		return known
	}
	if f.of == nil {
		f.of = map[chat.RoomID]*floor{}
	}
	if len(f.of) >= maxFloors {
		for other, known := range f.of { // forgetting one costs the next writer there a slot, at most
			if !known.sought {
				delete(f.of, other)
			}
		}
	}
	known = &floor{}
	f.of[room] = known
	return known
}

// wait returns when this store may write in room: at once where nobody competes or it has the floor, else when it has
// got it; then others will have written there. Errors: those of the server and of ctx.
func (f *floors) wait(ctx context.Context, room chat.RoomID) (waited bool, err error) {
	for f.mustWait(room) {
		if !waited {
			f.s.hints.hurry() // if it was our slot that ended, the next one starts where we stopped
		}
		waited = true
		doc, err := f.read(ctx, room)
		if err != nil {
			return waited, err
		}
		switch step, wait := f.next(room, doc); step {
		case stepTake:
			err = f.take(ctx, doc)
		case stepAsk:
			err = f.ask(ctx, doc)
		default:
			err = sleep(ctx, wait)
		}
		if err != nil {
			return waited, err
		}
	}
	return waited, nil
}

func (f *floors) mustWait(room chat.RoomID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.of[room]
	return known != nil && known.sought && !(known.mine && time.Since(known.since) < floorSlot)
}

// next takes in what the floor's document says, and tells what to do now; stepLook: after which time to look at it
// again, if it is still to be waited for.
func (f *floors) next(room chat.RoomID, doc floorDoc) (now step, wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.get(room)
	known.see(doc, f.node)
	age := time.Since(known.since)
	if known.mine {
		switch {
		case age < floorSlot:
			return stepLook, 0
		case !doc.asked() || age >= floorSlot+floorGrace: // nobody else wants it, or is there to take it
			known.sought = false
			return stepLook, 0
		}
		return stepLook, jitter(floorPoll)
	}
	due := floorSlot
	switch {
	case doc.Turn == 0:
		return stepTake, 0
	case !doc.asked():
		due = known.patience()
		if age >= due {
			return stepAsk, 0
		}
	case doc.Next == f.node:
		if age >= due {
			return stepTake, 0
		}
	case age >= due+floorYield:
		return stepTake, 0
	}
	if age >= due || !known.sure { // who sees when a turn begins knows when it ends
		return stepLook, jitter(floorPoll)
	}
	return stepLook, due - age
}

// patience is how far into a slot a store asks to be next: at once where it has never had the floor, half-way where the
// slot before was its own. floors.mu is held.
func (known *floor) patience() time.Duration {
	if known.had == 0 {
		return 0
	}
	return floorSlot / time.Duration(1+known.turn-known.had)
}

// see takes in a floor's document and says whether it was news. floors.mu is held.
func (known *floor) see(doc floorDoc, node string) bool {
	before, now := known.looked, time.Now()
	known.looked = now
	if late := known.turn - doc.Turn; late == 0 || doc.Turn > 0 && late > 0 && late < lateTurns {
		return false
	}
	known.turn, known.since, known.sure, known.mine = doc.Turn, now, now.Sub(before) < 3*floorPoll, doc.Node == node
	if known.mine {
		known.had = doc.Turn
	} else if known.had > doc.Turn { // somebody has emptied the collection
		known.had = 0
	}
	return true
}

func (f *floors) read(ctx context.Context, room chat.RoomID) (floorDoc, error) {
	ctx, cancel := context.WithTimeout(ctx, f.s.timeout)
	defer cancel()
	doc := floorDoc{Room: string(room)}
	err := f.s.floor.FindOne(ctx, byID(string(room))).Decode(&doc)
	if errors.Is(err, mongo.ErrNoDocuments) {
		err = nil
	}
	return doc, err
}

// take makes the floor this store's, if it is still as seen. Whether that went well shows when it is read again.
func (f *floors) take(ctx context.Context, seen floorDoc) error {
	ctx, cancel := context.WithTimeout(ctx, f.s.timeout)
	defer cancel()
	mine := floorDoc{Room: seen.Room, Node: f.node, Turn: seen.Turn + 1}
	if seen.Turn == 0 {
		if _, err := f.s.floor.InsertOne(ctx, mine); err != nil && !mongo.IsDuplicateKeyError(err) {
			return err
		}
		return nil
	}
	_, err := f.s.floor.UpdateOne(ctx, bson.D{{Key: "_id", Value: seen.Room}, {Key: "turn", Value: seen.Turn}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "node", Value: mine.Node}, {Key: "turn", Value: mine.Turn}}}})
	return err
}

// ask enters this store as the next to have the floor, unless another was quicker or the turn is over.
func (f *floors) ask(ctx context.Context, seen floorDoc) error {
	ctx, cancel := context.WithTimeout(ctx, f.s.timeout)
	defer cancel()
	_, err := f.s.floor.UpdateOne(ctx, bson.D{{Key: "_id", Value: seen.Room}, {Key: "turn", Value: seen.Turn},
		{Key: "after", Value: bson.D{{Key: "$ne", Value: seen.Turn}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "next", Value: f.node}, {Key: "after", Value: seen.Turn}}}})
	return err
}

// look finds out whether others seek one of rooms, in which this store has written. It is how a node that loses nothing
// learns that the others do.
func (f *floors) look(ctx context.Context, rooms []chat.RoomID) error {
	ids := make([]string, len(rooms))
	for i, room := range rooms {
		ids[i] = string(room)
	}
	cursor, err := f.s.floor.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	if err != nil {
		return err
	}
	var docs []floorDoc
	if err := cursor.All(ctx, &docs); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, doc := range docs {
		known := f.get(chat.RoomID(doc.Room))
		if known.see(doc, f.node) && !known.mine {
			known.sought = true
		}
	}
	return nil
}
