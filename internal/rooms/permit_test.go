package rooms

import (
	"fmt"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

// commands has the commands of every action, and by what an actor outside and inside the room is answered: a code, or the
// type of the answer.
var commands = []struct {
	command         func(room string) Command
	outside, inside string
}{
	{func(room string) Command { return &Join{Room: room} }, "rooms.Joined", "rooms.Joined"},
	{func(room string) Command { return &Move{Room: room} }, "rooms.Joined", "bad_request"}, // permitted, and of no use
	{func(room string) Command { return &Leave{Room: room} }, "not_member", "rooms.Left"},
	{func(room string) Command { return &Send{Room: room, CID: "c", Text: "x"} }, "not_member", "rooms.Stored"},
	{func(room string) Command { return &History{Room: room, Query: history.Query{Limit: 1}} }, "not_member", "rooms.Page"},
	{func(room string) Command { return &Who{Room: room, Limit: 1} }, "not_member", "rooms.Members"},
	{func(room string) Command { return &Typing{Room: room} }, "not_member", "<nil>"},
	{func(string) Command { return &List{Limit: 1} }, "rooms.Listed", "rooms.Listed"},
	{func(string) Command { return &Rename{Name: "eve"} }, "rooms.Renamed", "rooms.Renamed"},
}

func TestPermits(t *testing.T) {
	tested := map[action]bool{}
	for _, c := range commands {
		tested[c.command("r").action()] = true
		t.Run(fmt.Sprintf("%T", c.command("r")), func(t *testing.T) {
			t.Parallel()
			w := open(t, nil)
			for standing, want := range []string{outside: c.outside, inside: c.inside} {
				name := [...]string{outside: "outsider", inside: "insider"}[standing]
				g := w.enter(name)
				g.join("other") // to be in some other room is of no help
				if standing == int(inside) {
					g.join("r")
				}
				answer, err := g.ask(c.command("r"))
				got := fmt.Sprintf("%T", answer)
				if err != nil {
					got = string(err.Code)
				}
				if got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
				g.End(true, true) // frees the names for the next
			}
		})
	}
	for act := range permits {
		if !tested[action(act)] {
			t.Errorf("no command of the action %d is tested", act)
		}
	}
}

func TestInvalidRoom(t *testing.T) {
	g := open(t, nil).enter("ada")
	for _, c := range commands {
		about := c.command("R o o m")
		if about.room() == "" {
			continue
		}
		g.refused(chat.CodeInvalidRoom, about)
		g.refused(chat.CodeInvalidRoom, c.command(""))
	}
}

// Once out of the room, an actor has no rights there any more.
func TestLeaveEndsRights(t *testing.T) {
	g := open(t, nil).enter("ada")
	g.join("r")
	g.send("r", "x")
	if left := g.must(&Leave{Room: "r"}).(Left); left.Room != "r" {
		t.Errorf("left %s", left.Room)
	}
	g.refused(chat.CodeNotMember, &Send{Room: "r", CID: "c", Text: "x"})
	g.refused(chat.CodeNotMember, &Leave{Room: "r"})
}
