package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxCID is the longest cid, in bytes.
const MaxCID = 64

// MaxPage is the most events one answer carries.
const MaxPage = 200

// DefaultPage is how many events an answer carries when the request does not say.
const DefaultPage = 50

// CrowdSize is the member count over which a room is a crowd: its comings and goings are told as counts.
const CrowdSize = 100

// Limits bounds what one member may do. They are told in welcome.limits.
type Limits struct {
	Text  int     `json:"text"`  // bytes in one text
	Rate  float64 `json:"rate"`  // sends per second, 0 for no limit
	Rooms int     `json:"rooms"` // rooms at once
	Frame int     `json:"frame"` // bytes in one message to the server
}

// CheckCID says what is wrong with a send's cid: 1 to [MaxCID] bytes of printable ASCII. Errors: [CodeInvalidCID].
func CheckCID(cid string) error {
	if cid == "" || len(cid) > MaxCID {
		return Errorf(CodeInvalidCID, "a send's cid has 1 to %d bytes", MaxCID)
	}
	for i := range len(cid) {
		if cid[i] <= ' ' || cid[i] > '~' {
			return Errorf(CodeInvalidCID, "a send's cid is printable ASCII without spaces")
		}
	}
	return nil
}

// CheckText says what is wrong with a text that somebody sends: it is UTF-8, shows something, and has at most max bytes (see
// [Limits.Text]). Errors: [CodeInvalidText], [CodeTooLarge].
func CheckText(text string, max int) error {
	switch {
	case strings.TrimSpace(text) == "" || !utf8.ValidString(text):
		return Errorf(CodeInvalidText, "the text is empty")
	case len(text) > max:
		return Errorf(CodeTooLarge, "the text has %d bytes, at most %d are allowed", len(text), max)
	case !ShowsSomething(text):
		return Errorf(CodeInvalidText, "the text shows nothing")
	}
	return nil
}

// ShowsSomething tells whether a reader would see anything of text. White space, control and formatting characters, marks
// without a letter and characters whose picture is empty show nothing, however many there are. A character that this
// program's tables do not know may be a new letter or emoji, so it counts as seen.
//
// The browser client has the same rule (web/src/text.js); testdata/texts.jsonl holds both to it.
func ShowsSomething(text string) bool { return strings.ContainsFunc(text, shows) }

func shows(r rune) bool {
	switch {
	case r > ' ' && r <= '~':
		return true
	case r == blankBraille || r == nullNotehead || r == objectPlaceholder || unicode.IsControl(r) || unicode.IsSpace(r):
		return false
	}
	return !unicode.IsMark(r) && !invisible(r) && !unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// Symbols by their category, whose picture is empty or is drawn by other software.
const (
	nullNotehead      = '\U0001d159'
	objectPlaceholder = '\ufffc'
)
