package protocol

import (
	"strconv"
	"time"
	"unicode/utf8"

	"salon/internal/chat"
)

// The Append functions write one JSON object without a line feed at the end of dst and return it, as append does. They
// are written by hand since an event is encoded for a thousand screens: see BenchmarkAppendEvent beside encoding/json.

// timeFormat is RFC 3339 in UTC with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z"

// Time is a time as the wire writes all of them.
type Time struct{ time.Time }

// MarshalJSON writes the time.
func (t Time) MarshalJSON() ([]byte, error) { return appendTime(nil, t.Time), nil }

// AppendEvent writes a pushed event.
func AppendEvent(dst []byte, e *chat.Event) []byte {
	dst = append(dst, `{"type":"event","room":`...)
	dst = AppendString(dst, string(e.Room))
	dst = append(dst, `,"seq":`...)
	dst = strconv.AppendUint(dst, e.Seq, 10)
	dst = append(dst, `,"kind":`...)
	dst = AppendString(dst, string(e.Kind))
	dst = append(dst, `,"at":`...)
	dst = appendTime(dst, e.At)
	dst = append(dst, `,"user":`...)
	dst = appendUser(dst, &e.User)
	if e.CID != "" {
		dst = append(dst, `,"cid":`...)
		dst = AppendString(dst, e.CID)
	}
	dst = append(dst, `,"text":`...)
	dst = AppendString(dst, e.Text)
	return append(dst, '}')
}

// AppendAck writes the answer to a send.
func AppendAck(dst []byte, id string, e *chat.Event) []byte {
	dst = appendHead(dst, "ack", id)
	dst = append(dst, `,"room":`...)
	dst = AppendString(dst, string(e.Room))
	dst = append(dst, `,"cid":`...)
	dst = AppendString(dst, e.CID)
	dst = append(dst, `,"seq":`...)
	dst = strconv.AppendUint(dst, e.Seq, 10)
	dst = append(dst, `,"at":`...)
	dst = appendTime(dst, e.At)
	return append(dst, '}')
}

// appendHead writes the start of an object: its type, and the id of the request that it answers.
func appendHead(dst []byte, typ, id string) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, typ...)
	dst = append(dst, '"')
	if id != "" {
		dst = append(dst, `,"id":`...)
		dst = AppendString(dst, id)
	}
	return dst
}

func appendTime(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, timeFormat)
	return append(dst, '"')
}

func appendUser(dst []byte, u *chat.User) []byte {
	dst = append(dst, `{"id":`...)
	dst = AppendString(dst, string(u.ID))
	dst = append(dst, `,"name":`...)
	dst = AppendString(dst, u.Name)
	dst = append(dst, `,"color":`...)
	dst = AppendString(dst, u.Color)
	return append(dst, '}')
}

const hex = "0123456789abcdef"

// AppendString writes s as a JSON string. What is not UTF-8 becomes U+FFFD; U+2028 and U+2029 are escaped, so that the
// result may stand in a script.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscaped(dst, c)
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + n
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hex[r&0xf])
			start = i + n
		}
		i += n
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}
