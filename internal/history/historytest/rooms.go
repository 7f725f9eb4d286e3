package historytest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

func (s *suite) testRooms(t *testing.T) {
	s.leaf(t, "Heads", s.testHeads)
	s.leaf(t, "List", s.testList)
}

func (s *suite) testHeads(t *testing.T) {
	ctx, store := s.start(t)
	var rooms []chat.RoomID
	var want []uint64
	for i := range 40 {
		room := chat.RoomID(fmt.Sprintf("room-%02d", i))
		rooms, want = append(rooms, room, room+"-empty"), append(want, uint64(1+i%3), 0)
		mustAppend(t, ctx, store, room, messages(user(i), "m", 1+i%3)...)
	}
	rooms, want = append(rooms, rooms[0]), append(want, want[0]) // asked twice, answered twice
	slices.Reverse(rooms)
	slices.Reverse(want)
	got, err := store.Heads(ctx, rooms)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("heads %v, %v, want %v", got, err, want)
	}
	if got, err := store.Heads(ctx, nil); err != nil || len(got) != 0 {
		t.Fatalf("heads of no room: %v, %v", got, err)
	}
}

func (s *suite) testList(t *testing.T) {
	ctx, store := s.start(t)
	if rooms, err := store.Rooms(ctx, "", 10); err != nil || len(rooms) != 0 {
		t.Fatalf("an empty store lists %v, %v", rooms, err)
	}
	// By bytes: upper case before lower, accents and other scripts after, a name before those it begins.
	names := []chat.RoomID{"-", "0", "Zoo", "_", "a", "a-b", "a.b", "ab", "b", "z", "É", "é", "été", "ж", "教室", "𐐷"}
	slices.Sort(names)
	last := map[chat.RoomID]chat.Event{}
	for i := range names {
		name := names[(i*7)%len(names)] // 7 and 16 share no factor: each once, out of order
		got := mustAppend(t, ctx, store, name, messages(user(1), "m", 1+i%3)...)
		last[name] = got[len(got)-1]
	}
	for _, limit := range []int{1, 3, len(names), 1000} {
		var list []history.RoomInfo
		for after := chat.RoomID(""); ; {
			page, err := store.Rooms(ctx, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > limit {
				t.Fatalf("limit %d gave %d", limit, len(page))
			}
			if len(page) == 0 {
				break
			}
			list = append(list, page...)
			after = page[len(page)-1].Room
		}
		if len(list) != len(names) {
			t.Fatalf("limit %d: %d rooms listed, want %d", limit, len(list), len(names))
		}
		for i, r := range list {
			if want := last[names[i]]; r.Room != names[i] || r.Head != want.Seq || !r.At.Equal(want.At) {
				t.Fatalf("limit %d: line %d is %+v, want %s with %d at %v", limit, i, r, names[i], want.Seq, want.At)
			}
		}
	}
	// A name that is not there, and one past all.
	if page, err := store.Rooms(ctx, "a-", 1); err != nil || len(page) != 1 || page[0].Room != "a-b" {
		t.Errorf("after %q: %v, %v", "a-", page, err)
	}
	if page, err := store.Rooms(ctx, chat.RoomID(strings.Repeat("\U0010ffff", 2)), 5); err != nil || len(page) != 0 {
		t.Errorf("after the last: %v, %v", page, err)
	}
}
