package protocol

import (
	"encoding/json"
	"errors"
	"strconv"

	"salon/internal/chat"
)

// Welcome answers hello.
type Welcome struct {
	Type    string      `json:"type"` // "welcome"
	ID      string      `json:"id,omitempty"`
	Session string      `json:"session"`
	Token   string      `json:"token,omitempty"` // only when it is new
	User    chat.User   `json:"user"`
	Back    bool        `json:"back"`
	Limits  chat.Limits `json:"limits"`
	Ping    int         `json:"ping"` // seconds between the server's pings
	// Degraded tells that messages to other nodes are slow for now; see [Degraded].
	Degraded bool `json:"degraded,omitempty"`
}

// Joined answers join. It is written by [AppendJoined].
type Joined struct {
	Room    chat.RoomID
	Head    uint64
	Lines   [][]byte // the events, each as [AppendEvent] wrote it, oldest first
	More    bool
	Members []chat.User // none in a crowd
	Count   int
	Crowd   bool
}

// AppendJoined writes the answer to a join.
func AppendJoined(dst []byte, id string, j *Joined) []byte {
	dst = appendPage(dst, "joined", id, j.Room, j.Head, j.Lines, j.More)
	if !j.Crowd {
		dst = append(dst, `,"members":`...)
		dst = appendUsers(dst, j.Members)
	}
	dst = append(dst, `,"count":`...)
	dst = strconv.AppendInt(dst, int64(j.Count), 10)
	return append(dst, '}')
}

// AppendHistory writes the answer to a history request.
func AppendHistory(dst []byte, id string, room chat.RoomID, head uint64, lines [][]byte, more bool) []byte {
	return append(appendPage(dst, "history", id, room, head, lines, more), '}')
}

func appendPage(dst []byte, typ, id string, room chat.RoomID, head uint64, lines [][]byte, more bool) []byte {
	dst = appendHead(dst, typ, id)
	dst = append(dst, `,"room":`...)
	dst = AppendString(dst, string(room))
	dst = append(dst, `,"head":`...)
	dst = strconv.AppendUint(dst, head, 10)
	dst = append(dst, `,"events":[`...)
	for i, line := range lines {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, line...)
	}
	dst = append(dst, `],"more":`...)
	return strconv.AppendBool(dst, more)
}

func appendUsers(dst []byte, users []chat.User) []byte {
	dst = append(dst, '[')
	for i := range users {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendUser(dst, &users[i])
	}
	return append(dst, ']')
}

// Who answers who: a page of a room's members.
type Who struct {
	Type    string      `json:"type"` // "who"
	ID      string      `json:"id,omitempty"`
	Room    chat.RoomID `json:"room"`
	Members []chat.User `json:"members"`
	Count   int         `json:"count"`
	Next    string      `json:"next,omitempty"` // cursor of the next page
}

// Rooms answers rooms.
type Rooms struct {
	Type  string     `json:"type"` // "rooms"
	ID    string     `json:"id,omitempty"`
	Rooms []RoomLine `json:"rooms"`
	Next  string     `json:"next,omitempty"` // cursor of the next page
}

// RoomLine is a line of the list of rooms.
type RoomLine struct {
	Room  chat.RoomID `json:"room"`
	Head  uint64      `json:"head"`
	Count int         `json:"count"`        // users in it now
	At    *Time       `json:"at,omitempty"` // of the last event
}

// Plain is an answer or push with nothing but a room: left, pong, ok.
type Plain struct {
	Type string      `json:"type"`
	ID   string      `json:"id,omitempty"`
	Room chat.RoomID `json:"room,omitempty"`
}

// Error tells what was wrong with a request.
type Error struct {
	Type         string    `json:"type"` // "error"
	ID           string    `json:"id,omitempty"`
	Room         string    `json:"room,omitempty"`
	CID          string    `json:"cid,omitempty"`
	Code         chat.Code `json:"code"`
	Message      string    `json:"message"`
	Temporary    bool      `json:"temporary,omitempty"`
	RetryAfterMS int64     `json:"retry_after_ms,omitempty"`
}

// Presence tells of a coming or going, or of the count in a crowd.
type Presence struct {
	Type   string          `json:"type"` // "presence"
	Room   chat.RoomID     `json:"room"`
	Change chat.ChangeKind `json:"change"`
	User   *chat.User      `json:"user,omitempty"`
	Old    string          `json:"old,omitempty"` // rename: the name before
	Count  int             `json:"count"`
	// Members is the whole list, in the count that ends a crowd.
	Members []chat.User `json:"members,omitempty"`
}

// AppendChange writes the push that tells of a change in who is in a room.
func AppendChange(dst []byte, room chat.RoomID, c *chat.Change) []byte {
	p := Presence{Type: "presence", Room: room, Change: c.Kind, Old: c.Old, Count: c.Count, Members: c.Members}
	if c.Kind != chat.ChangeCount {
		p.User = &c.User
	}
	return append(dst, Marshal(p)...)
}

// AsChange returns the change that p tells.
func (p *Presence) AsChange() *chat.Change {
	c := &chat.Change{Kind: p.Change, Old: p.Old, Count: p.Count, Members: p.Members}
	if p.User != nil {
		c.User = *p.User
	}
	return c
}

// Typing tells that someone writes.
type Typing struct {
	Type string      `json:"type"` // "typing"
	Room chat.RoomID `json:"room"`
	User chat.User   `json:"user"`
}

// Lag tells a member that it gets no more of a room until it joins again.
type Lag struct {
	Type string      `json:"type"` // "lag"
	Room chat.RoomID `json:"room"`
	Seq  uint64      `json:"seq"` // the last event it got
}

// Degraded tells that messages between nodes are slow for now, or that they no longer are.
type Degraded struct {
	Type     string `json:"type"` // "degraded"
	Degraded bool   `json:"degraded"`
}

// Bye says in full what the close code says in short.
type Bye struct {
	Type         string `json:"type"` // "bye"
	Code         int    `json:"code"` // the close code
	Reason       string `json:"reason"`
	Message      string `json:"message"`
	RetryAfterMS int64  `json:"retry_after_ms,omitempty"`
}

// Marshal writes any of the above as JSON. They hold nothing that can fail.
func Marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("protocol: " + err.Error()) // a type of this package that JSON cannot write: caught by the golden frames
	}
	return b
}

// NewError returns the error object for err, about the request with this id, room and cid. Of a room or a cid that is too long
// nothing is repeated. Message is err, in the reader's language.
func NewError(id, room, cid, message string, err error) Error {
	e := Error{Type: "error", ID: id, Room: room, CID: cid, Code: chat.CodeOf(err), Message: message}
	if len(room) > chat.MaxRoom {
		e.Room = ""
	}
	if len(cid) > chat.MaxCID {
		e.CID = ""
	}
	var coded *chat.Error
	if errors.As(err, &coded) {
		e.Temporary, e.RetryAfterMS = coded.Temporary, coded.RetryAfter.Milliseconds()
	}
	return e
}
