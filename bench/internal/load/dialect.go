package load

import (
	"fmt"
	"strconv"
)

// Dialect is how clients talk with one kind of server.
type Dialect interface {
	// Endpoint gives what the upgrade asks for; subprotocol may be empty.
	Endpoint() (path, subprotocol string)
	// Greet gives what makes the member in room, a frame each; they are sent together. Token is what Token gave before, or
	// empty. Last is how many events of the room's past to ask for.
	Greet(member, room int, token string, last int) []string
	// Joined tells whether payload says that the greeting is done, and the error that it says otherwise.
	Joined(payload []byte) (bool, error)
	// Token gives what brings this member back, where payload has it.
	Token(payload []byte) string
	// AppendSend writes what puts text, which needs no escaping, into room. The cid is new each time.
	AppendSend(dst []byte, room int, cid, text []byte) []byte
	// Trouble gives what payload, which came once all are joined, says to be wrong.
	Trouble(payload []byte) error
	// Marks gives what to look for in payloads.
	Marks() Marks
	// Pong answers payload, of two bytes, where that is this server's ping; else it is empty.
	Pong(payload []byte) []byte
}

// Marks are strings that stand in payloads; those that a dialect does not have are empty.
type Marks struct {
	Sequence []byte // before the number of an event, which comes before its text
	Ack      []byte // once in each acknowledgement
	Presence []byte // once in each push about who is there
}

// DialectOf gives the dialect of that name: salon, floor, centrifuge.
func DialectOf(name string) (Dialect, error) {
	switch name {
	case "salon":
		return Salon{}, nil
	case "floor":
		return Floor{}, nil
	case "centrifuge":
		return Centrifuge{}, nil
	}
	return nil, fmt.Errorf("dialect %q is none of salon, floor, centrifuge", name)
}

// RoomName is how servers know a room.
func RoomName(room int) string { return "room-" + strconv.Itoa(room) }
