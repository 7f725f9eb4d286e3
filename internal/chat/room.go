package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// RoomID is a room's name and its identity. [ParseRoom] gives the rules.
type RoomID string

// DefaultRoom is where those who name no room go.
const DefaultRoom RoomID = "lobby"

// MaxRoom is the longest room name, in bytes.
const MaxRoom = 64

// ParseRoom reads a room's name as it stands on the wire: 1 to [MaxRoom] bytes of letters, marks and digits of any script that
// show something, '-', '_' and '.', not starting with '.', in Unicode's composed form (NFC). Names are compared byte by byte,
// so what looks the same must be the same bytes. Errors: [CodeInvalidRoom], with the reason.
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
	if !norm.NFC.IsNormalString(s) {
		return "", Errorf(CodeInvalidRoom, "a room's name is in Unicode's composed form (NFC)")
	}
	return RoomID(s), nil
}

// ParseTypedRoom reads a room's name as a person types it. Spaces and # before the name do not count, nor spaces after it; a
// run of spaces inside is a hyphen. The case does not matter, nor which of its forms Unicode gives an accent. Errors: those of
// [ParseRoom].
//
// The browser client has the same rule (web/src/protocol.js); testdata/typed_rooms.jsonl holds both to it.
func ParseTypedRoom(typed string) (RoomID, error) {
	isMargin := func(r rune) bool { return r == '#' || unicode.IsSpace(r) }
	name := strings.TrimRightFunc(strings.TrimLeftFunc(typed, isMargin), unicode.IsSpace)
	return ParseRoom(foldRoom(strings.Join(strings.Fields(name), "-")))
}

// foldRoom folds the case by Unicode's simple mappings, one character at a time: to upper case and then to lower case, because
// some letters have two lower-case forms (σ and ς) and some two upper-case ones (I and İ). No mapping depends on the language
// or on neighbouring letters. Composing (NFC) before each step gives a letter and its decomposed form the same result.
func foldRoom(name string) string {
	upper := strings.ToUpper(norm.NFC.String(name))
	return norm.NFC.String(strings.ToLower(norm.NFC.String(upper)))
}
