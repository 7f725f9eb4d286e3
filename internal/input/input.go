// Package input reads from a terminal or a pipe. A read that waits can be ended.
package input

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/muesli/cancelreader"
)

// ErrLong says that a line is longer than allowed.
var ErrLong = errors.New("the line is too long")

// Reader reads from a file or from another io.Reader. A read that waits for a terminal or a pipe fails once the context ends.
type Reader struct {
	r    io.Reader
	undo func()
}

// Open makes a reader of r that ends with ctx. The caller closes it; r itself stays open.
func Open(ctx context.Context, r io.Reader) *Reader {
	f, ok := r.(*os.File)
	if !ok {
		return &Reader{r: r, undo: func() {}}
	}
	cancelable, err := cancelreader.NewReader(f)
	if err != nil { // a regular file or /dev/null: a read does not wait
		return &Reader{r: f, undo: func() {}}
	}
	stop := context.AfterFunc(ctx, func() { cancelable.Cancel() })
	return &Reader{r: cancelable, undo: func() { stop(); cancelable.Close() }}
}

func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if errors.Is(err, cancelreader.ErrCanceled) {
		err = context.Canceled
	}
	return n, err
}

// Close releases what Open took. No Read may be under way.
func (r *Reader) Close() { r.undo() }

// Lines calls each with every line of r, without its line end (LF or CR LF), and with the text after the last line end.
// The text is UTF-8, or UTF-16 with a byte order mark; the mark is no part of the first line. Lines does not look whether the
// rest of the text is valid. It ends with the first error of each. Errors: those of r and each, [ErrEncoding], [ErrLong] for a
// line over limit bytes.
func Lines(r io.Reader, limit int, each func(string) error) error {
	b, err := decode(r)
	if err != nil {
		return err
	}
	var line []byte
	for number := 1; ; {
		part, err := b.ReadSlice('\n')
		line = append(line, part...)
		if len(bytes.TrimRight(line, "\r\n")) > limit {
			return fmt.Errorf("line %d: %w", number, ErrLong)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err == nil || len(line) > 0 && errors.Is(err, io.EOF) {
			if err := each(trimEnd(line)); err != nil {
				return err
			}
			line = line[:0]
			number++
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func trimEnd(line []byte) string {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r")))
}
