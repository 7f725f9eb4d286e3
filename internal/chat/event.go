package chat

import "time"

// Kind says what an event is. Kinds this version does not know count in the order like any other
// and are shown as nothing.
type Kind string

// KindMessage is a text said in a room.
const KindMessage Kind = "message"

// UserID is a user's lasting identity, "u_" and 16 characters of base32. Names change, it does not.
type UserID string

// User is who said something, as the others see it.
type User struct {
	ID    UserID `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color"` // "#rrggbb", see [ColorOf]
}

// Event is one entry of a room's log. Once stored it is never changed.
type Event struct {
	Room RoomID
	Seq  uint64    // 1, 2, 3, … without a hole; 0 before the event is stored
	Kind Kind      // see [KindMessage]
	At   time.Time // when it was stored, by the server's clock, UTC, whole milliseconds
	User User      // the sender as it was when it said this
	CID  string    // the sender's own name for this send, 1 to [MaxCID] bytes
	Text string    // valid UTF-8, at most [Limits.Text] bytes
}
