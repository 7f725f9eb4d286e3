package tui

import (
	"context"
	"strings"
	"time"

	"salon/internal/chat"
)

// keys does what was typed.
func (c *conversation) keys(keys []key) {
	before := c.edit.text
	for keys = c.edit.pressAll(keys); len(keys) > 0 && !c.done; keys = c.edit.pressAll(keys[1:]) {
		switch keys[0] {
		case keyEnter:
			c.enter(c.edit.enter())
		case keyTab:
			c.complete()
		case keyRedraw:
			c.done = c.frame.clear() != nil
		case keyInterrupt:
			if !c.edit.interrupt() {
				c.quit()
			}
		case keyEOF:
			if c.edit.text == "" {
				c.quit()
			}
			c.edit.press(keyDelete)
		}
	}
	if c.edit.text != before && c.edit.text != "" && c.edit.text[0] != '/' && c.current != "" {
		c.client.Typing(c.current)
	}
}

// enter sends a line, or does what it asks for.
func (c *conversation) enter(line string) {
	switch {
	case !chat.ShowsSomething(line):
		c.client.Retry() // a user who waits for the connection presses Enter
	case strings.HasPrefix(line, "//"):
		c.send(line[1:], line)
	case strings.HasPrefix(line, "/"):
		runCommand(c, line)
	default:
		c.send(line, line)
	}
}

// send sends text to the current room. A text that cannot be sent goes back into the editor.
func (c *conversation) send(text, line string) {
	if !c.inRoom() {
		c.edit.set(line)
		return
	}
	ctx, cancel := context.WithTimeout(c.running, 50*time.Millisecond) // only a full outbox waits
	defer cancel()
	cid, err := c.client.Send(ctx, c.current, text)
	if err != nil {
		c.edit.set(line)
		if ctx.Err() != nil {
			c.warning(c.Lang.Text("too much waits to be sent: wait a little"))
			return
		}
		c.fail(err)
		return
	}
	c.pending = append(c.pending, pending{cid: cid, text: text, room: c.current, at: time.Now()})
}

// complete completes the word before the cursor: to a command, to a room after /join, or else to a name that was seen.
func (c *conversation) complete() {
	before := c.edit.text[:c.edit.cursor]
	start := strings.LastIndexAny(before, " \n") + 1
	word, end := before[start:], " "
	var choices []string
	switch {
	case start == 0 && strings.HasPrefix(word, "/"):
		for _, k := range commands() {
			choices = append(choices, k.name)
		}
	case strings.HasPrefix(before, "/join "):
		for _, r := range c.client.Rooms() {
			choices = append(choices, string(r))
		}
	default:
		for name := range c.people {
			choices = append(choices, name)
		}
		if start == 0 {
			end = ", "
		}
	}
	if full, only := completion(word, choices); full != "" {
		if only {
			full += end
		}
		c.edit.remove(start, c.edit.cursor)
		c.edit.insert(full)
	}
}

// completion returns the longest beginning that all choices beginning with word share, whatever the case, and whether there
// is only one such choice. full is "" when word is empty or cannot be completed.
func completion(word string, choices []string) (full string, only bool) {
	matches := 0
	for _, choice := range choices {
		if word == "" || len(choice) < len(word) || !strings.EqualFold(choice[:len(word)], word) {
			continue
		}
		if matches++; matches == 1 {
			full = choice
			continue
		}
		for !strings.HasPrefix(choice, full) {
			r := []rune(full)
			full = string(r[:len(r)-1])
		}
	}
	if len(full) < len(word) {
		return "", false
	}
	return full, matches == 1
}
