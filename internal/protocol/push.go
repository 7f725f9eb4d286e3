package protocol

import (
	"encoding/json"
	"strconv"
	"time"

	"salon/internal/chat"
)

// Push is any object that the server sends, an answer or a push, as a client decodes it. Each type sets the fields that it
// has. Unknown fields are ignored.
type Push struct {
	Type string `json:"type"`
	ID   string `json:"id"` // of the request that this object answers; empty for a push

	Session string      `json:"session"` // welcome
	Token   string      `json:"token"`
	Back    bool        `json:"back"`
	Limits  chat.Limits `json:"limits"`
	Ping    int         `json:"ping"`

	Room    chat.RoomID `json:"room"`
	Head    uint64      `json:"head"`
	Events  []wireEvent `json:"events"` // see [Push.Page]
	More    bool        `json:"more"`
	Members []chat.User `json:"members"`
	Count   int         `json:"count"`
	Next    string      `json:"next"`
	Rooms   []RoomLine  `json:"rooms"`

	wireEvent                 // an event; ack and lag also have Seq, ack has At; welcome, presence and typing have User
	Change    chat.ChangeKind `json:"change"`
	Old       string          `json:"old"`

	Degraded     bool            `json:"degraded"`
	Code         json.RawMessage `json:"code"` // see [Push.ErrorCode] and [Push.CloseCode]
	Reason       string          `json:"reason"`
	Message      string          `json:"message"`
	Temporary    bool            `json:"temporary"`
	RetryAfterMS int64           `json:"retry_after_ms"` // see [Push.RetryAfter]
}

// wireEvent is an event as the wire has it, without its room.
type wireEvent struct {
	Seq  uint64    `json:"seq"`
	Kind chat.Kind `json:"kind"`
	At   time.Time `json:"at"`
	User chat.User `json:"user"`
	CID  string    `json:"cid"`
	Text string    `json:"text"`
}

func (e *wireEvent) in(room chat.RoomID) chat.Event {
	return chat.Event{Room: room, Seq: e.Seq, Kind: e.Kind, At: e.At, User: e.User, CID: e.CID, Text: e.Text}
}

// DecodePush reads one object that the server sent.
func DecodePush(line []byte) (*Push, error) {
	var p Push
	if err := json.Unmarshal(line, &p); err != nil {
		return nil, chat.Problemf("the server sent something that is not the protocol: %w", err)
	}
	return &p, nil
}

// Event returns the event that a push of type event carries.
func (p *Push) Event() chat.Event { return p.in(p.Room) }

// Page returns the events of a joined or history answer about room. Events without a number are left out.
func (p *Push) Page(room chat.RoomID) []chat.Event {
	page := make([]chat.Event, 0, len(p.Events))
	for i := range p.Events {
		if p.Events[i].Seq > 0 {
			page = append(page, p.Events[i].in(room))
		}
	}
	return page
}

// Presence returns what a push of type presence tells.
func (p *Push) Presence() Presence {
	told := Presence{Type: p.Type, Room: p.Room, Change: p.Change, Old: p.Old, Count: p.Count, Members: p.Members}
	if p.User.ID != "" {
		told.User = &p.User
	}
	return told
}

// ErrorCode returns the code of an error, which is a string; "" when there is none.
func (p *Push) ErrorCode() chat.Code {
	var code chat.Code
	_ = json.Unmarshal(p.Code, &code) // not a string: no code that this client knows
	return code
}

// CloseCode returns the code of a bye, which is a number; 0 when there is none.
func (p *Push) CloseCode() int {
	code, _ := strconv.Atoi(string(p.Code))
	return code
}

// maxRetryAfter bounds how long a server can keep a client away.
const maxRetryAfter = 10 * time.Minute

// RetryAfter returns how long the server asks the client to wait, at most ten minutes; 0 when it does not say.
func (p *Push) RetryAfter() time.Duration {
	return time.Duration(min(max(p.RetryAfterMS, 0), maxRetryAfter.Milliseconds())) * time.Millisecond
}
