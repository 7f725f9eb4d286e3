package tui

import (
	"fmt"
	"io"
	"strings"
)

// frame draws what is below the talk: rows that say what is going on, and the row one types in. The talk itself is written
// above it and scrolls away as usual, so that the terminal's own history, search and selection work.
type frame struct {
	out   io.Writer
	width int
	rows  int    // drawn above the row of the cursor
	drawn string // what was drawn last
}

// draw writes lines above the frame, which becomes rows and the row with prompt and text, the cursor in its column.
// rows fit into the width.
func (f *frame) draw(lines, rows []string, prompt, text string, column int) error {
	var live strings.Builder
	for _, r := range rows {
		live.WriteString(r + "\r\n")
	}
	fmt.Fprintf(&live, "%s%s\r", prompt, text)
	if column > 0 {
		fmt.Fprintf(&live, "\x1b[%dC", column)
	}
	if len(lines) == 0 && live.String() == f.drawn {
		return nil
	}
	var all strings.Builder
	f.erase(&all)
	for _, line := range lines {
		all.WriteString(strings.ReplaceAll(line, "\n", "\r\n") + "\r\n")
	}
	all.WriteString(live.String())
	f.rows, f.drawn = len(rows), live.String()
	_, err := io.WriteString(f.out, all.String())
	return err
}

// erase takes the frame away.
func (f *frame) erase(w io.Writer) {
	io.WriteString(w, "\r")
	if f.rows > 0 {
		fmt.Fprintf(w, "\x1b[%dA", f.rows)
	}
	io.WriteString(w, "\x1b[J")
	f.rows, f.drawn = 0, ""
}

// clear empties the screen, for who asks to have it drawn anew.
func (f *frame) clear() error {
	f.rows, f.drawn = 0, ""
	_, err := io.WriteString(f.out, "\x1b[H\x1b[2J")
	return err
}
