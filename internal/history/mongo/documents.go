package mongo

import (
	"fmt"
	"time"

	"salon/internal/chat"
)

// eventDoc is an event as stored. docs/SCHEMA.md describes it.
type eventDoc struct {
	ID   string    `bson:"_id"` // see eventID
	Room string    `bson:"room"`
	Seq  int64     `bson:"seq"`
	Kind string    `bson:"kind"`
	At   time.Time `bson:"at"`
	User userPart  `bson:"user"`
	CID  string    `bson:"cid"`
	Text string    `bson:"text"`
}

type userPart struct {
	ID    string `bson:"id"`
	Name  string `bson:"name"`
	Color string `bson:"color"`
}

// maxSeq is the last number that eventID keeps in order.
const maxSeq = 999_999_999_999

// eventID is an event's _id: the room, a slash (no room's name has one) and the number in twelve digits. So the order of
// the ids is the order of the log, a room's ids stand together, and their being unique is the uniqueness of (room, seq).
func eventID(room chat.RoomID, seq uint64) string { return fmt.Sprintf("%s/%012d", room, seq) }

// endID is above every id of room and below those of all rooms after it: '0' follows '/' in ASCII.
func endID(room chat.RoomID) string { return string(room) + "0" }

func newEventDoc(e chat.Event) eventDoc {
	return eventDoc{
		ID: eventID(e.Room, e.Seq), Room: string(e.Room), Seq: int64(e.Seq), Kind: string(e.Kind), At: e.At,
		User: userPart{ID: string(e.User.ID), Name: e.User.Name, Color: e.User.Color}, CID: e.CID, Text: e.Text,
	}
}

func (d eventDoc) event() chat.Event {
	return chat.Event{
		Room: chat.RoomID(d.Room), Seq: uint64(d.Seq), Kind: chat.Kind(d.Kind), At: d.At.UTC(),
		User: chat.User{ID: chat.UserID(d.User.ID), Name: d.User.Name, Color: d.User.Color}, CID: d.CID, Text: d.Text,
	}
}

// maxEvent is the largest document of a server, in bytes: 16 MiB (MongoDB's "Limits and Thresholds").
const maxEvent = 16 << 20

// sizeOf bounds an event's size as a document, in bytes: its texts, and generously for names and types of the fields.
func sizeOf(room chat.RoomID, e chat.Event) int {
	return len(e.Text) + len(e.CID) + len(e.Kind) + len(e.User.ID) + len(e.User.Name) + len(e.User.Color) + 2*len(room) + 256
}

// roomDoc says that a room may have events, and what its head was not long ago.
type roomDoc struct {
	ID   string    `bson:"_id"`  // the room's name
	Head int64     `bson:"head"` // an event with this number is stored; 0: perhaps none is
	At   time.Time `bson:"at"`   // its time
}

func (d roomDoc) mark() mark {
	m := mark{seq: uint64(d.Head)}
	if m.seq > 0 {
		m.at = d.At.UTC()
	}
	return m
}

type userDoc struct {
	ID      string    `bson:"_id"`
	Name    string    `bson:"name"`
	Color   string    `bson:"color"`
	Created time.Time `bson:"created"`
}

type tokenDoc struct {
	Hash  string    `bson:"_id"` // hexadecimal
	User  string    `bson:"user"`
	Added time.Time `bson:"added"`
}

type nameDoc struct {
	Key   string    `bson:"_id"`
	User  string    `bson:"user"`
	Until time.Time `bson:"until"`
}
