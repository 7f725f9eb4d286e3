package tui

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// frame draws what is below the talk: rows that say what goes on, and the row with the line that is typed. The talk is
// written above it and scrolls away as usual, so that the terminal's own history, search and selection work.
type frame struct {
	out   io.Writer
	width int
	rows  int    // drawn above the row of the cursor
	drawn string // what was drawn last
	plain bool   // use no escape sequences, see [frame.drawPlain]
}

// draw writes lines above the frame, which becomes rows and the row with prompt and text, the cursor in its column.
// rows fit into the width.
func (f *frame) draw(lines, rows []string, prompt, text string, column int) error {
	if f.plain {
		return f.drawPlain(lines, prompt+text, column)
	}
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
		all.WriteString(f.fold(line))
	}
	all.WriteString(live.String())
	f.rows, f.drawn = len(rows), live.String()
	_, err := io.WriteString(f.out, all.String())
	return err
}

// drawPlain is draw for a terminal that understands nothing but text, line ends and carriage returns. The frame is only the row
// that is typed in. Text that is added at its end is written as it is, so that a terminal that cannot go back stays legible.
func (f *frame) drawPlain(lines []string, row string, column int) error {
	live := row
	if column < columns(row) {
		live += "\r" + clip(row, column)
	}
	added, longer := strings.CutPrefix(live, f.drawn)
	var all strings.Builder
	if len(lines) > 0 || !longer {
		f.erase(&all)
		added = live
	}
	for _, line := range lines {
		all.WriteString(f.fold(line))
	}
	all.WriteString(added)
	f.drawn = live
	if all.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(f.out, all.String())
	return err
}

// narrow is the width below which this program breaks lines, between words. A wider terminal breaks them itself, and joins
// them again when it is resized, searched or copied from.
const narrow = 60

// fold returns what is written for a line.
func (f *frame) fold(line string) string {
	if f.width >= hanging*3 && f.width < narrow {
		line = wrap(line, f.width)
	}
	return strings.ReplaceAll(line, "\n", "\r\n") + "\r\n"
}

// hanging is the indent of the further rows of a line, so that no row looks like a line of its own.
const hanging = 4

var styles = regexp.MustCompile(`\x1b\[[\d;]*m`)

// wrap breaks s between words, where it can, so that no row is wider than width.
func wrap(s string, width int) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		used := 0
		for j, word := range strings.Split(line, " ") {
			w := columns(styles.ReplaceAllString(word, ""))
			switch {
			case j == 0:
			case used+1+w > width && used > hanging:
				b.WriteString("\n" + strings.Repeat(" ", hanging))
				used = hanging
			default:
				b.WriteByte(' ')
				used++
			}
			b.WriteString(word)
			used += w
		}
	}
	return b.String()
}

// erase removes the frame.
func (f *frame) erase(w io.Writer) {
	if f.plain {
		if row, _, _ := strings.Cut(f.drawn, "\r"); row != "" {
			io.WriteString(w, "\r"+strings.Repeat(" ", columns(row))+"\r")
		}
		f.drawn = ""
		return
	}
	io.WriteString(w, "\r")
	if f.rows > 0 {
		fmt.Fprintf(w, "\x1b[%dA", f.rows)
	}
	io.WriteString(w, "\x1b[J")
	f.rows, f.drawn = 0, ""
}

// clear empties the screen before it is drawn again, on Ctrl-L. On a plain terminal the row is written again below.
func (f *frame) clear() error {
	empty := "\x1b[H\x1b[2J"
	if f.plain {
		empty = "\r\n"
	}
	f.rows, f.drawn = 0, ""
	_, err := io.WriteString(f.out, empty)
	return err
}
