package tui

import (
	"fmt"
	"strings"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/lang"
	"salon/internal/protocol"
)

// words makes the lines that people read. Its only state is the day of the last line.
type words struct {
	lang  lang.Lang
	depth depth
	width func() int // of the terminal; nil when it does not matter
	day   string
}

func (w *words) dim(s string) string  { return w.depth.paint(styleDim, s) }
func (w *words) warn(s string) string { return w.depth.paint(styleWarn, s) }

// stamp returns the time to show before a line. When the day is another than before, lines has a line with the day.
func (w *words) stamp(at time.Time) (lines []string, stamp string) {
	at = at.Local()
	if day := at.Format(time.DateOnly); day != w.day {
		w.day = day
		lines = append(lines, w.dim(w.rule(w.date(at))))
	}
	return lines, w.dim(at.Format("[15:04]")) + " "
}

// rule returns a text between two strokes; without the second one in a narrow terminal.
func (w *words) rule(text string) string {
	full := "── " + text + " ──"
	if w.width != nil && columns(full) > w.width() {
		return "── " + text
	}
	return full
}

var (
	weekdays = []string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	months   = []string{"", "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
		"octobre", "novembre", "décembre"}
)

func (w *words) date(at time.Time) string {
	if w.lang == lang.French {
		return fmt.Sprintf("%s %d %s %d", weekdays[at.Weekday()], at.Day(), months[at.Month()], at.Year())
	}
	return at.Format("Monday 2 January 2006")
}

// message returns the lines for an event, with the room unless it is the current one.
func (w *words) message(e *chat.Event, me chat.UserID, current chat.RoomID) []string {
	if e.Kind != chat.KindMessage {
		return nil
	}
	lines, stamp := w.stamp(e.At)
	text := protocol.Visible(e.Text)
	said := w.lang.Text("%s said: %s", w.name(e.User), text)
	if e.User.ID == me {
		said = w.lang.Text("%s: %s", w.depth.paint(styleBold, w.lang.Text("You said")), text)
	}
	return append(lines, stamp+w.room(e.Room, current)+said)
}

// name returns a user's name in the user's colour.
func (w *words) name(u chat.User) string {
	return w.depth.paint(w.depth.of(u.Color), protocol.Visible(u.Name))
}

func (w *words) room(id, current chat.RoomID) string {
	if id == current {
		return ""
	}
	return w.dim("#"+protocol.Visible(string(id))) + " "
}

// presence returns the lines that say who came, left or changed name.
func (w *words) presence(p *client.Presence, now time.Time, current chat.RoomID) []string {
	line := protocol.TextChange(w.lang, p.Presence.AsChange())
	if line == "" {
		return nil
	}
	lines, stamp := w.stamp(now)
	return append(lines, stamp+w.room(p.Room, current)+w.dim(line))
}

// members returns the line that answers /who.
func (w *words) members(room chat.RoomID, users []chat.User, count int) string {
	if len(users) == 0 {
		return w.lang.Text("In %s: %d people", "#"+string(room), count)
	}
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = w.name(u)
	}
	if more := count - len(users); more > 0 {
		names = append(names, fmt.Sprintf("… +%d", more))
	}
	return w.lang.Text("In %s (%d): %s", "#"+string(room), count, strings.Join(names, ", "))
}
