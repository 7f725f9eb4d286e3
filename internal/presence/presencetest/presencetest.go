// Package presencetest is the suite that every engine of the presence contract passes.
package presencetest

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// patience is how long a test waits before it fails. It is so long that only what never happens reaches it, however slow the
// machine is.
const patience = 2 * time.Minute

// World is one store that the nodes of a test share. Its time is the test's own: it passes when Advance is called.
type World struct {
	// Lease is how long a silent node's sessions stay. Real time must not matter next to it.
	Lease time.Duration
	// Advance lets d pass for the store and for all its nodes.
	Advance func(t *testing.T, d time.Duration)
	// Open opens the store under the name of a node. The suite closes the store, or calls Beat no more so that the node dies.
	Open func(t *testing.T, node string) presence.Store
	// Empty makes the store lose everything at once.
	Empty func(t *testing.T)
	// Away makes the store unreachable for all nodes until back is called. After back returns, calls succeed. Nil: this
	// world cannot do that.
	Away func(t *testing.T) (back func())
}

// Clock is a clock that moves only when a test moves it. It is safe for concurrent use.
type Clock struct{ passed atomic.Int64 }

// epoch is what a Clock shows at first.
var epoch = time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)

// Now returns the time.
func (c *Clock) Now() time.Time { return epoch.Add(time.Duration(c.passed.Load())) }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.passed.Add(int64(d)) }

// open opens a store and closes it at the test's end.
func (w World) open(t *testing.T, node string) presence.Store {
	t.Helper()
	s := w.Open(t, node)
	t.Cleanup(func() {
		if err := s.Close(soon(t)); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	beat(t, s)
	return s
}

// user makes a user whose ID sorts by its name.
func user(name string) chat.User {
	id := chat.UserID("u_" + strings.ToLower(name))
	return chat.User{ID: id, Name: name, Color: chat.ColorOf(id)}
}

func session(id string, u chat.User) presence.Session {
	return presence.Session{ID: id, User: u, At: epoch}
}

func join(t *testing.T, s presence.Store, room chat.RoomID, id string, u chat.User) presence.Change {
	t.Helper()
	c, err := s.Join(soon(t), room, session(id, u))
	if err != nil {
		t.Fatalf("Join(%s, %s): %v", room, id, err)
	}
	return c
}

func leave(t *testing.T, s presence.Store, room chat.RoomID, id string) presence.Change {
	t.Helper()
	c, err := s.Leave(soon(t), room, id)
	if err != nil {
		t.Fatalf("Leave(%s, %s): %v", room, id, err)
	}
	return c
}

func beat(t *testing.T, s presence.Store) []presence.Departure {
	t.Helper()
	departures, err := s.Beat(soon(t))
	if err != nil {
		t.Fatalf("Beat: %v", err)
	}
	return departures
}

// members reads the room page by page.
func members(t *testing.T, s presence.Store, room chat.RoomID, page int) (all []chat.User) {
	t.Helper()
	for cursor := ""; ; {
		m, err := s.Members(soon(t), room, cursor, page)
		if err != nil {
			t.Fatalf("Members(%s): %v", room, err)
		}
		if len(m.Users) > page {
			t.Fatalf("a page of %d has %d users", page, len(m.Users))
		}
		all = append(all, m.Users...)
		if m.Next == "" {
			return all
		}
		if m.Next == cursor {
			t.Fatalf("the page after %q starts at the same place", cursor)
		}
		cursor = m.Next
	}
}

// names returns the names of the users in the room, sorted, with spaces between.
func names(t *testing.T, s presence.Store, room chat.RoomID) string {
	t.Helper()
	var all []string
	for _, u := range members(t, s, room, 100) {
		all = append(all, u.Name)
	}
	agree(t, s, room)
	sort.Strings(all)
	return strings.Join(all, " ")
}

// agree waits until the room's digest is the digest of its members.
func agree(t *testing.T, s presence.Store, room chat.RoomID) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var sum presence.Digest
		for _, u := range members(t, s, room, 100) {
			sum.Count++
			sum.Sum += presence.Weight(u)
		}
		got, err := s.Digests(soon(t), []chat.RoomID{"nobody-is-here", room})
		if err == nil && len(got) == 2 && got[0] == (presence.Digest{}) && got[1] == sum {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: the digests are %+v (%v), those of its members %+v", room, got, err, sum)
		}
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// first, last and other are the changes of a room that has count users then.
func first(count int) presence.Change { return presence.Change{First: true, Count: count} }
func last(count int) presence.Change  { return presence.Change{Last: true, Count: count} }
func other(count int) presence.Change { return presence.Change{Count: count} }

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// until lets time pass and the stores beat, often enough for their leases, until ok returns true. It fails when that takes
// longer than three leases. Ok gets all departures so far.
func (w World) until(t *testing.T, what string, stores []presence.Store, ok func([]presence.Departure) bool) {
	t.Helper()
	var departures []presence.Departure
	for range 30 {
		if ok(departures) {
			return
		}
		w.Advance(t, w.Lease/10)
		for _, s := range stores {
			departures = append(departures, beat(t, s)...)
		}
	}
	if !ok(departures) {
		t.Fatalf("not within three leases: %s; departures: %v", what, departures)
	}
}

// sorted prints departures, sorted, with spaces between.
func sorted(departures []presence.Departure) string {
	var all []string
	for _, d := range departures {
		all = append(all, fmt.Sprintf("%s:%s:%d", d.Room, d.User.Name, d.Count))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
