package ws

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// good and bad are texts at the edges of UTF-8 (RFC 3629; RFC 6455, section 8.1).
var good = []string{
	"", "a", hello, "κόσμε", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff",
	"\ufffe", "\U0001fffe", "日本語, 🇫🇷 et 👩‍👩‍👧", strings.Repeat("é€𝄞", 700),
}

var bad = []string{
	"\x80", "\xbf", "\x80\xbf\x80", "\xc0", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf",
	"\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
	"\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff", "\xc3", "\xe2\x82", "\xf0\x9d\x84", "\xc3\x28", "\xe2\x28\xa1", "\xe2\x82\x28", "\xf0\x28\x8c\xbc",
	"\xf0\x90\x28\xbc", "\xf0\x90\x8c\x28", "κόσμε\xf4\x90\x80\x80edited", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80",
}

func TestTextCheck(t *testing.T) {
	for i, s := range append(append([]string{}, good...), bad...) {
		want := utf8.ValidString(s)
		if want != (i < len(good)) {
			t.Fatalf("%q is in the wrong list", s)
		}
		for size := 1; size <= len(s) && size <= 8; size++ {
			var check textCheck
			ok := true
			for rest := s; ok && rest != ""; {
				n := min(size, len(rest))
				ok = check.feed([]byte(rest[:n]))
				rest = rest[n:]
			}
			if got := ok && check.done(); got != want {
				t.Errorf("%q in pieces of %d: %v", s, size, got)
			}
		}
	}
}

// TestTextCheckFailsFirst: a prefix is refused exactly when no valid text starts with it.
func TestTextCheckFailsFirst(t *testing.T) {
	extendable := func(p []byte) bool {
		for cut := range min(4, len(p)+1) {
			head, tail := p[:len(p)-cut], p[len(p)-cut:]
			if utf8.Valid(head) && (cut == 0 || !utf8.FullRune(tail)) {
				return true
			}
		}
		return false
	}
	for _, s := range bad {
		var check textCheck
		for i := range len(s) {
			ok := check.feed([]byte{s[i]})
			if want := extendable([]byte(s[:i+1])); ok != want {
				t.Errorf("%q: %v after byte %d, want %v", s, ok, i, want)
			}
			if !ok {
				break
			}
		}
	}
}

// texts returns each of good and bad as one frame, in fragments cut at every place, and behind another text.
func texts() (all []conversation) {
	for i, s := range append(append([]string{}, good...), bad...) {
		want := []string{q("text", s)}
		if i >= len(good) {
			want = []string{"close 1007"}
		}
		name := fmt.Sprintf("%.20q", s)
		all = append(all,
			conversation{name: name, send: []frame{{op: 1, payload: s}}, want: want, long: len(s) > 100},
			conversation{name: name + " in bytes", send: split(1, s, 1), want: want, long: true},
			conversation{name: name + " in threes", send: split(1, s, 3), want: want, long: true},
		)
	}
	return append(all,
		conversation{name: "binary that is no text", send: []frame{{op: 2, payload: "\xff\xfe"}}, want: []string{q("binary", "\xff\xfe")}},
		conversation{name: "ping that is no text", send: []frame{{op: 9, payload: "\xff\xfe"}}, want: []string{q("pong", "\xff\xfe")}},
		conversation{name: "character around a ping", send: []frame{{op: 1, payload: "\xe2", more: true}, {op: 9}, {op: 0, payload: "\x82\xac"}}, want: []string{`pong ""`, `text "€"`}},
	)
}

// TestTextFailsBeforeItsEnd sends only the beginning of a message: the answer must not wait for the rest.
func TestTextFailsBeforeItsEnd(t *testing.T) {
	valid, invalid := "κόσμε", "\xf4\x90"
	long := strings.Repeat("a", 3*readSize)
	for name, send := range map[string][]byte{
		"in a fragment":            append(frame{op: 1, payload: valid, more: true}.encode(true), frame{op: 0, payload: invalid, more: true}.encode(true)...),
		"in a frame":               frame{op: 1, payload: valid + invalid, claim: 100}.encode(true),
		"in the middle of a frame": frame{op: 1, payload: long + invalid, claim: 100 << 10}.encode(true),
	} {
		t.Run(name, func(t *testing.T) {
			p := peerOf(t, &Options{}, true, func(c *Conn) { echo(c) })
			p.send(send)
			if got, err := p.receive(); err != nil || got != "close 1007" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
