package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"salon/internal/chat"
)

const (
	showPending = 400 * time.Millisecond // a send that takes longer is shown as under way
	showTyping  = 6 * time.Second        // how long a user counts as typing after the server said so
	mostPending = 3                      // sends under way that are shown
)

// status is what goes on: the sends under way, who types, and a lost connection.
type status struct {
	pending []pending
	typing  map[chat.UserID]typist
	lost    *lost // nil while there is a connection
}

// pending is a send that is not acknowledged.
type pending struct {
	cid, text string
	room      chat.RoomID
	at        time.Time
}

type typist struct {
	name  string
	room  chat.RoomID
	until time.Time
}

type lost struct {
	why   string
	until time.Time // the next try
	told  bool      // the user was told the address that does not answer
}

// settle takes a send out of those under way.
func (s *status) settle(room chat.RoomID, cid string) {
	s.pending = slices.DeleteFunc(s.pending, func(p pending) bool { return p.cid == cid && p.room == room })
}

// rows returns the rows that say what goes on, at most width columns each.
func (s *status) rows(w *words, current chat.RoomID, width int, now time.Time) (rows []string) {
	row := func(paint func(string) string, text string) {
		rows = append(rows, paint(shorten(oneLine(text), width)))
	}
	late := s.late(now)
	for _, p := range late[:min(len(late), mostPending)] {
		row(w.dim, "… "+p.text)
	}
	if more := len(late) - mostPending; more > 0 {
		row(w.dim, fmt.Sprintf("… +%d", more))
	}
	switch {
	case s.lost != nil && now.Before(s.lost.until):
		row(w.warn, w.lang.Text("%s; next try in %s", s.lost.why, seconds(s.lost.until.Sub(now))))
	case s.lost != nil:
		row(w.warn, w.lang.Text("connecting…"))
	}
	if names := s.typists(current, now); len(names) == 1 {
		row(w.dim, w.lang.Text("%s is writing…", names[0]))
	} else if len(names) > 1 {
		row(w.dim, w.lang.Text("%s are writing…", strings.Join(names, ", ")))
	}
	return rows
}

// late returns the sends that take longer than showPending.
func (s *status) late(now time.Time) []pending {
	for i, p := range s.pending {
		if now.Sub(p.at) < showPending {
			return s.pending[:i]
		}
	}
	return s.pending
}

func (s *status) typists(room chat.RoomID, now time.Time) (names []string) {
	for id, t := range s.typing {
		if now.After(t.until) {
			delete(s.typing, id)
		} else if t.room == room {
			names = append(names, t.name)
		}
	}
	slices.Sort(names)
	return names
}

// seconds is a pause as people count it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", max(1, d.Seconds())) }
