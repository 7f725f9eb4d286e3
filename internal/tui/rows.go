package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// rows say what goes on: sends under way, the lost connection, who writes.
func (s *screen) rows(now time.Time) (rows []string) {
	width := s.term.width() - 1
	row := func(paint func(string) string, text string) {
		rows = append(rows, paint(shorten(oneLine(text), width)))
	}
	const most = 3
	late := s.pending
	for i, p := range s.pending {
		if now.Sub(p.at) < showPending {
			late = s.pending[:i]
			break
		}
	}
	for _, p := range late[:min(len(late), most)] {
		row(s.words.dim, "… "+p.text)
	}
	if more := len(late) - most; more > 0 {
		row(s.words.dim, fmt.Sprintf("… +%d", more))
	}
	switch {
	case s.lost != nil && now.Before(s.lost.until):
		row(s.words.warn, s.Lang.Text("%s; next try in %s", s.lost.why, seconds(s.lost.until.Sub(now))))
	case s.lost != nil:
		row(s.words.warn, s.Lang.Text("connecting…"))
	}
	if names := s.typists(now); len(names) == 1 {
		row(s.words.dim, s.Lang.Text("%s is writing…", names[0]))
	} else if len(names) > 1 {
		row(s.words.dim, s.Lang.Text("%s are writing…", strings.Join(names, ", ")))
	}
	return rows
}

func (s *screen) typists(now time.Time) (names []string) {
	for id, t := range s.typing {
		if now.After(t.until) {
			delete(s.typing, id)
		} else if t.room == s.current {
			names = append(names, t.name)
		}
	}
	slices.Sort(names)
	return names
}
