package mongo

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

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

// eventID is an event's _id: the room, a slash (no room's name has one) and the number in twelve digits. The order of the
// ids is therefore the order of the log, the ids of a room are neighbours, and a unique _id makes (room, seq) unique.
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

// sizeOf is at least the size of an event's document in bytes: its texts, and 256 for the names and types of the fields.
func sizeOf(room chat.RoomID, e chat.Event) int {
	return len(e.Text) + len(e.CID) + len(e.Kind) + len(e.User.ID) + len(e.User.Name) + len(e.User.Color) + 2*len(room) + 256
}

// roomDoc says that a room may have events, and what its head was not long ago.
type roomDoc struct {
	ID   string    `bson:"_id"`  // the room's name
	Head int64     `bson:"head"` // an event with this number is stored; 0: perhaps none is
	At   time.Time `bson:"at"`   // its time
}

func (d roomDoc) position() position {
	p := position{seq: uint64(d.Head)}
	if p.seq > 0 {
		p.at = d.At.UTC()
	}
	return p
}

// position is an event of a log that is known to be durable, as its number and time. The zero position is the start of a
// log.
type position struct {
	seq uint64
	at  time.Time
}

func positionOf(e chat.Event) position { return position{seq: e.Seq, at: e.At} }

func later(a, b position) position {
	if b.seq > a.seq {
		return b
	}
	return a
}

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

func byIDs(rooms []chat.RoomID) bson.D {
	ids := make([]string, len(rooms))
	for i, room := range rooms {
		ids[i] = string(room)
	}
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
}
