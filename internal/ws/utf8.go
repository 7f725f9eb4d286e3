package ws

import "unicode/utf8"

// textCheck checks text as it arrives, in pieces that may end inside a character. The zero value is ready to use.
type textCheck struct {
	rest [utf8.UTFMax]byte // the beginning of a character whose end has not come yet
	n    uint8
}

// feed takes the next piece and tells whether the text can still be UTF-8. It returns false at the first byte that no valid
// text could have there.
func (t *textCheck) feed(p []byte) bool {
	for t.n > 0 && len(p) > 0 {
		t.rest[t.n] = p[0]
		t.n++
		p = p[1:]
		if !utf8.FullRune(t.rest[:t.n]) {
			continue
		}
		if r, size := utf8.DecodeRune(t.rest[:t.n]); r == utf8.RuneError && size <= 1 {
			return false
		}
		t.n = 0
	}
	whole := len(p) - partial(p)
	if !utf8.Valid(p[:whole]) {
		return false
	}
	t.n += uint8(copy(t.rest[t.n:], p[whole:]))
	return true
}

// done tells whether the text ends with a whole character.
func (t *textCheck) done() bool { return t.n == 0 }

// partial counts the bytes at the end of p that begin a character without completing it.
func partial(p []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		tail := p[len(p)-i:]
		if utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return i
		}
	}
	return 0
}
