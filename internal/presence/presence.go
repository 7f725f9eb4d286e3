// Package presence is the contract of the store that knows who is connected, where, under which name and in which rooms.
//
// Nothing in the store is permanent. It may be emptied at any moment, and then each node puts its own sessions back.
// Engines live in packages below this one and pass the suite in presencetest. A Store is safe for concurrent use.
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
	// ErrUnavailable means that the store did not answer. The call may or may not have taken effect. Every call may be
	// repeated.
	ErrUnavailable = errors.New("presence: unavailable")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("presence: closed")
	// ErrOtherHistory means that this node stores its history elsewhere than the other nodes do: in another SQLite file, or
	// in another database. Such a node must not serve.
	ErrOtherHistory = errors.New("presence: this node's history is not the other nodes'")
)

// Session is one connection's place in one room.
type Session struct {
	ID   string // the session's ID, unique among all nodes
	User chat.User
	At   time.Time // when the session joined the room
}

// Change says how a call changed a room's users.
type Change struct {
	First bool // from Join: the user had no session in the room before
	Last  bool // from Leave: the user has no session in the room any more
	Count int  // users in the room now
}

// Departure is a user who left a room because a node died.
type Departure struct {
	Room  chat.RoomID
	User  chat.User
	Count int // users in the room now
}

// Members is a page of a room's users.
type Members struct {
	Users []chat.User
	Count int    // users in the room
	Next  string // the cursor of the next page; "" when this is the last page
	// Whole is true when the set is known to be complete. It is false for a while after the store was emptied, while the
	// nodes put their sessions back. A user who is missing in that time has not left.
	Whole bool
}

// Digest summarises a room's users. Two rooms with the same digest have the same users, under the same names.
type Digest struct {
	Count int
	Sum   int64 // the sum of the users' [Weight]
}

// Weight is what a user adds to its room's [Digest]: the first 40 bits of a hash. With 40 bits, the sum of thousands of
// users stays exact in a Lua script's numbers, and two different sets have the same sum once in a million million.
func Weight(u chat.User) int64 {
	sum := sha1.Sum([]byte(string(u.ID) + "\n" + u.Name + "\n" + u.Color))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 24)
}

// Store keeps who is in which room. Each node opens the store under its own name and writes only its own sessions.
type Store interface {
	// Join puts the session in the room. If the session is in the room already, Join updates its user's name there.
	// Errors: [ErrUnavailable], [ErrClosed].
	Join(ctx context.Context, room chat.RoomID, s Session) (Change, error)

	// Leave takes the session out of the room. If the session is not in the room, that is no error, and Last is false.
	// Errors: [ErrUnavailable], [ErrClosed].
	Leave(ctx context.Context, room chat.RoomID, session string) (Change, error)

	// Members returns a page of at most limit users of the room, starting at cursor ("" for the first page). The order
	// stays the same while the set does. A user with several sessions is listed once.
	// Errors: [ErrUnavailable], [ErrClosed].
	Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (Members, error)

	// Counts returns the number of users in each of rooms, in the order of rooms. Errors: [ErrUnavailable], [ErrClosed].
	Counts(ctx context.Context, rooms []chat.RoomID) ([]int, error)

	// Digests returns the digest of each of rooms, in the order of rooms. Errors: [ErrUnavailable], [ErrClosed].
	Digests(ctx context.Context, rooms []chat.RoomID) ([]Digest, error)

	// Rooms returns at most limit rooms that have users, with their counts, in no particular order.
	// Errors: [ErrUnavailable], [ErrClosed].
	Rooms(ctx context.Context, limit int) (map[chat.RoomID]int, error)

	// Beat renews this node's lease. It puts back the sessions of this node that the store lost, and removes the sessions
	// of nodes whose lease has ended. It returns the users who left a room by that removal. Each departure is returned to
	// one caller among all nodes. Nodes call Beat every [BeatEvery]. Errors: [ErrUnavailable], [ErrClosed].
	Beat(ctx context.Context) ([]Departure, error)

	// Close removes this node's sessions and its lease, if the store answers before ctx ends.
	Close(ctx context.Context) error
}

// BeatEvery is the time between two calls of Beat. Lease is how long the sessions of a node stay after its last Beat.
// Together they keep the promise that a dead node's sessions are gone within 10 s.
const (
	BeatEvery = 2 * time.Second
	Lease     = 6 * time.Second
)
