package protocol

import (
	"strings"
	"unicode"

	"salon/internal/chat"
	"salon/internal/lang"
)

// TextEvent gives the line that shows an event in text mode; "" for kinds that are shown as nothing.
func TextEvent(l lang.Lang, e *chat.Event) string {
	if e.Kind != chat.KindMessage {
		return ""
	}
	return l.Text("%s said: %s", Visible(e.User.Name), Visible(e.Text))
}

// TextChange returns the line that announces a change in who is in a room; "" for what is not announced.
func TextChange(l lang.Lang, c *chat.Change) string {
	name := Visible(c.User.Name)
	switch c.Kind {
	case chat.ChangeJoin:
		return l.Text("Announcement: %s joined the chat room", name)
	case chat.ChangeLeave:
		return l.Text("Announcement: %s left the chat room", name)
	case chat.ChangeBack:
		return l.Text("Announcement: %s is back", name)
	case chat.ChangeRename:
		return l.Text("Announcement: %s is now called %s", Visible(c.Old), name)
	}
	return ""
}

// Visible makes s safe to print in a terminal: control characters, among them those that begin an escape sequence, and
// those that turn the direction of text become U+FFFD; line ends become line feeds with an indent, so that nobody can
// write a line that looks like another's; tabs become spaces.
func Visible(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		switch {
		case r == '\n' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			b.WriteString("\n    ")
		case r == '\t':
			b.WriteByte(' ')
		case hidden(r):
			b.WriteRune('\ufffd')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// hidden tells the characters that change how others are shown. The zero-width joiners are not among them: emoji and some
// scripts need them, and they move nothing.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' ||
		r == '\u200e' || r == '\u200f' || r == '\u061c' || r >= 0xe0000 && r <= 0xe007f
}
