package presencetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"salon/internal/chat"
	"salon/internal/presence"
)

func joinAndLeave(t *testing.T, w World) {
	a, b := w.open(t, "a"), w.open(t, "b")
	want(t, "ada joins", join(t, a, "lobby", "s1", user("Ada")), first(1))
	want(t, "bob joins on the other node", join(t, b, "lobby", "s2", user("Bob")), first(2))
	for _, s := range []presence.Store{a, b} {
		want(t, "members", names(t, s, "lobby"), "Ada Bob")
	}
	m, err := b.Members(soon(t), "lobby", "", 10)
	if err != nil || len(m.Users) != 2 || m.Users[0] != user("Ada") || m.Count != 2 || m.Next != "" {
		t.Errorf("Members: %+v, %v", m, err)
	}
	want(t, "bob leaves", leave(t, b, "lobby", "s2"), last(1))
	want(t, "ada leaves", leave(t, a, "lobby", "s1"), last(0))
	want(t, "members at the end", names(t, b, "lobby"), "")
}

func userWithSeveralSessions(t *testing.T, w World) {
	a, b := w.open(t, "a"), w.open(t, "b")
	ada := user("Ada")
	want(t, "first", join(t, a, "lobby", "s1", ada), first(1))
	want(t, "second, same node", join(t, a, "lobby", "s2", ada), other(1))
	want(t, "third, other node", join(t, b, "lobby", "s3", ada), other(1))
	want(t, "members", names(t, b, "lobby"), "Ada")
	want(t, "one leaves", leave(t, a, "lobby", "s1"), other(1))
	want(t, "another leaves", leave(t, b, "lobby", "s3"), other(1))
	want(t, "members with one left", names(t, b, "lobby"), "Ada")
	want(t, "the last leaves", leave(t, a, "lobby", "s2"), last(0))
}

func sessionInSeveralRooms(t *testing.T, w World) {
	a := w.open(t, "a")
	for _, room := range []chat.RoomID{"one", "two", "three"} {
		want(t, string(room), join(t, a, room, "s1", user("Ada")), first(1))
	}
	want(t, "leaves two", leave(t, a, "two", "s1"), last(0))
	want(t, "one", names(t, a, "one"), "Ada")
	want(t, "two", names(t, a, "two"), "")
	want(t, "three", names(t, a, "three"), "Ada")
}

func repeatedCalls(t *testing.T, w World) {
	a := w.open(t, "a")
	join(t, a, "lobby", "s1", user("Ada"))
	want(t, "the same Join again", join(t, a, "lobby", "s1", user("Ada")), other(1))
	join(t, a, "lobby", "s2", user("Bob"))
	leave(t, a, "lobby", "s1")
	want(t, "the same Leave again", leave(t, a, "lobby", "s1"), other(1))
	want(t, "Leave of a session never seen", leave(t, a, "lobby", "none"), other(1))
	want(t, "Leave of a room never seen", leave(t, a, "empty", "s2"), other(0))
	want(t, "members", names(t, a, "lobby"), "Bob")
}

func rename(t *testing.T, w World) {
	a, b := w.open(t, "a"), w.open(t, "b")
	u := user("Ada")
	join(t, a, "lobby", "s1", u)
	u.Name = "Countess"
	want(t, "rename", join(t, a, "lobby", "s1", u), other(1))
	want(t, "members", names(t, b, "lobby"), "Countess")
	u.Name = "Augusta"
	want(t, "another session with another name", join(t, b, "lobby", "s2", u), other(1))
	want(t, "members", names(t, a, "lobby"), "Augusta")
	leave(t, b, "lobby", "s2")
	beat(t, a)
	if got := names(t, a, "lobby"); got != "Augusta" && got != "Countess" {
		t.Errorf("members: %s", got)
	}
}

func sessionChangesItsUser(t *testing.T, w World) {
	a := w.open(t, "a")
	join(t, a, "lobby", "s1", user("Ada"))
	want(t, "as another user", join(t, a, "lobby", "s1", user("Bob")), first(1))
	want(t, "members", names(t, a, "lobby"), "Bob")
	want(t, "leave", leave(t, a, "lobby", "s1"), last(0))
	want(t, "members at the end", names(t, a, "lobby"), "")
}

