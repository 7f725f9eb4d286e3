// Package mongo keeps history in MongoDB, or in a server that speaks as MongoDB does, so that any number of nodes share
// it. docs/SCHEMA.md describes what is stored.
//
// It owns one goroutine, which writes the rooms' heads, and caches that can be forgotten at any time: the unique keys of the
// events decide what a log's next number is, whichever node asks.
//
// Locks: heads.mu, headWriter.mu, roomLocks.mu and reservations.mu, never two at once and never while waiting. A room's lock
// (one append at a time in a room of this store) is taken with a context, before any of them.
package mongo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/mongoconn"
)

// Store is a [history.Store] in a database that others use too.
type Store struct {
	db   *mongoconn.DB
	now  func() time.Time // the clock for the events' times
	meta *mongo.Collection

	events       *eventLog
	rooms        *roomList
	heads        *heads
	writer       *headWriter
	reservations *reservations
	locks        roomLocks
	counts       counts
	id           atomic.Pointer[string]
}

var (
	_ history.Store    = (*Store)(nil)
	_ history.Importer = (*Store)(nil)
)

// counts counts what a store did since it was opened. Close logs them.
type counts struct {
	appends   atomic.Uint64 // calls of Append that stored or found everything
	inserts   atomic.Uint64 // requests that stored at least one event
	events    atomic.Uint64 // events stored, as far as known at once
	conflicts atomic.Uint64 // inserts that were refused because another node had taken the number
	repeats   atomic.Uint64 // sends that turned out to be stored already
	unknown   atomic.Uint64 // inserts of which it could not be told at once what they stored
}

// New makes the collections and indexes that are missing in db, and logs what the server offers of what is used. The store
// and db are closed together.
func New(ctx context.Context, db *mongoconn.DB) (*Store, error) {
	s := newStore(db)
	if err := s.prepare(ctx); err != nil {
		return nil, db.Translate(ctx, "prepare the history", err)
	}
	db.Log.Info("history in MongoDB", "clustered", s.events.clustered)
	s.writer.start()
	db.BeforeClose(s.stop)
	return s, nil
}

// Source gives the history in db for reading only: it makes nothing in db. Of the store's methods, those that write must not be
// called. Errors: [history.ErrNone].
func Source(ctx context.Context, db *mongoconn.DB) (*Store, error) {
	s := newStore(db)
	err := s.findEvents(ctx)
	if err == nil {
		err = s.readID(ctx)
	}
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, history.ErrNone
	}
	if err != nil {
		return nil, db.Translate(ctx, "look for the history", err)
	}
	return s, nil
}

func newStore(db *mongoconn.DB) *Store {
	s := &Store{
		db: db, now: time.Now, meta: db.Collection("meta"),
		events: &eventLog{events: db.Collection("events"), timeout: db.Timeout},
		rooms:  &roomList{rooms: db.Collection("rooms"), timeout: db.Timeout},
	}
	s.heads = &heads{events: s.events, rooms: s.rooms, log: db.Log}
	s.writer = &headWriter{timeout: db.Timeout, write: s.writeHeads, failed: s.headsNotWritten}
	s.reservations = &reservations{
		stored: db.Collection("floors"), timeout: db.Timeout, node: chat.NewNodeID(),
		publish: s.writer.flush, now: time.Now, sleep: mongoconn.Sleep,
	}
	return s
}

// prepare makes what is missing in the database. Several nodes may do so at once.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.makeEvents(ctx); err != nil {
		return err
	}
	for _, c := range []*mongo.Collection{s.rooms.rooms, s.reservations.stored, s.meta} {
		if err := s.db.Create(ctx, c.Name()); err != nil {
			return err
		}
	}
	_, err := s.identify(ctx)
	return err
}

