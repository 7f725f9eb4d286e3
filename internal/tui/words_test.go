package tui

import (
	"strings"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/lang"
	"salon/internal/protocol"
)

func TestWords(t *testing.T) {
	at := time.Date(2026, 11, 22, 14, 5, 0, 0, time.Local)
	ada, bob := chat.User{ID: "u_a", Name: "ada", Color: "#7c3aed"}, chat.User{ID: "u_b", Name: "b\x1bob"}
	message := func(u chat.User, room chat.RoomID, at time.Time, kind chat.Kind) *chat.Event {
		return &chat.Event{User: u, Room: room, At: at, Kind: kind, Text: "x\ny"}
	}
	for _, tt := range []struct {
		lang  lang.Lang
		depth depth
		want  string
	}{
		{lang.French, noColor, `── dimanche 22 novembre 2026 ──
[14:05] Vous avez dit : x
    y
[14:05] #garden b�ob a dit : x
    y
── lundi 23 novembre 2026 ──
[14:05] Annonce : ada est de retour`},
		{lang.English, noColor, `── Sunday 22 November 2026 ──
[14:05] You said: x
    y
[14:05] #garden b�ob said: x
    y
── Monday 23 November 2026 ──
[14:05] Announcement: ada is back`},
		{lang.English, color16, "\x1b[2m── Sunday 22 November 2026 ──\x1b[0m\n" +
			"\x1b[2m[14:05]\x1b[0m \x1b[1mYou said\x1b[0m: x\n    y\n" +
			"\x1b[2m[14:05]\x1b[0m \x1b[2m#garden\x1b[0m \x1b[1mb�ob\x1b[0m said: x\n    y\n" +
			"\x1b[2m── Monday 23 November 2026 ──\x1b[0m\n" +
			"\x1b[2m[14:05]\x1b[0m \x1b[2mAnnouncement: ada is back\x1b[0m"},
	} {
		w := &words{lang: tt.lang, depth: tt.depth}
		var lines []string
		lines = append(lines, w.message(message(ada, "lobby", at, chat.KindMessage), "u_a", "lobby")...)
		lines = append(lines, w.message(message(ada, "lobby", at, "reaction"), "u_a", "lobby")...)
		lines = append(lines, w.message(message(bob, "garden", at, chat.KindMessage), "u_a", "lobby")...)
		back := &client.Presence{Presence: protocol.Presence{Change: chat.ChangeBack, Room: "lobby", User: &ada}}
		lines = append(lines, w.presence(back, at.Add(24*time.Hour), "lobby")...)
		if got := strings.Join(lines, "\n"); got != tt.want {
			t.Errorf("%v %d:\n%s\nwant:\n%s", tt.lang, tt.depth, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for in, want := range map[string]string{
		"bob said: one two three four":          "bob said: one\n    two three\n    four",
		"\x1b[1mbob\x1b[0m said: one two":       "\x1b[1mbob\x1b[0m said: one\n    two",
		"a b\n    c d":                          "a b\n    c d",
		"at http://example.org/a/long/path now": "at http://example.org/a/long/path\n    now",
		"exactly fifteen":                       "exactly fifteen",
	} {
		if got := wrap(in, 15); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCompletion(t *testing.T) {
	choices := []string{"Élodie", "elodie2", "ada", "adam", "/join"}
	for word, want := range map[string]string{"él": "Élodie|", "elo": "elodie2|", "a": "ada", "adam": "adam|", "x": "", "": "", "/j": "/join|"} {
		full, only := completion(word, choices)
		if only {
			full += "|"
		}
		if full != want {
			t.Errorf("%q: %q, want %q", word, full, want)
		}
	}
}
