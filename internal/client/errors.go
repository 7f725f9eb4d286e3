package client

import (
	"errors"
	"fmt"
	"time"

	"salon/internal/chat"
)

// ErrLost says that the connection went away before the answer came; whether the request had its effect is not known.
var ErrLost = errors.New("connection lost")

// ErrEnded says that [Client.Run] has returned.
var ErrEnded = errors.New("the client has ended")

// ErrNotJoined says that the room was not asked for.
var ErrNotJoined = errors.New("not in this room")

// errSilent ends a connection on which nothing comes any more.
var errSilent = errors.New("the server is silent")

// Error is an error that the server answered. Its message is one line and safe to print.
type Error struct {
	Code       chat.Code
	Message    string // for people, in the language of [Options.Lang]
	Temporary  bool
	RetryAfter time.Duration // 0 when the server did not say
}

func (e *Error) Error() string { return e.Message }

// CloseError says how the server closed the connection, in words that are safe to print.
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

// DialError says why the server could not be reached.
type DialError struct {
	URL    string
	Status int // of the HTTP answer that was no upgrade, 0 when there was no answer
	Err    error
}

func (e *DialError) Error() string { return fmt.Sprintf("cannot reach %s: %v", e.URL, e.Err) }

func (e *DialError) Unwrap() error { return e.Err }

// final tells that asking again will be answered the same.
func (e *DialError) final() bool {
	switch e.Status {
	case 408, 421, 425, 429:
		return false
	}
	return e.Status >= 400 && e.Status < 500 || errors.Is(e.Err, errNoSubprotocol)
}
