package chat

import (
	"errors"
	"fmt"
	"time"
)

// Code names an error on the wire. Clients act on codes; messages are for people.
type Code string

// The codes. A temporary one may succeed unchanged later; the others will not.
const (
	CodeBadRequest     Code = "bad_request"     // not JSON, no type, a field of a wrong type, a number out of range
	CodeUnknownRequest Code = "unknown_request" // a type this server does not answer
	CodeHelloFirst     Code = "hello_first"     // the first request must be hello
	CodeInvalidName    Code = "invalid_name"
	CodeNameTaken      Code = "name_taken"
	CodeInvalidToken   Code = "invalid_token" // unknown or revoked
	CodeInvalidRoom    Code = "invalid_room"
	CodeInvalidCID     Code = "invalid_cid"
	CodeInvalidText    Code = "invalid_text" // empty, shows nothing, or not UTF-8
	CodeTooLarge       Code = "too_large"    // a text over limits.text
	CodeNotMember      Code = "not_member"   // join the room first
	CodeTooManyRooms   Code = "too_many_rooms"
	CodeRateLimited    Code = "rate_limited" // temporary, with retry_after_ms
	CodeUnavailable    Code = "unavailable"  // temporary: the store does not answer
	CodeShuttingDown   Code = "shutting_down"
	CodeInternal       Code = "internal"
)

// The errors that every store of the system gives. Each contract has them under its own name.
var (
	// ErrUnavailable says that a store did not answer or could not write (gone, full, read-only, timed out). What was asked
	// may or may not have happened.
	ErrUnavailable = errors.New("store unavailable")
	// ErrClosed says that a store was closed.
	ErrClosed = errors.New("store closed")
)

// Error is an error with a code that may be shown to whoever caused it. It never holds a secret or an inner error's text.
type Error struct {
	Code       Code
	Format     string // the message for people, in English; package lang knows it in other languages
	Args       []any  // of Format
	Temporary  bool   // the same may succeed later
	RetryAfter time.Duration
}

func (e *Error) Error() string { return string(e.Code) + ": " + fmt.Sprintf(e.Format, e.Args...) }

// Errorf makes an [Error]. It is temporary when its code is.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{
		Code: code, Format: format, Args: args,
		Temporary: code == CodeRateLimited || code == CodeUnavailable || code == CodeShuttingDown,
	}
}

// CodeOf tells err's code: that of the first [Error] in its chain, else [CodeInternal].
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
