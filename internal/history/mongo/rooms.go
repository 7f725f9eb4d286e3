package mongo

import (
	"context"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"salon/internal/chat"
)

// roomList is the collection of the rooms. A room's document is made before the room's first event, and tells a head that
// the room had not long ago, so that a node that does not know the room starts looking near the log's end.
type roomList struct {
	rooms   *mongo.Collection
	timeout time.Duration // for one request
}

// open returns the room's document and makes it if it is missing.
func (l *roomList) open(ctx context.Context, room chat.RoomID) (roomDoc, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	for try := 1; ; try++ {
		var doc roomDoc
		err := l.rooms.FindOneAndUpdate(ctx, byID(string(room)),
			bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "head", Value: int64(0)}}}},
			options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)).Decode(&doc)
		if mongo.IsDuplicateKeyError(err) && try < 3 { // another node made it between the looking and the making
			continue
		}
		return doc, err
	}
}

func (l *roomList) find(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]roomDoc, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	cursor, err := l.rooms.Find(ctx, filter, o...)
	if err != nil {
		return nil, err
	}
	var docs []roomDoc
	return docs, cursor.All(ctx, &docs)
}

// after returns the documents of at most limit rooms whose names come after the one given.
func (l *roomList) after(ctx context.Context, room chat.RoomID, limit int) ([]roomDoc, error) {
	return l.find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: string(room)}}}},
		options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit)))
}

// heads returns what the rooms' documents say of their heads. A room without a document has no events.
func (l *roomList) heads(ctx context.Context, rooms []chat.RoomID) (map[chat.RoomID]position, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	docs, err := l.find(ctx, byIDs(rooms))
	if err != nil {
		return nil, err
	}
	heads := make(map[chat.RoomID]position, len(docs))
	for _, d := range docs {
		heads[chat.RoomID(d.ID)] = d.position()
	}
	return heads, nil
}

// raise stores later heads of rooms.
func (l *roomList) raise(ctx context.Context, heads map[chat.RoomID]position) error {
	var changes []mongo.WriteModel
	for room, p := range heads {
		changes = append(changes, mongo.NewUpdateOneModel().SetFilter(byID(string(room))).
			SetUpdate(bson.D{{Key: "$max", Value: bson.D{{Key: "head", Value: int64(p.seq)}, {Key: "at", Value: p.at}}}}))
	}
	_, err := l.rooms.BulkWrite(ctx, changes, options.BulkWrite().SetOrdered(false))
	return err
}

// headWriter writes the heads to the rooms' documents, a little later and for many rooms together. A head that is lost or
// late costs whoever looks for the log's end a few reads and nothing else, so nobody waits for the writer.
type headWriter struct {
	write   func(context.Context, map[chat.RoomID]position) error
	failed  func(rooms int, err error)
	timeout time.Duration // for one write

	wake   chan struct{} // holds one token when there is something to write
	hurry  chan struct{} // holds one token when it is to be written at once
	ending chan struct{} // closed to end
	ended  chan struct{} // closed when the goroutine has ended

	mu    sync.Mutex // guards what follows
	heads map[chat.RoomID]position
}

// headsEvery is the shortest time between two writes.
const headsEvery = 100 * time.Millisecond

func (w *headWriter) start() {
	w.wake, w.hurry = make(chan struct{}, 1), make(chan struct{}, 1)
	w.ending, w.ended = make(chan struct{}), make(chan struct{})
	w.heads = map[chat.RoomID]position{}
	go w.run()
}

// add takes a room's head to write.
func (w *headWriter) add(room chat.RoomID, head position) {
	w.mu.Lock()
	w.heads[room] = later(w.heads[room], head)
	w.mu.Unlock()
	signal(w.wake)
}

// flush has what was added written at once.
func (w *headWriter) flush() { signal(w.hurry) }

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// stop writes what is left, if the server lets it, and waits for the goroutine.
func (w *headWriter) stop() {
	close(w.ending)
	<-w.ended
}

func (w *headWriter) run() {
	defer close(w.ended)
	ctx := context.Background() // each write has a deadline of its own
	for {
		select {
		case <-w.wake:
			w.writeAll(ctx)
		case <-w.ending:
			w.writeAll(ctx)
			return
		}
		pause := time.NewTimer(headsEvery)
		select {
		case <-pause.C:
		case <-w.hurry:
			w.writeAll(ctx)
		case <-w.ending:
		}
		pause.Stop()
	}
}

func (w *headWriter) writeAll(ctx context.Context) {
	w.mu.Lock()
	heads := w.heads
	w.heads = map[chat.RoomID]position{}
	w.mu.Unlock()
	if len(heads) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	if err := w.write(ctx, heads); err != nil {
		w.failed(len(heads), err)
	}
}
