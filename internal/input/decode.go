package input

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrEncoding says that the input is in UTF-16 or UTF-32 without saying so by a byte order mark that is understood here.
var ErrEncoding = errors.New("the input is not UTF-8")

// decode returns a reader of r in UTF-8 without the byte order mark. It decodes UTF-16 that has such a mark, as programs on
// Windows write it. It reads no more than it needs to know: at a terminal the first line may be short.
// Errors: [ErrEncoding]. An error of r comes later, from the reader.
func decode(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReader(&sticky{r: r})
	start := func(n int) string {
		p, _ := b.Peek(n)
		return string(p)
	}
	switch start(1) {
	case "", "\n":
		return b, nil
	case "\xef":
		if start(2) == "\xef\xbb" && start(3) == "\xef\xbb\xbf" {
			b.Discard(3)
		}
		return b, nil
	}
	switch two := start(2); {
	case two == "\xff\xfe" && start(4) != "\xff\xfe\x00\x00":
		b.Discard(2)
		return bufio.NewReader(&utf16Reader{r: b, order: binary.LittleEndian}), nil
	case two == "\xfe\xff":
		b.Discard(2)
		return bufio.NewReader(&utf16Reader{r: b, order: binary.BigEndian}), nil
	case two == "\xff\xfe", two[0] == 0, len(two) > 1 && two[1] == 0: // no text in UTF-8 begins like this
		return nil, ErrEncoding
	}
	return b, nil
}

// sticky repeats the first error of a reader. A terminal would read on after its end, and [bufio.Reader.Peek] forgets errors.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(p []byte) (n int, err error) {
	if s.err == nil {
		n, s.err = s.r.Read(p)
	}
	return n, s.err
}

// utf16Reader reads UTF-16 and gives UTF-8. What is not valid becomes U+FFFD.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	char  [utf8.UTFMax]byte
	rest  []byte // of char
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(u.rest) == 0 {
		r, err := u.next()
		if err != nil {
			return 0, err
		}
		u.rest = u.char[:utf8.EncodeRune(u.char[:], r)]
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// next returns the next character.
func (u *utf16Reader) next() (rune, error) {
	var unit [2]byte
	switch _, err := io.ReadFull(u.r, unit[:]); {
	case errors.Is(err, io.ErrUnexpectedEOF): // half a unit
		return utf8.RuneError, nil
	case err != nil:
		return 0, err
	}
	first := rune(u.order.Uint16(unit[:]))
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	following, err := u.r.Peek(2)
	if err != nil {
		return utf8.RuneError, nil // the error comes again with the next read
	}
	both := utf16.DecodeRune(first, rune(u.order.Uint16(following)))
	if both != utf8.RuneError {
		u.r.Discard(2)
	}
	return both, nil
}
