package presencetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"salon/internal/chat"
	"salon/internal/presence"
)

func deadNode(t *testing.T, w World) {
	a, b, dead := w.open(t, "a"), w.open(t, "b"), w.open(t, "dead")
	join(t, a, "lobby", "s1", user("Ada"))
	join(t, dead, "lobby", "s2", user("Bob"))
	join(t, dead, "lobby", "s3", user("Cem"))
	join(t, dead, "other", "s2", user("Bob"))
	for i := range 300 { // more than an engine removes in one step
		join(t, dead, "big", fmt.Sprintf("b%d", i), user(fmt.Sprintf("user-%03d", i)))
	}
	var departures []presence.Departure
	w.until(t, "the dead node's users have left", []presence.Store{a, b}, func(all []presence.Departure) bool {
		departures = all
		return names(t, a, "lobby") == "Ada" && names(t, b, "other") == "" && names(t, b, "big") == ""
	})
	times := map[string]int{}
	for _, d := range departures {
		times[string(d.Room)+" "+d.User.Name]++
		if d.Room == "big" {
			continue
		}
		if d.Count != map[chat.RoomID]int{"lobby": 2, "other": 0}[d.Room] && d.Count != 1 {
			t.Errorf("departure %+v", d)
		}
	}
	want(t, "departures", len(departures), 303)
	for who, n := range times {
		if n != 1 {
			t.Errorf("the departure of %s was returned %d times", who, n)
		}
	}
	got, err := a.Rooms(soon(t), 10)
	if err != nil || len(got) != 1 || got["lobby"] != 1 {
		t.Errorf("rooms: %v, %v", got, err)
	}
	for _, s := range []presence.Store{a, b} {
		if again := beat(t, s); len(again) > 0 {
			t.Errorf("returned again: %v", again)
		}
	}
}

// A user who also has a session on a living node has not left.
func deadNodeSharedUser(t *testing.T, w World) {
	a, dead := w.open(t, "a"), w.open(t, "dead")
	join(t, dead, "lobby", "s1", user("Ada"))
	join(t, a, "lobby", "s2", user("Ada"))
	join(t, dead, "lobby", "s3", user("Bob"))
	w.until(t, "Bob has left", []presence.Store{a}, func(departures []presence.Departure) bool {
		return sorted(departures) == "lobby:Bob:1"
	})
	want(t, "members", names(t, a, "lobby"), "Ada")
	want(t, "the last session leaves", leave(t, a, "lobby", "s2"), last(0))
}

// A node whose lease ended although it lives puts its sessions back with its first beat, and no departure is returned for them
// again.
func leaseEndedWhileAlive(t *testing.T, w World) {
	a, asleep := w.open(t, "a"), w.open(t, "asleep")
	join(t, a, "lobby", "s1", user("Ada"))
	join(t, asleep, "lobby", "s2", user("Bob"))
	join(t, asleep, "quiet", "s2", user("Bob"))
	w.until(t, "Bob has left", []presence.Store{a}, func(departures []presence.Departure) bool { return len(departures) == 2 })
	want(t, "while asleep", names(t, a, "lobby"), "Ada")
	join(t, asleep, "lobby", "s3", user("Cem")) // before it has beaten again
	if departures := beat(t, asleep); len(departures) > 0 {
		t.Errorf("departures returned to the node that slept: %v", departures)
	}
	want(t, "awake", names(t, a, "lobby"), "Ada Bob Cem")
	want(t, "awake, in the other room", names(t, a, "quiet"), "Bob")
	for range 2 {
		for _, s := range []presence.Store{a, asleep} {
			if departures := beat(t, s); len(departures) > 0 {
				t.Errorf("departures of the living: %v", departures)
			}
		}
	}
	want(t, "leave", leave(t, asleep, "lobby", "s2"), last(2))
}

func emptied(t *testing.T, w World) {
	stores := []presence.Store{w.open(t, "a"), w.open(t, "b")}
	a, b := stores[0], stores[1]
	w.until(t, "a set counts as whole", stores, func([]presence.Departure) bool { return whole(t, a, "lobby") })
	join(t, a, "lobby", "s1", user("Ada"))
	join(t, b, "lobby", "s2", user("Bob"))
	for i := range 300 {
		join(t, b, "big", fmt.Sprintf("b%d", i), user(fmt.Sprintf("user-%03d", i)))
	}
	w.Empty(t)
	if whole(t, a, "lobby") {
		t.Error("a store just emptied says that its set is whole")
	}
	want(t, "a Join before any beat", join(t, a, "lobby", "s3", user("Cem")).First, true)
	if whole(t, a, "lobby") {
		t.Error("a store that is being filled again says that its set is whole")
	}
	for _, s := range stores {
		if departures := beat(t, s); len(departures) > 0 {
			t.Errorf("nobody left, but %v", departures)
		}
	}
	want(t, "lobby", names(t, b, "lobby"), "Ada Bob Cem")
	want(t, "big", len(members(t, a, "big", 50)), 300)
	want(t, "leave of one put back", leave(t, b, "lobby", "s2"), last(2))
	w.until(t, "the set is whole again", stores, func(departures []presence.Departure) bool {
		if len(departures) > 0 {
			t.Fatalf("nobody left, but %v", departures)
		}
		return whole(t, a, "lobby")
	})
	want(t, "lobby at the end", names(t, b, "lobby"), "Ada Cem")
}

