package tui

import (
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/term"
)

// terminal is a terminal in raw mode, until restore.
type terminal struct {
	in, out *os.File
	once    sync.Once
	before  *term.State
	leave   string // is written when the terminal is reset
}

const (
	pasteOn  = "\x1b[?2004h" // bracketed paste: the terminal marks what is pasted
	pasteOff = "\x1b[?2004l"

	showCursor = "\x1b[?25h"
	plainStyle = "\x1b[0m"
)

// isPlain tells whether a terminal understands no escape sequences, as its environment says. A terminal whose kind is not
// known counts as such a one, except on Windows, where nothing sets TERM.
func isPlain(env func(string) string) bool {
	switch env("TERM") {
	case "dumb", "unknown":
		return true
	case "":
		return runtime.GOOS != "windows"
	}
	return false
}

// openTerminal sends no escape sequences to a plain terminal, and none that is about styles when d is [noColor].
func openTerminal(in, out *os.File, plain bool, d depth) (*terminal, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	t := &terminal{in: in, out: out, before: before}
	if !plain {
		t.leave = pasteOff + showCursor
		fmt.Fprint(out, pasteOn)
	}
	if d != noColor {
		t.leave += plainStyle
	}
	return t, nil
}

// restore resets the terminal to its former mode. It may be called more than once, from any goroutine.
func (t *terminal) restore() {
	t.once.Do(func() {
		fmt.Fprint(t.out, t.leave)
		term.Restore(int(t.in.Fd()), t.before)
	})
}

// guard runs f, and restores the terminal before a panic of f ends the program.
func (t *terminal) guard(f func()) {
	defer func() {
		if broken := recover(); broken != nil {
			t.restore()
			fmt.Fprint(t.out, "\r\n")
			panic(broken)
		}
	}()
	f()
}

// width returns the number of columns; 80 when it is not known.
func (t *terminal) width() int {
	w, _, err := term.GetSize(int(t.out.Fd()))
	if err != nil || w <= 0 {
		return 80
	}
	return w
}
