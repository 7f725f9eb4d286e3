package tui

import "strings"

// display is what the terminal shows: the talk, and below it the frame with the line that is typed.
type display struct {
	words words
	term  *terminal
	frame frame
	edit  editor
	lines []string // of the talk, not drawn yet
}

// say adds lines to the talk. The next drawing shows them.
func (d *display) say(lines ...string) { d.lines = append(d.lines, lines...) }

// warning adds a line that the user should notice.
func (d *display) warning(line string) { d.say(d.words.warn(line)) }

// draw shows the new lines of the talk and, below them, rows and the line that is typed. plain is the prompt without its
// style. Errors: those of writing to the terminal.
func (d *display) draw(rows []string, prompt, plain string) error {
	d.frame.width = d.term.width()
	if columns(plain) > d.frame.width/2 { // a narrow window keeps half of its width for the text
		prompt = clip(plain, d.frame.width/2)
		plain = prompt
	}
	if d.frame.plain {
		prompt = plain
	}
	used := columns(plain)
	text, column := d.edit.view(d.frame.width - used - 1)
	err := d.frame.draw(d.lines, rows, prompt, text, used+column)
	d.lines = nil
	return err
}

// flush shows the new lines of the talk and removes the frame.
func (d *display) flush() {
	var b strings.Builder
	d.frame.erase(&b)
	for _, line := range d.lines {
		b.WriteString(d.frame.fold(line))
	}
	d.lines = nil
	d.frame.out.Write([]byte(b.String()))
}
