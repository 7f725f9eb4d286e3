package edge_test

import (
	"strings"
	"testing"
)

// A command of text mode that lacks what it needs is answered by how it is used.
func TestTextCommands(t *testing.T) {
	for lang, cases := range map[string][][2]string{
		"en": {
			{"/join", "/join <room>"},
			{"/join   ", "/join <room>"},
			{"/JOIN", "/join <room>"},
			{"/nick", "/nick <name>"},
			{"/nick  ", "/nick <name>"},
			{"/history x", "/history [n]"},
			{"/history 0", "/history [n]"},
			{"/history -1", "/history [n]"},
			{"/history 1 2", "/history [n]"},
			{"/nope", "Unknown command /nope. /help lists the commands."},
			{"/", "Unknown command /. /help lists the commands."},
			{"/" + strings.Repeat("x", 40), "Unknown command /" + strings.Repeat("x", 32) + ". /help lists the commands."},
			{"/join lobby", "You are now in lobby"},
			{"/join garden", "You are now in garden"},
			{"/nick eve", "You are now called eve"},
			{"/help", "Commands: /who, /join <room>, /rooms, /nick <name>, /history [n], /help, /quit. A line starting with // says the rest with one slash."},
		},
		"fr": {
			{"/join", "/join <chatroom>"},
			{"/nick", "/nick <nom>"},
			{"/history x", "/history [n]"},
		},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			h := open(t, nil)
			h.url += "/?lang=" + lang
			g := visitText(t, h)
			g.line() // asks for the name
			g.say("ada")
			g.line() // welcome
			for _, c := range cases {
				g.say("%s", c[0])
				if got := g.line(); got != c[1] {
					t.Errorf("%q is answered %q, want %q", c[0], got, c[1])
				}
			}
			g.say("/quit")
			if _, _, err := g.conn.Read(); err == nil {
				t.Error("the connection goes on")
			}
		})
	}
}

// What begins with two slashes is said, with one; an empty line is nothing.
func TestTextSlashes(t *testing.T) {
	h := open(t, nil)
	ada, bob := visitText(t, h), visitText(t, h)
	ada.line()
	bob.line()
	for _, line := range []string{"ada", "/who"} { // once that is answered she is in the room
		ada.say("%s", line)
		ada.line()
	}
	bob.say("bob")
	ada.line() // bob came
	bob.say("")
	bob.say("  \r\n")
	bob.say("//nope\r\n")
	if got := ada.line(); !strings.HasSuffix(got, ": /nope") {
		t.Errorf("ada is shown %q", got)
	}
}
