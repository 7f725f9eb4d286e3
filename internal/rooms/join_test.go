package rooms

import (
	"fmt"
	"slices"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/hub"
)

// seqs returns the numbers of the events in an answer.
func (j Joined) seqs() (seqs []uint64) {
	for _, ev := range j.Events() {
		seqs = append(seqs, ev.Seq)
	}
	return seqs
}

func TestJoin(t *testing.T) {
	w := open(t, func(c *Config) { c.Limits.Rooms = 2 })
	ada, bob := w.enter("ada"), w.enter("bob")
	ada.join("r")
	for range 3 {
		ada.send("r", "x")
	}
	j := bob.must(&Join{Room: "r", From: hub.From{Last: 2}}).(Joined)
	if j.Room != "r" || j.Head != 3 || !slices.Equal(j.seqs(), []uint64{2, 3}) || j.Count != 2 {
		t.Errorf("joined %s with %v of %d and %d members", j.Room, j.seqs(), j.Head, j.Count)
	}
	j = bob.must(&Join{Room: "r", From: hub.From{Resume: true}}).(Joined) // once more
	if !slices.Equal(j.seqs(), []uint64{1, 2, 3}) || j.Count != 2 || bob.count() != 1 {
		t.Errorf("joined again with %v, %d members; is in %d rooms", j.seqs(), j.Count, bob.count())
	}
	bob.join("second")
	bob.refused(chat.CodeTooManyRooms, &Join{Room: "third"})
	bob.join("second") // is no further room
	bob.must(&Leave{Room: "r"})
	bob.join("third")
}

// A user that takes another name while its session comes into a room is known there by the new one.
func TestRenamedWhileJoining(t *testing.T) {
	w := open(t, nil)
	ada, bob := w.enter("ada"), w.enter("bob")
	rename := func() {
		if _, err := ada.ask(&Rename{Name: "eve"}); err != nil {
			t.Error(err)
		}
	}
	w.faults.beforeRead.Store(&rename)
	ada.join("r")
	j := bob.must(&Join{Room: "r"}).(Joined)
	if len(j.Members) != 2 || j.Members[1].Name != "eve" {
		t.Errorf("bob finds %v", j.Members)
	}
}

func TestMoveFails(t *testing.T) {
	w := open(t, func(c *Config) { c.Limits.Rooms = 1 })
	ada, bob := w.enter("ada"), w.enter("bob")
	ada.join("one")
	bob.join("one")
	ada.refused(chat.CodeBadRequest, &Move{Room: "one"})
	w.faults.fail(history.ErrUnavailable)
	ada.refused(chat.CodeUnavailable, &Move{Room: "two"})
	w.faults.work()
	ada.refused(chat.CodeNotMember, &Send{Room: "two", CID: "c", Text: "x"})
	ada.send("one", "still here")
	bob.send("one", "who else")
	eventually(t, "she hears the room where she was", func() bool { return ada.saw("event bob: who else") == 1 })
	if n := bob.must(&Who{Room: "one", Limit: 9}).(Members).Count; n != 2 || bob.saw("leave ada") != 0 {
		t.Errorf("%d in the room where she was; bob saw her leave %d times", n, bob.saw("leave ada"))
	}
}

func TestMoveLeaves(t *testing.T) {
	w := open(t, func(c *Config) { c.Limits.Rooms = 1 }) // the room that is left does not count
	ada, bob, eve := w.enter("ada"), w.enter("bob"), w.enter("eve")
	ada.join("one")
	bob.join("one")
	eve.join("two")
	if j := ada.must(&Move{Room: "two"}).(Joined); j.Room != "two" || j.Count != 2 {
		t.Errorf("moved to %s with %d members", j.Room, j.Count)
	}
	eventually(t, "those whom she left are told", func() bool { return bob.saw("leave ada") == 1 })
	ada.refused(chat.CodeNotMember, &Send{Room: "one", CID: "c", Text: "x"})
	ada.send("two", "here")
	eventually(t, "those to whom she came hear her", func() bool { return eve.saw("event ada: here") == 1 })
	if eve.saw("join ada") != 1 {
		t.Error("her coming was not told")
	}
}

func TestResume(t *testing.T) {
	w := open(t, nil)
	ada := w.enter("ada")
	ada.join("r")
	first := ada.member("r")
	said := chat.MaxPage + 20
	for i := range said { // fewer than may wait
		if _, err := ada.start(&Send{Room: "r", CID: fmt.Sprint(i), Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all are pushed", func() bool { return ada.saw("event ada: x") == said })
	if a := ada.must(&Resume{Place: first, Since: 1}); a != (Behind{}) {
		t.Errorf("more than a page behind: %#v", a)
	}
	j, ok := ada.must(&Resume{Place: first, Since: uint64(said - 2)}).(Joined)
	if !ok || j.Room != "r" || !slices.Equal(j.seqs(), []uint64{uint64(said - 1), uint64(said)}) {
		t.Errorf("two behind: %v", j.seqs())
	}
	ada.must(&Leave{Room: "r"})
	ada.refused(chat.CodeNotMember, &Resume{Place: first, Since: 1})
	ada.join("r") // it is in the room again, and its earlier place is none any more
	ada.refused(chat.CodeNotMember, &Resume{Place: first, Since: uint64(said)})
	ada.must(&Resume{Place: ada.member("r"), Since: uint64(said)})
}
