// Package presence is the contract of the hot data: who is connected, where, as whom, in which rooms.
//
// Nothing here is lasting: a store may be emptied at any moment, and the nodes fill it again with what is theirs (their
// own sessions). Engines live in packages below and pass the one suite in presencetest. A Store is safe for concurrent use.
package presence

import (
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"time"

	"salon/internal/chat"
)

// The errors of every engine.
var (
	// ErrUnavailable says that the store did not answer. What was asked may or may not have happened; all calls may be
	// repeated.
	ErrUnavailable = errors.New("presence: unavailable")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("presence: closed")
	// ErrOtherHistory says that this node's history is not the one that the other nodes have: two SQLite files, or two
	// databases. Such a node must not serve.
	ErrOtherHistory = errors.New("presence: this node's history is not the other nodes'")
)

// Session is one connection's place in one room.
type Session struct {
	ID   string // the session's, unique in the whole system
	User chat.User
	At   time.Time // since when it is in the room
}

// Change is what a call made of a room.
type Change struct {
	// User came (it had no session in the room) or went (it has none any more). False when it only has one more or one
	// fewer.
	Edge  bool
	Count int // users in the room now
}

// Departure is a user's going from a room for another's reason: its node died.
type Departure struct {
	Room  chat.RoomID
	User  chat.User
	Count int // users in the room now
}

// Members is a page of a room's users.
type Members struct {
	Users []chat.User
	Count int    // users in the room
	Next  string // where the next page starts; "" when this is the last
	// Whole says that the set can be trusted to be complete. It is false for a while after the store was emptied, while the
	// nodes put their sessions back: who is missing then has not left.
	Whole bool
}

// Digest is what a room's users come to: two rooms with the same one have the same users, under the same names.
type Digest struct {
	Count int
	Sum   int64 // of [Weight] of each
}

// Weight is what a user adds to the sum of a room: the first 40 bits of a hash, so that the sum of thousands stays exact in a
// Lua script's numbers too, and sets that differ have the same sum once in a million million.
func Weight(u chat.User) int64 {
	sum := sha1.Sum([]byte(string(u.ID) + "\n" + u.Name + "\n" + u.Color))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 24)
}

// Store keeps who is where. Each node writes its own sessions only, by the name it opened the store with.
type Store interface {
	// Join puts the session in the room, or renews its user's name there when it is in it already.
	// Errors: [ErrUnavailable], [ErrClosed].
	Join(ctx context.Context, room chat.RoomID, s Session) (Change, error)

	// Leave takes the session out of the room; one that is not in it is no error (Edge is false).
	// Errors: [ErrUnavailable], [ErrClosed].
	Leave(ctx context.Context, room chat.RoomID, session string) (Change, error)

	// Members gives a page of the room's users, from where cursor says ("" for the start), at most limit, in an order that
	// stays the same while the set does. A user with many sessions is there once. Errors: [ErrUnavailable], [ErrClosed].
	Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (Members, error)

	// Counts gives how many users each of rooms has, one number for each room given, in the order given.
	// Errors: [ErrUnavailable], [ErrClosed].
	Counts(ctx context.Context, rooms []chat.RoomID) ([]int, error)

	// Digests tells how many users each of rooms has, and by a sum who they are, one digest for each room given, in the order
	// given. Errors: [ErrUnavailable], [ErrClosed].
	Digests(ctx context.Context, rooms []chat.RoomID) ([]Digest, error)

	// Rooms lists rooms that have members, with their counts, in no order, at most limit.
	// Errors: [ErrUnavailable], [ErrClosed].
	Rooms(ctx context.Context, limit int) (map[chat.RoomID]int, error)

	// Beat renews this node's lease, puts back whatever of this node's sessions the store lost, and takes out those of
	// nodes whose lease ended: the users gone by that come back, each told to one caller in the whole system. Nodes call
	// it every [BeatEvery]. Errors: [ErrUnavailable], [ErrClosed].
	Beat(ctx context.Context) ([]Departure, error)

	// Close takes this node's sessions out and gives up its lease, if the store answers in time.
	Close(ctx context.Context) error
}

// BeatEvery is how often nodes call Beat; Lease is how long a silent node's sessions stay. Together they keep the promise
// that a dead node's sessions are gone within 10 s.
const (
	BeatEvery = 2 * time.Second
	Lease     = 6 * time.Second
)