func pages(t *testing.T, w World) {
	a, b := w.open(t, "a"), w.open(t, "b")
	const count = 25
	for i := range count {
		u := user(fmt.Sprintf("user-%02d", i))
		join(t, []presence.Store{a, b}[i%2], "lobby", fmt.Sprintf("s%d", i), u)
		for k := range i % 4 { // some have several sessions
			join(t, b, "lobby", fmt.Sprintf("more-%d-%d", i, k), u)
		}
	}
	first := members(t, a, "lobby", 100)
	want(t, "users", len(first), count)
	for _, size := range []int{1, 2, 7, 24, 25, 26} {
		all := members(t, b, "lobby", size)
		if !slices.Equal(all, first) {
			t.Errorf("in pages of %d: %v, want %v", size, all, first)
		}
	}
	m, err := a.Members(soon(t), "lobby", "", count)
	if err != nil || m.Next != "" || m.Count != count {
		t.Errorf("a page that holds all: next %q, count %d, %v", m.Next, m.Count, err)
	}
	m, err = a.Members(soon(t), "lobby", "u_zzz", 5)
	if err != nil || len(m.Users) != 0 || m.Next != "" || m.Count != count {
		t.Errorf("after the end: %+v, %v", m, err)
	}
}

// A user who is in the room from the first page to the last is on exactly one of them, whoever else joins and leaves.
func pagesWhileOthersMove(t *testing.T, w World) {
	a := w.open(t, "a")
	for i := range 30 {
		join(t, a, "lobby", fmt.Sprintf("s%d", i), user(fmt.Sprintf("stays-%02d", i)))
	}
	seen := map[chat.UserID]int{}
	for cursor, round := "", 0; ; round++ {
		m, err := a.Members(soon(t), "lobby", cursor, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range m.Users {
			seen[u.ID]++
		}
		if cursor = m.Next; cursor == "" {
			break
		}
		if round > 30 {
			t.Fatal("the pages do not end")
		}
		join(t, a, "lobby", fmt.Sprintf("a%d", round), user(fmt.Sprintf("aa-%02d", round))) // before the cursor
		join(t, a, "lobby", fmt.Sprintf("s%d-x", round), user(fmt.Sprintf("stays-%02d", round)))
		if round > 0 {
			leave(t, a, "lobby", fmt.Sprintf("a%d", round-1))
		}
	}
	for i := range 30 {
		if u := user(fmt.Sprintf("stays-%02d", i)); seen[u.ID] != 1 {
			t.Errorf("%s was on %d pages", u.Name, seen[u.ID])
		}
	}
}

func countsAndRooms(t *testing.T, w World) {
	a, b := w.open(t, "a"), w.open(t, "b")
	wanted := map[chat.RoomID]int{}
	for i := range 80 { // more rooms than any engine has partitions
		room := chat.RoomID(fmt.Sprintf("room-%d", i))
		for k := range 1 + i%3 {
			join(t, []presence.Store{a, b}[k%2], room, fmt.Sprintf("s%d", k), user(fmt.Sprint("user", k)))
			wanted[room]++
		}
	}
	got, err := a.Rooms(soon(t), 1000)
	if err != nil || !maps.Equal(got, wanted) {
		t.Errorf("Rooms: %v, %v, want %v", got, err, wanted)
	}
	got, err = a.Rooms(soon(t), 7)
	if err != nil || len(got) != 7 {
		t.Errorf("Rooms, at most 7: %v, %v", got, err)
	}
	for room, count := range got {
		want(t, string(room), count, wanted[room])
	}
	counts, err := b.Counts(soon(t), []chat.RoomID{"room-2", "none", "room-0", "room-2"})
	if err != nil || !slices.Equal(counts, []int{3, 0, 1, 3}) {
		t.Errorf("Counts: %v, %v", counts, err)
	}
	digests, err := b.Digests(soon(t), []chat.RoomID{"room-2", "none", "room-0", "room-2"})
	if err != nil || len(digests) != 4 || digests[0] != digests[3] || digests[0].Count != 3 || digests[2].Count != 1 ||
		digests[0].Sum == digests[2].Sum || digests[1] != (presence.Digest{}) {
		t.Errorf("Digests: %v, %v", digests, err)
	}
	counts, err = b.Counts(soon(t), nil)
	if err != nil || len(counts) != 0 {
		t.Errorf("Counts of nothing: %v, %v", counts, err)
	}
	leave(t, a, "room-0", "s0")
	got, err = b.Rooms(soon(t), 1000)
	if _, in := got["room-0"]; in || err != nil || len(got) != 79 {
		t.Errorf("Rooms: room-0 is there: %v, %d rooms, %v; want 79 without", in, len(got), err)
	}
}

// Names of users and rooms come back as they were.
func hostileNames(t *testing.T, w World) {
	a, b := w.open(t, "a"), w.open(t, "b")
	for i, name := range []string{`"quoted"`, `back\slash`, "<b>", "漢字", "é", "a:b/c{d}", "%s", "\u202e", "☃", "null"} {
		for _, room := range []chat.RoomID{"été", "漢字", "a-b_c.d", "0"} {
			u := user(fmt.Sprint("user", i))
			u.Name = name
			join(t, a, room, fmt.Sprintf("s%d", i), u)
			m, err := b.Members(soon(t), room, "", 100)
			if err != nil || !slices.Contains(m.Users, u) {
				t.Errorf("%q in %q: %v, %v", name, room, m.Users, err)
			}
		}
	}
}
