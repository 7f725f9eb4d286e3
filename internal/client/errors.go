package client

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// ErrLost says that the connection was lost before the answer came. Whether the request had its effect is not known.
var ErrLost = errors.New("connection lost")

// ErrEnded says that [Client.Run] has returned.
var ErrEnded = errors.New("the client has ended")

// ErrNotJoined says that the client was not asked to join the room.
var ErrNotJoined = errors.New("not in this room")

// ErrSilent says that the server sent nothing for too long, although it was asked.
var ErrSilent = errors.New("the server does not answer")

// ErrNotSalon says that a WebSocket server answers at the address, and that it is not Salon.
var ErrNotSalon = errors.New("no Salon server answers there")

// Error is an error that the server answered. Its message is one line and safe to print.
type Error struct {
	Code       chat.Code
	Message    string // for people, in the language of [Options.Lang]
	Temporary  bool
	RetryAfter time.Duration // 0 when the server did not say
}

func (e *Error) Error() string { return e.Message }

func errorOf(p *protocol.Push) *Error {
	e := &Error{Code: p.ErrorCode(), Message: p.Message, Temporary: p.Temporary, RetryAfter: p.RetryAfter()}
	if e.Message == "" {
		e.Message = string(e.Code)
	}
	e.Message = printable(e.Message)
	return e
}

// CloseError says how the server closed the connection. Its texts are safe to print.
type CloseError struct {
	Code       int
	Reason     string
	Message    string // for people; empty when the server said nothing before closing
	RetryAfter time.Duration
}

func (e *CloseError) Error() string {
	switch {
	case e.Message != "":
		return fmt.Sprintf("%s (%d)", e.Message, e.Code)
	case e.Reason != "":
		return fmt.Sprintf("closed: %s (%d)", e.Reason, e.Code)
	}
	return fmt.Sprintf("closed (%d)", e.Code)
}

func closeErrorOf(bye *protocol.Push) *CloseError {
	return &CloseError{
		Code: bye.CloseCode(), Reason: printable(bye.Reason), Message: printable(bye.Message), RetryAfter: bye.RetryAfter(),
	}
}

// DialError says why the server could not be reached.
type DialError struct {
	URL    string
	Status int // the HTTP status of an answer that was no upgrade; 0 when there was no answer
	Err    error
}

func (e *DialError) Error() string { return fmt.Sprintf("cannot reach %s: %v", e.URL, e.Err) }

func (e *DialError) Unwrap() error { return e.Err }

// permanent tells whether another try would get the same answer.
func (e *DialError) permanent() bool {
	switch e.Status {
	case 408, 421, 425, 429:
		return false
	}
	return e.Status >= 400 && e.Status < 500 || errors.Is(e.Err, ErrNotSalon)
}

// printable makes one line that is safe to print of a server's text. No server is trusted with the terminal of its reader.
func printable(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool {
		return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
	})
	return protocol.Visible(strings.Join(lines, " "))
}