// makeEvents makes the collection of the events, clustered where the server can, and finds out whether it is.
func (s *Store) makeEvents(ctx context.Context) error {
	name := s.events.events.Name()
	err := s.db.Create(ctx, name, options.CreateCollection().SetClusteredIndex(
		bson.D{{Key: "key", Value: bson.D{{Key: "_id", Value: 1}}}, {Key: "unique", Value: true}}))
	if err != nil && !mongoconn.Unsent(err) {
		err = s.db.Create(ctx, name) // a compatible server may refuse the option, in words of its own
	}
	if err != nil {
		return err
	}
	if err := s.findEvents(ctx); err != nil {
		return err
	}
	// (room, seq) is unique by _id, see eventID.
	return s.db.Index(ctx, s.events.events, "room_user_cid", true, "room", "user.id", "cid")
}

// findEvents finds out whether the collection of the events is clustered. A server that does not know that option may have
// passed over it.
func (s *Store) findEvents(ctx context.Context) error {
	name := s.events.events.Name()
	specs, err := s.db.Collections(ctx, name)
	if err != nil {
		return fmt.Errorf("look at the collection %s: %w", name, err)
	}
	for _, spec := range specs {
		if _, err := spec.Options.LookupErr("clusteredIndex"); err == nil {
			s.events.clustered = true
		}
	}
	return nil
}

// writeHeads stores heads, and looks whether other nodes want to write in the same rooms.
func (s *Store) writeHeads(ctx context.Context, heads map[chat.RoomID]position) error {
	// The events are on a majority, so the heads need not be.
	quick := s.db.Collection(s.rooms.rooms.Name(), options.Collection().SetWriteConcern(writeconcern.W1()))
	if err := (&roomList{rooms: quick, timeout: s.db.Timeout}).raise(ctx, heads); err != nil {
		return err
	}
	rooms := make([]chat.RoomID, 0, len(heads))
	for room := range heads {
		rooms = append(rooms, room)
	}
	return s.reservations.look(ctx, rooms)
}

func (s *Store) headsNotWritten(rooms int, err error) {
	s.db.Log.Debug("the heads of rooms were not written, or reservations not read", "rooms", rooms, "error", s.db.Redact(err))
}

// fail translates an error of a method for its caller, whose context ctx is.
func (s *Store) fail(ctx context.Context, what string, err error) error {
	return s.db.Translate(ctx, what, err, history.ErrTooLarge, history.ErrConflict, errMissing)
}

// Close waits for the calls under way, writes the last heads and disconnects.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) stop() {
	s.writer.stop()
	c := &s.counts
	s.db.Log.Debug("history in MongoDB closed", "appends", c.appends.Load(), "inserts", c.inserts.Load(), "events", c.events.Load(),
		"conflicts", c.conflicts.Load(), "repeats", c.repeats.Load(), "unknown", c.unknown.Load())
}

// ID is found out by New and kept.
func (s *Store) ID(ctx context.Context) (string, error) {
	if err := s.db.Enter(); err != nil {
		return "", err
	}
	defer s.db.Leave()
	if id := s.id.Load(); id != nil {
		return *id, nil
	}
	id, err := s.identify(ctx)
	return id, s.fail(ctx, "read the history's id", err)
}

// historyID is the _id of the document that names the history.
const historyID = "history"

// identify reads the history's name, and gives it one if it has none. Of several nodes that do so at once, one's stays.
func (s *Store) identify(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.db.Timeout)
	defer cancel()
	err := s.readID(ctx)
	if errors.Is(err, mongo.ErrNoDocuments) {
		name := "h_" + strings.ToLower(rand.Text())
		_, err = s.meta.InsertOne(ctx, bson.D{{Key: "_id", Value: historyID}, {Key: "name", Value: name}, {Key: "created", Value: s.now().UTC()}})
		if err == nil || mongo.IsDuplicateKeyError(err) {
			err = s.readID(ctx)
		}
	}
	if err != nil {
		return "", err
	}
	return *s.id.Load(), nil
}

// readID reads the history's name and keeps it. Errors: the driver's ErrNoDocuments, when it has none.
func (s *Store) readID(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.db.Timeout)
	defer cancel()
	var doc struct {
		Name string `bson:"name"`
	}
	err := s.meta.FindOne(ctx, byID(historyID)).Decode(&doc)
	if err == nil && doc.Name == "" {
		err = mongo.ErrNoDocuments // a document of another program
	}
	if err == nil {
		s.id.Store(&doc.Name)
	}
	return err
}
