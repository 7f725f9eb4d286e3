package mongo

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"salon/internal/chat"
)

// hints writes, a little later and for many rooms together, how far each log goes, so that whoever does not know a room
// starts looking near its end. One that is lost or late costs a few reads, nothing else; so nobody waits for them.
type hints struct {
	s      *Store
	wake   chan struct{} // holds one token when there is something to write
	now    chan struct{} // holds one token when someone waits for it
	ending chan struct{} // closed to end
	ended  chan struct{} // closed when the goroutine has ended

	mu    sync.Mutex // guards what follows
	fresh map[chat.RoomID]mark
}

// hintEvery is the shortest time between two writes of hints.
const hintEvery = 100 * time.Millisecond

func startHints(s *Store) *hints {
	h := &hints{s: s, wake: make(chan struct{}, 1), now: make(chan struct{}, 1), ending: make(chan struct{}), ended: make(chan struct{}), fresh: map[chat.RoomID]mark{}}
	go h.run()
	return h
}

// note takes a room's head to write.
func (h *hints) note(room chat.RoomID, head mark) {
	h.mu.Lock()
	h.fresh[room] = later(h.fresh[room], head)
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// hurry has what is noted written at once.
func (h *hints) hurry() {
	select {
	case h.now <- struct{}{}:
	default:
	}
}

// stop writes what is left, if the server lets it, and waits for the goroutine.
func (h *hints) stop() {
	close(h.ending)
	<-h.ended
}

func (h *hints) run() {
	defer close(h.ended)
	ctx := context.Background() // each write has a time of its own
	for {
		select {
		case <-h.wake:
			h.write(ctx)
		case <-h.ending:
			h.write(ctx)
			return
		}
		pause := time.NewTimer(hintEvery)
		select {
		case <-pause.C:
		case <-h.now:
			h.write(ctx)
		case <-h.ending:
		}
		pause.Stop()
	}
}

func (h *hints) write(ctx context.Context) {
	h.mu.Lock()
	fresh := h.fresh
	h.fresh = map[chat.RoomID]mark{}
	h.mu.Unlock()
	if len(fresh) == 0 {
		return
	}
	var changes []mongo.WriteModel
	rooms := make([]chat.RoomID, 0, len(fresh))
	for room, m := range fresh {
		rooms = append(rooms, room)
		changes = append(changes, mongo.NewUpdateOneModel().SetFilter(bson.D{{Key: "_id", Value: string(room)}}).
			SetUpdate(bson.D{{Key: "$max", Value: bson.D{{Key: "head", Value: int64(m.seq)}, {Key: "at", Value: m.at}}}}))
	}
	ctx, cancel := context.WithTimeout(ctx, h.s.timeout)
	defer cancel()
	// The event is on a majority, so the hint need not be.
	in := h.s.db.Collection(h.s.rooms.Name(), options.Collection().SetWriteConcern(writeconcern.W1()))
	_, err := in.BulkWrite(ctx, changes, options.BulkWrite().SetOrdered(false))
	if err == nil {
		err = h.s.floors.look(ctx, rooms)
	}
	if err != nil {
		h.s.log.Debug("hints of heads were not written, or floors not read", "rooms", len(fresh), "error", h.s.secret.Replace(err.Error()))
	}
}

// front gives the newest event known of a room that is about to be written in, and makes the room's document if it is
// missing. The hint is not believed when its event is not there (someone emptied one collection and not the other):
// writing behind it would leave a hole.
func (s *Store) front(ctx context.Context, room chat.RoomID) (mark, error) {
	if known, ok := s.marks.get(room); ok {
		return known, nil
	}
	doc, err := s.openRoom(ctx, room)
	if err != nil {
		return mark{}, err
	}
	hint := doc.mark()
	front, err := s.reader.last(ctx, room, mark{seq: max(hint.seq, 1) - 1})
	if err == nil && front.seq < hint.seq {
		s.log.Warn("a room's hint is ahead of its log", "room", room, "hint", hint.seq)
		front, err = s.reader.last(ctx, room, mark{})
	}
	if err != nil {
		return mark{}, err
	}
	s.marks.put(room, front)
	return front, nil
}

// openRoom gives the room's document and makes it if it is missing.
func (s *Store) openRoom(ctx context.Context, room chat.RoomID) (roomDoc, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	for try := 1; ; try++ {
		var doc roomDoc
		err := s.rooms.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: string(room)}},
			bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "head", Value: int64(0)}}}},
			options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)).Decode(&doc)
		if mongo.IsDuplicateKeyError(err) && try < 3 { // another node made it between the looking and the making
			continue
		}
		if errors.Is(err, mongo.ErrNoDocuments) { // a server that gives back nothing for what was unchanged
			err = s.rooms.FindOne(ctx, bson.D{{Key: "_id", Value: string(room)}}).Decode(&doc)
		}
		return doc, err
	}
}
