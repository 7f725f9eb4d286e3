package client

import (
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// Notice is something that a client tells its caller: one of the types below.
type Notice interface{ notice() }

type (
	// Welcome says that the server has accepted this client. Joined follows for each room.
	Welcome struct {
		User    chat.User
		Back    bool // the server knew this user before
		First   bool // this client's first connection
		Session string
		Limits  chat.Limits
	}

	// Joined says that the events of a room follow, first the page that came with the answer.
	Joined struct {
		Room    chat.RoomID
		Head    uint64      // the last event of the room
		Members []chat.User // nil when there are too many to list
		Count   int
		Again   bool // after a loss or a lag: the events continue where they stopped
	}

	// Event is the next event of its room. The numbers of a room follow one another without a gap.
	Event struct {
		chat.Event
		Past bool // it was stored before this client first joined
	}

	// Presence tells who came, left or changed name.
	Presence struct{ protocol.Presence }

	// Typing tells that a user types.
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

	// Gap says that the events after After have not come, and that the client fetches them.
	Gap struct {
		Room  chat.RoomID
		After uint64
		Head  uint64
	}

	// Lagged says that the server left out events because this client read too slowly. The client fetches them by itself.
	Lagged struct {
		Room chat.RoomID
		Seq  uint64
	}

	// Reset says that the client starts a room over: the server has fewer events than before, as after its data was removed.
	Reset struct {
		Room chat.RoomID
		Head uint64
	}

	// Left says that the server does not let this client into a room, and why.
	Left struct {
		Room chat.RoomID
		Err  error
	}

	// Lost says that there is no connection, why, and how long the client waits before the next try.
	Lost struct {
		Err   error
		Retry time.Duration
	}

	// Forgotten says that the server does not know the token, and that the client asks to be a new user of the same name.
	Forgotten struct{}

	// Degraded tells whether messages between nodes are slow for now.
	Degraded struct{ On bool }

	// Complaint is an error from the server that answers no request of this client.
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
