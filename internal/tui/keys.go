package tui

import (
	"bytes"
	"unicode/utf8"
)

// key is something typed: a character, or one of the keys below.
type key rune

const (
	keyEnter key = -(iota + 1)
	keyNewline
	keyBackspace
	keyDelete
	keyLeft
	keyRight
	keyWordLeft
	keyWordRight
	keyHome
	keyEnd
	keyUp
	keyDown
	keyTab
	keyKillWord
	keyKillLine
	keyKillEnd
	keyRedraw
	keyInterrupt
	keyEOF
	keyPasteStart
	keyPasteEnd
	keyNone // known, and nothing to do
)

// maxSequence bounds an escape sequence in bytes. A sequence that never ends must not swallow what is typed.
const maxSequence = 32

// sequences are what terminals send after ESC; those of xterm, of the Linux console and of rxvt.
var sequences = map[string]key{
	"[A": keyUp, "[B": keyDown, "[C": keyRight, "[D": keyLeft, "[H": keyHome, "[F": keyEnd,
	"OA": keyUp, "OB": keyDown, "OC": keyRight, "OD": keyLeft, "OH": keyHome, "OF": keyEnd,
	"[1~": keyHome, "[4~": keyEnd, "[7~": keyHome, "[8~": keyEnd, "[3~": keyDelete,
	"[1;5C": keyWordRight, "[1;5D": keyWordLeft, "[1;3C": keyWordRight, "[1;3D": keyWordLeft,
	"b": keyWordLeft, "f": keyWordRight, "\x7f": keyKillWord, "\b": keyKillWord, "\r": keyNewline, "\n": keyNewline,
	"[200~": keyPasteStart, "[201~": keyPasteEnd,
}

// controls are single control characters, as in readline. A line feed is Enter: a terminal that is not in raw mode yet sends
// it for an Enter that is typed early.
var controls = map[byte]key{
	'\r': keyEnter, '\n': keyEnter, '\t': keyTab, 0x7f: keyBackspace, '\b': keyBackspace,
	0x01: keyHome, 0x02: keyLeft, 0x03: keyInterrupt, 0x04: keyEOF, 0x05: keyEnd, 0x06: keyRight, 0x0b: keyKillEnd,
	0x0c: keyRedraw, 0x0e: keyDown, 0x10: keyUp, 0x15: keyKillLine, 0x17: keyKillWord,
}

// keyboard decodes keys from what a terminal sends. A read may end inside a character or a sequence.
type keyboard struct{ rest []byte }

// read returns the keys in chunk. An ESC at its end is the Escape key, which does nothing.
func (k *keyboard) read(chunk []byte) (keys []key) {
	if len(chunk) > 1 && chunk[len(chunk)-1] == 0x1b || len(chunk) == 1 && chunk[0] == 0x1b && len(k.rest) == 0 {
		chunk = chunk[:len(chunk)-1]
	}
	k.rest = append(k.rest, chunk...)
	for len(k.rest) > 0 {
		this, n := next(k.rest)
		if n == 0 {
			break
		}
		k.rest = k.rest[n:]
		if this != keyNone {
			keys = append(keys, this)
		}
	}
	return keys
}

// next returns the first key of b and its length; length 0 when the key is incomplete.
func next(b []byte) (key, int) {
	switch {
	case b[0] == 0x1b:
		return escape(b)
	case b[0] < ' ' || b[0] == 0x7f:
		if k, ok := controls[b[0]]; ok {
			return k, 1
		}
		return keyNone, 1
	case !utf8.FullRune(b):
		return 0, 0
	}
	r, n := utf8.DecodeRune(b)
	if r >= 0x80 && r < 0xa0 {
		return keyNone, n
	}
	return key(r), n
}

func escape(b []byte) (key, int) {
	if len(b) < 2 {
		return 0, 0
	}
	n := 2
	if b[1] == '[' || b[1] == 'O' { // CSI ends with a byte from '@' to '~', SS3 is one byte long
		end := bytes.IndexFunc(b[2:], func(r rune) bool { return r >= '@' && r <= '~' })
		switch {
		case end >= 0:
			n = 2 + end + 1
		case len(b) < maxSequence:
			return 0, 0
		default:
			n = maxSequence
		}
	}
	if k, ok := sequences[string(b[1:n])]; ok {
		return k, n
	}
	if n == 2 && b[1] == 0x1b { // ESC twice: look at the second anew
		n = 1
	}
	return keyNone, n
}