func whole(t *testing.T, s presence.Store, room chat.RoomID) bool {
	t.Helper()
	m, err := s.Members(soon(t), room, "", 1)
	if err != nil {
		t.Fatalf("Members: %v", err)
	}
	return m.Whole
}

func awayAndBack(t *testing.T, w World) {
	if w.Away == nil {
		t.Skip("this world cannot make the store unreachable")
	}
	stores := []presence.Store{w.open(t, "a"), w.open(t, "b")}
	a, b := stores[0], stores[1]
	join(t, a, "lobby", "s1", user("Ada"))
	join(t, a, "lobby", "s2", user("Bob"))
	join(t, b, "lobby", "s3", user("Cem"))
	back := w.Away(t)
	check := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, presence.ErrUnavailable) {
			t.Errorf("%s while away: %v", what, err)
		}
	}
	_, err := a.Join(soon(t), "lobby", session("s4", user("Dot")))
	check("Join", err)
	_, err = a.Leave(soon(t), "lobby", "s2")
	check("Leave", err)
	_, err = b.Join(soon(t), "lobby", session("s3", chat.User{ID: "u_cem", Name: "Cemil"}))
	check("Join to rename", err)
	_, err = a.Members(soon(t), "lobby", "", 10)
	check("Members", err)
	_, err = a.Counts(soon(t), []chat.RoomID{"lobby"})
	check("Counts", err)
	_, err = a.Digests(soon(t), []chat.RoomID{"lobby"})
	check("Digests", err)
	_, err = a.Rooms(soon(t), 10)
	check("Rooms", err)
	_, err = a.Beat(soon(t))
	check("Beat", err)
	back()
	w.until(t, "the store holds what was asked for meanwhile", stores, func(departures []presence.Departure) bool {
		if len(departures) > 0 {
			t.Fatalf("no node died, but %v", departures)
		}
		return names(t, b, "lobby") == "Ada Cemil Dot"
	})
	want(t, "leave", leave(t, a, "lobby", "s4"), last(2))
}

func closeTakesSessionsOut(t *testing.T, w World) {
	a, b := w.open(t, "a"), w.Open(t, "b")
	beat(t, b)
	join(t, a, "lobby", "s1", user("Ada"))
	join(t, b, "lobby", "s2", user("Bob"))
	for i := range 300 {
		join(t, b, "big", fmt.Sprintf("b%d", i), user(fmt.Sprintf("user-%03d", i)))
	}
	if err := b.Close(soon(t)); err != nil {
		t.Fatalf("Close: %v", err)
	}
	want(t, "lobby", names(t, a, "lobby"), "Ada")
	want(t, "big", names(t, a, "big"), "")
}

func afterClose(t *testing.T, w World) {
	a := w.Open(t, "a")
	join(t, a, "lobby", "s1", user("Ada"))
	for range 2 {
		if err := a.Close(soon(t)); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	check := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, presence.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	_, err := a.Join(soon(t), "lobby", session("s1", user("Ada")))
	check("Join", err)
	_, err = a.Leave(soon(t), "lobby", "s1")
	check("Leave", err)
	_, err = a.Members(soon(t), "lobby", "", 10)
	check("Members", err)
	_, err = a.Counts(soon(t), []chat.RoomID{"lobby"})
	check("Counts", err)
	_, err = a.Digests(soon(t), []chat.RoomID{"lobby"})
	check("Digests", err)
	_, err = a.Rooms(soon(t), 10)
	check("Rooms", err)
	_, err = a.Beat(soon(t))
	check("Beat", err)
}

func cancelledCalls(t *testing.T, w World) {
	a := w.open(t, "a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	check := func(what string, err error) {
		t.Helper()
		if err != nil && !errors.Is(err, presence.ErrUnavailable) {
			t.Errorf("%s: %v, want nil or ErrUnavailable", what, err)
		}
	}
	_, err := a.Join(ctx, "lobby", session("s1", user("Ada")))
	check("Join", err)
	_, err = a.Members(ctx, "lobby", "", 10)
	check("Members", err)
	_, err = a.Beat(ctx)
	check("Beat", err)
	// It is not known whether the call took effect. Repeated, it has.
	join(t, a, "lobby", "s1", user("Ada"))
	want(t, "members", names(t, a, "lobby"), "Ada")
	_, err = a.Leave(ctx, "lobby", "s1")
	check("Leave", err)
	leave(t, a, "lobby", "s1")
	want(t, "members at the end", names(t, a, "lobby"), "")
}
