package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"salon/internal/chat"
)

// What the keyboard does to the screen.

// keys does what was typed.
func (s *screen) keys(keys []key) {
	before := s.edit.text
	for keys = s.edit.pressAll(keys); len(keys) > 0 && !s.done; keys = s.edit.pressAll(keys[1:]) {
		switch keys[0] {
		case keyEnter:
			s.enter(s.edit.enter())
		case keyTab:
			s.complete()
		case keyRedraw:
			s.done = s.frame.clear() != nil
		case keyInterrupt:
			s.quit()
		case keyEOF:
			if s.edit.text == "" {
				s.quit()
			}
			s.edit.press(keyDelete)
		}
	}
	if s.edit.text != before && s.edit.text != "" && s.edit.text[0] != '/' && s.current != "" {
		s.c.Typing(s.current)
	}
}

// enter says a line, or does what it asks for.
func (s *screen) enter(line string) {
	switch {
	case strings.TrimSpace(line) == "":
		s.c.Retry() // who waits for the connection presses Enter
	case strings.HasPrefix(line, "//"):
		s.send(line[1:], line)
	case strings.HasPrefix(line, "/"):
		s.command(line)
	default:
		s.send(line, line)
	}
}

// send says text in the current room. What cannot be said goes back to be edited.
func (s *screen) send(text, line string) {
	if !s.here() {
		s.edit.set(line)
		return
	}
	ctx, cancel := context.WithTimeout(s.running, 50*time.Millisecond) // only a full outbox waits
	defer cancel()
	cid, err := s.c.Send(ctx, s.current, text)
	if err != nil {
		s.edit.set(line)
		if ctx.Err() != nil {
			s.say(s.words.warn(s.Lang.Text("too much waits to be sent: wait a little")))
			return
		}
		s.fail(err)
		return
	}
	s.pending = append(s.pending, pending{cid: cid, text: text, room: s.current, at: time.Now()})
}

// settle takes a send out of those under way; it tells whether it was there.
func (s *screen) settle(room chat.RoomID, cid string) bool {
	i := slices.IndexFunc(s.pending, func(p pending) bool { return p.cid == cid && p.room == room })
	if i < 0 {
		return false
	}
	s.pending = slices.Delete(s.pending, i, i+1)
	return true
}

// complete ends the word before the cursor: a command, a room after /join, else a name of someone seen here.
func (s *screen) complete() {
	before := s.edit.text[:s.edit.cursor]
	start := strings.LastIndexAny(before, " \n") + 1
	word, end := before[start:], " "
	var choices []string
	switch {
	case start == 0 && strings.HasPrefix(word, "/"):
		for _, c := range commands {
			choices = append(choices, c.name)
		}
	case strings.HasPrefix(before, "/join "):
		for _, r := range s.c.Rooms() {
			choices = append(choices, string(r))
		}
	default:
		for name := range s.people {
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
		s.edit.remove(start, s.edit.cursor)
		s.edit.insert(full)
	}
}

// completion gives what all choices that begin with word begin with, whatever the case, and whether there is only one.
// It is "" when word is empty, or nothing is gained.
func completion(word string, choices []string) (full string, only bool) {
	matches := 0
	for _, c := range choices {
		if word == "" || len(c) < len(word) || !strings.EqualFold(c[:len(word)], word) {
			continue
		}
		if matches++; matches == 1 {
			full = c
			continue
		}
		for !strings.HasPrefix(c, full) {
			r := []rune(full)
			full = string(r[:len(r)-1])
		}
	}
	if len(full) < len(word) {
		return "", false
	}
	return full, matches == 1
}
