package client

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// push is any object that the server sends; each type fills the fields that it has. Unknown fields are ignored.
type push struct {
	Type string `json:"type"`
	ID   string `json:"id"`

	Session string      `json:"session"` // welcome
	Token   string      `json:"token"`
	Back    bool        `json:"back"`
	Limits  chat.Limits `json:"limits"`
	Ping    int         `json:"ping"`

	Room    chat.RoomID         `json:"room"`
	Head    uint64              `json:"head"`
	Events  []event             `json:"events"`
	More    bool                `json:"more"`
	Members []chat.User         `json:"members"`
	Count   int                 `json:"count"`
	Next    string              `json:"next"`
	Rooms   []protocol.RoomLine `json:"rooms"`

	event                  // event; its seq is also that of ack and lag, its user that of welcome, presence and typing
	Change chat.ChangeKind `json:"change"`
	Old    string          `json:"old"`

	Degraded     bool            `json:"degraded"`
	Code         json.RawMessage `json:"code"` // error: a string; bye: a number
	Reason       string          `json:"reason"`
	Message      string          `json:"message"`
	Temporary    bool            `json:"temporary"`
	RetryAfterMS int64           `json:"retry_after_ms"`
}

// event is an event as the wire writes it. In a page it has no room of its own to trust: the page's counts.
type event struct {
	Seq  uint64    `json:"seq"`
	Kind chat.Kind `json:"kind"`
	At   time.Time `json:"at"`
	User chat.User `json:"user"`
	CID  string    `json:"cid"`
	Text string    `json:"text"`
}

func (e *event) in(room chat.RoomID) chat.Event {
	return chat.Event{Room: room, Seq: e.Seq, Kind: e.Kind, At: e.At, User: e.User, CID: e.CID, Text: e.Text}
}

func decode(line []byte) (*push, error) {
	var p push
	if err := json.Unmarshal(line, &p); err != nil {
		return nil, fmt.Errorf("what the server sent is not the protocol: %w", err)
	}
	return &p, nil
}

func (p *push) events() []chat.Event {
	all := make([]chat.Event, 0, len(p.Events))
	for i := range p.Events {
		if p.Events[i].Seq > 0 { // 0 is no place in a log
			all = append(all, p.Events[i].in(p.Room))
		}
	}
	return all
}

func (p *push) err() *Error {
	var code chat.Code
	_ = json.Unmarshal(p.Code, &code) // not a string: no code we know
	message := p.Message
	if message == "" {
		message = string(code)
	}
	return &Error{Code: code, Message: printable(message), Temporary: p.Temporary, RetryAfter: p.retryAfter()}
}

func (p *push) closeError() *CloseError {
	code, _ := strconv.Atoi(string(p.Code))
	return &CloseError{Code: code, Reason: printable(p.Reason), Message: printable(p.Message), RetryAfter: p.retryAfter()}
}

// printable makes what a server says one line that is safe to print: no server is trusted with its reader's terminal.
func printable(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool {
		return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
	})
	return protocol.Visible(strings.Join(lines, " "))
}

// retryAfter is bounded: a server that says "in a year" is asked again in ten minutes.
func (p *push) retryAfter() time.Duration {
	return time.Duration(min(max(p.RetryAfterMS, 0), 600_000)) * time.Millisecond
}

// request is any request, as this client writes it.
type request struct {
	Type   string      `json:"type"`
	ID     string      `json:"id,omitempty"`
	Name   string      `json:"name,omitempty"`
	Token  string      `json:"token,omitempty"`
	Secret string      `json:"secret,omitempty"`
	Lang   string      `json:"lang,omitempty"`
	Client string      `json:"client,omitempty"`
	Room   chat.RoomID `json:"room,omitempty"`
	Since  *uint64     `json:"since,omitempty"`
	Last   *int        `json:"last,omitempty"`
	CID    string      `json:"cid,omitempty"`
	Text   string      `json:"text,omitempty"`
	Before *uint64     `json:"before,omitempty"`
	After  *uint64     `json:"after,omitempty"`
	Around *uint64     `json:"around,omitempty"`
	Limit  int         `json:"limit,omitempty"`
	Cursor string      `json:"cursor,omitempty"`
}

func (r *request) line() []byte { return protocol.Marshal(r) }
