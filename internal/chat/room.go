package chat

import (
	"unicode"
	"unicode/utf8"
)

// RoomID is a room's name, and its identity. [ParseRoom] gives the rules.
type RoomID string

// DefaultRoom is where those who name no room go.
const DefaultRoom RoomID = "lobby"

// MaxRoom is the longest room name, in bytes.
const MaxRoom = 64

// ParseRoom checks a room's name: 1 to [MaxRoom] bytes of letters, marks and digits of any script that show something,
// '-', '_' and '.', not starting with '.'. Names are compared byte by byte; clients lower-case and NFC-normalise what a person types.
// Errors: [CodeInvalidRoom].
func ParseRoom(s string) (RoomID, error) {
	switch {
	case s == "":
		return "", Errorf(CodeInvalidRoom, "a room's name is missing")
	case len(s) > MaxRoom:
		return "", Errorf(CodeInvalidRoom, "a room's name has at most %d bytes", MaxRoom)
	case !utf8.ValidString(s):
		return "", Errorf(CodeInvalidRoom, "a room's name is UTF-8")
	case s[0] == '.':
		return "", Errorf(CodeInvalidRoom, "a room's name does not start with a dot")
	}
	for _, r := range s {
		if invisible(r) || !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.' {
			return "", Errorf(CodeInvalidRoom, "a room's name has no %q: letters, digits, '-', '_' and '.' only", r)
		}
	}
	return RoomID(s), nil
}
