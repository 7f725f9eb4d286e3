package tui

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// editor is the line that is typed. Its keys are those of readline. The cursor moves by what people see as characters
// (UAX #29). The line may hold line feeds, pasted or typed with Alt-Enter.
type editor struct {
	text    string
	cursor  int // byte offset
	pasting bool
	past    []string // lines entered, oldest first
	at      int      // in past; len(past) for the new line
	draft   string   // the new line while an older one is shown
	from    int      // the first byte shown, when the line is wider than the screen
}

// maxPast is how many entered lines are kept.
const maxPast = 200

// press changes the line by a key that edits. It returns false for any other key.
func (e *editor) press(k key) bool {
	switch k {
	case keyNewline:
		e.insert("\n")
	case keyBackspace:
		e.remove(e.left(), e.cursor)
	case keyDelete:
		e.remove(e.cursor, e.right())
	case keyLeft:
		e.cursor = e.left()
	case keyRight:
		e.cursor = e.right()
	case keyWordLeft:
		e.cursor = e.wordLeft()
	case keyWordRight:
		e.cursor = e.wordRight()
	case keyHome:
		e.cursor = 0
	case keyEnd:
		e.cursor = len(e.text)
	case keyKillWord:
		e.remove(e.wordLeft(), e.cursor)
	case keyKillLine:
		e.remove(0, e.cursor)
	case keyKillEnd:
		e.remove(e.cursor, len(e.text))
	case keyUp:
		e.recall(e.at - 1)
	case keyDown:
		e.recall(e.at + 1)
	case keyPasteStart, keyPasteEnd:
		e.pasting = k == keyPasteStart
	default:
		if k < 0 {
			return false
		}
		e.insert(string(rune(k)))
	}
	return true
}

// maxLine bounds the line, in bytes. What would make it longer is dropped.
const maxLine = 256 << 10

func (e *editor) insert(s string) {
	if len(e.text)+len(s) > maxLine {
		return
	}
	e.text = e.text[:e.cursor] + s + e.text[e.cursor:]
	e.cursor += len(s)
}

func (e *editor) remove(from, to int) {
	e.text = e.text[:from] + e.text[to:]
	e.cursor = from
}

// pressAll changes the line by keys, up to a key that does not edit, and returns the keys from there on. It inserts pasted
// text as one piece.
func (e *editor) pressAll(keys []key) []key {
	for len(keys) > 0 {
		var typed []rune
		for _, k := range keys {
			switch {
			case e.pasting && k == keyEnter:
				k = '\n'
			case e.pasting && k == keyTab:
				k = ' '
			}
			if k < 0 || k == 0 {
				break
			}
			typed = append(typed, rune(k))
		}
		if keys = keys[len(typed):]; len(typed) > 0 {
			e.insert(string(typed))
			continue
		}
		if !e.press(keys[0]) {
			return keys
		}
		keys = keys[1:]
	}
	return nil
}

// set makes text the line, with the cursor at its end.
func (e *editor) set(text string) { e.text, e.cursor, e.from = text, len(text), 0 }

// enter empties the line, remembers it and returns it.
func (e *editor) enter() string {
	line := e.text
	if strings.TrimSpace(line) != "" && (len(e.past) == 0 || e.past[len(e.past)-1] != line) {
		e.past = append(e.past, line)
		e.past = e.past[max(0, len(e.past)-maxPast):]
	}
	e.at, e.draft = len(e.past), ""
	e.set("")
	return line
}

// interrupt empties the line, which can be recalled, as shells do on Ctrl-C. It returns false when the line is empty already.
func (e *editor) interrupt() bool {
	e.pasting = false
	if e.text == "" {
		return false
	}
	e.enter()
	return true
}

func (e *editor) recall(at int) {
	if at < 0 || at > len(e.past) {
		return
	}
	if e.at == len(e.past) {
		e.draft = e.text
	}
	e.at = at
	if at == len(e.past) {
		e.set(e.draft)
		return
	}
	e.set(e.past[at])
}

// left returns where the character before the cursor begins.
func (e *editor) left() int {
	start, g := 0, uniseg.NewGraphemes(e.text[:e.cursor])
	for g.Next() {
		start, _ = g.Positions()
	}
	return start
}

// right returns where the character at the cursor ends.
func (e *editor) right() int {
	first, _, _, _ := uniseg.FirstGraphemeClusterInString(e.text[e.cursor:], -1)
	return e.cursor + len(first)
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_'
}

func (e *editor) wordLeft() int {
	before := strings.TrimRightFunc(e.text[:e.cursor], func(r rune) bool { return !inWord(r) })
	return len(strings.TrimRightFunc(before, inWord))
}

func (e *editor) wordRight() int {
	after := strings.TrimLeftFunc(e.text[e.cursor:], func(r rune) bool { return !inWord(r) })
	return len(e.text) - len(strings.TrimLeftFunc(after, inWord))
}

// view gives the part of the line that fits into width columns, and the cursor's column in it. It moves no more than it
// has to.
func (e *editor) view(width int) (shown string, column int) {
	width = max(width, 2)
	var starts, widths []int
	for g := uniseg.NewGraphemes(e.text[:e.cursor]); g.Next(); {
		start, _ := g.Positions()
		starts, widths = append(starts, start), append(widths, columns(g.Str()))
	}
	from := e.cursor
	for i := len(starts) - 1; i >= 0 && starts[i] >= e.from && column+widths[i] < width; i-- { // the cursor needs a column
		from = starts[i]
		column += widths[i]
	}
	e.from = from
	return clip(oneLine(e.text[from:]), width), column
}

// oneLine shows a text in one row.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "⏎") }

// columns is how wide s is on the screen.
func columns(s string) int { return uniseg.StringWidth(oneLine(s)) }

// shorten is clip with a sign that something was cut off.
func shorten(s string, width int) string {
	if uniseg.StringWidth(s) <= width {
		return s
	}
	return clip(s, width-1) + "…"
}

// clip cuts s to width columns.
func clip(s string, width int) string {
	used, g := 0, uniseg.NewGraphemes(s)
	for g.Next() {
		if used += g.Width(); used > width {
			start, _ := g.Positions()
			return s[:start]
		}
	}
	return s
}
