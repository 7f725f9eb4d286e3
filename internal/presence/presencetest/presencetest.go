// Package presencetest is the suite that every engine of the presence contract passes.
package presencetest

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// patience bounds the wait for what must come in the end; a test that waits so long has failed.
const patience = 15 * time.Second

// World is one store that the nodes of a test share.
type World struct {
	// Lease is how long a silent node's sessions stay in this world: as short as the engine allows, or tests are slow.
	Lease time.Duration
	// Open opens the store as the node of that name. The suite closes it, or lets it die by beating no more.
	Open func(t *testing.T, node string) presence.Store
	// Empty forgets everything at once.
	Empty func(t *testing.T)
	// Away takes the store away from all nodes until back is called. Nil: this world cannot.
	Away func(t *testing.T) (back func())
}

// Run runs the suite; world makes a fresh store for each test.
func Run(t *testing.T, world func(t *testing.T) World) {
	tests := []struct {
		name string
		run  func(t *testing.T, w World)
	}{
		{"JoinAndLeave", joinAndLeave},
		{"UserWithSeveralSessions", userWithSeveralSessions},
		{"SessionInSeveralRooms", sessionInSeveralRooms},
		{"RepeatedCalls", repeatedCalls},
		{"Rename", rename},
		{"OneChangesItsUser", oneChangesItsUser},
		{"Pages", pages},
		{"PagesWhileOthersMove", pagesWhileOthersMove},
		{"CountsAndRooms", countsAndRooms},
		{"HostileNames", hostileNames},
		{"Concurrent", concurrent},
		{"EdgesToOneCaller", edgesToOneCaller},
		{"DeadNode", deadNode},
		{"DeadNodeSharedUser", deadNodeSharedUser},
		{"TakenForDead", takenForDead},
		{"Emptied", emptied},
		{"AwayAndBack", awayAndBack},
		{"CloseTakesSessionsOut", closeTakesSessionsOut},
		{"AfterClose", afterClose},
		{"CancelledCalls", cancelledCalls},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, world(t)) })
	}
}

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

// user makes a user whose identity sorts by its name.
func user(name string) chat.User {
	id := chat.UserID("u_" + strings.ToLower(name))
	return chat.User{ID: id, Name: name, Color: chat.ColorOf(id)}
}

func session(id string, u chat.User) presence.Session {
	return presence.Session{ID: id, User: u, At: time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)}
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
	gone, err := s.Beat(soon(t))
	if err != nil {
		t.Fatalf("Beat: %v", err)
	}
	return gone
}

// members reads a room page by page.
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

// names gives the names of who is in the room, sorted, with spaces between.
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

// agree fails unless the room's digest comes to what its members do, once nobody moves.
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

func change(edge bool, count int) presence.Change { return presence.Change{Edge: edge, Count: count} }

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// until beats the stores, often enough for their leases, until ok says so. What they tell is added up.
func (w World) until(t *testing.T, what string, stores []presence.Store, ok func(gone []presence.Departure) bool) {
	t.Helper()
	var gone []presence.Departure
	for end := time.Now().Add(patience + 2*w.Lease); !ok(gone); time.Sleep(min(w.Lease/10, 100*time.Millisecond)) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s; gone: %v", what, gone)
		}
		for _, s := range stores {
			gone = append(gone, beat(t, s)...)
		}
	}
}

// departures prints departures sorted, one a word.
func departures(gone []presence.Departure) string {
	var all []string
	for _, d := range gone {
		all = append(all, fmt.Sprintf("%s:%s:%d", d.Room, d.User.Name, d.Count))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
