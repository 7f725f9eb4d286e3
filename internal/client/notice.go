package client

import (
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// Notice is something that a client's caller is told: one of the types below.
type Notice interface{ notice() }

type (
	// Welcome says that the server knows this client now. The rooms follow, each with Joined.
	Welcome struct {
		User    chat.User
		Back    bool // the server knew this user before
		First   bool // this client's first connection
		Session string
		Limits  chat.Limits
	}

	// Joined says that a room's events come now, first the page that the answer brought.
	Joined struct {
		Room    chat.RoomID
		Head    uint64      // the last event of the room
		Members []chat.User // nil in a crowd
		Count   int
		Again   bool // after a loss or a lag: what follows continues where the room was
	}

	// Event is the next event of its room: numbers follow one another without a hole.
	Event struct {
		chat.Event
		Past bool // it was there before this client first joined
	}

	// Presence tells of comings and goings.
	Presence struct{ protocol.Presence }

	// Typing tells that someone writes.
	Typing struct {
		Room chat.RoomID
		User chat.User
	}

	// Acked says that a send is stored.
	Acked struct {
		Room chat.RoomID
		CID  string
		Seq  uint64
		At   time.Time
	}

	// Refused says that a send will never be stored, and why.
	Refused struct {
		Room chat.RoomID
		CID  string
		Text string
		Err  error
	}

	// Gap says that the events after After are not here yet, and are being fetched.
	Gap struct {
		Room  chat.RoomID
		After uint64
		Head  uint64
	}

	// Lagged says that the server left out events because this client read too slowly. It fetches them by itself.
	Lagged struct {
		Room chat.RoomID
		Seq  uint64
	}

	// Reset says that a room's log begins anew: the server has fewer events than it had, as after its data was removed.
	Reset struct {
		Room chat.RoomID
		Head uint64
	}

	// Left says that a room was lost for good, and why.
	Left struct {
		Room chat.RoomID
		Err  error
	}

	// Lost says that there is no connection, and when the next try is.
	Lost struct {
		Err   error
		Retry time.Duration
	}

	// Forgotten says that the server does not know the token; a new user of the same name is asked for.
	Forgotten struct{}

	// Degraded tells that messages between nodes are slow for now, or no longer.
	Degraded struct{ On bool }

	// Complaint is an error of the server that belongs to no request of this client.
	Complaint struct{ Err *Error }
)

func (Welcome) notice()   {}
func (Joined) notice()    {}
func (Event) notice()     {}
func (Presence) notice()  {}
func (Typing) notice()    {}
func (Acked) notice()     {}
func (Refused) notice()   {}
func (Gap) notice()       {}
func (Lagged) notice()    {}
func (Reset) notice()     {}
func (Left) notice()      {}
func (Lost) notice()      {}
func (Forgotten) notice() {}
func (Degraded) notice()  {}
func (Complaint) notice() {}
