package tui

import (
	"strings"
	"unicode/utf8"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// The lines of a pipe.

var unfold = strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, "\r", `\r`, "\t", `\t`,
	"\u0085", `\n`, "\u2028", `\n`, "\u2029", `\n`)

// appendLine writes an event as one line of four fields separated by tabs: the time it was stored (RFC 3339, UTC), room,
// name, text. In the text a backslash is \\, a line end \n, a tab \t. Other control characters, and those that change the
// direction of text, are U+FFFD. An event that is no message makes no line.
func appendLine(dst []byte, e *chat.Event) []byte {
	if e.Kind != chat.KindMessage {
		return dst
	}
	dst = e.At.UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
	for _, field := range []string{string(e.Room), e.User.Name, e.Text} {
		dst = append(dst, '\t')
		dst = append(dst, protocol.Visible(unfold.Replace(field))...)
	}
	return append(dst, '\n')
}

// appendJSON writes an event in one line, as the protocol does. Characters that could control a terminal are escaped.
func appendJSON(dst []byte, e *chat.Event) []byte {
	line := protocol.AppendEvent(nil, e)
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		if c := string(line[:n]); r != utf8.RuneError && protocol.Visible(c) != c {
			dst = appendEscape(dst, r)
		} else {
			dst = append(dst, line[:n]...)
		}
		line = line[n:]
	}
	return append(dst, '\n')
}

// appendEscape writes r as JSON does (RFC 8259, section 7): in UTF-16.
func appendEscape(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	unit := func(u rune) {
		dst = append(dst, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	if r > 0xffff {
		r -= 0x10000
		unit(0xd800 + r>>10)
		r = 0xdc00 + r&0x3ff
	}
	unit(r)
	return dst
}
