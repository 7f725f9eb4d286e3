package historytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

func (s *suite) testTransfer(t *testing.T) {
	s.leaf(t, "RoundTrip", s.testRoundTrip)
	s.leaf(t, "Conflicts", s.testConflicts)
}

// portable is a store that a history can be copied into.
type portable interface {
	history.Store
	history.Importer
}

func asPortable(t *testing.T, s history.Store) portable {
	t.Helper()
	p, ok := s.(portable)
	if !ok {
		t.Fatalf("%T is no Importer", s)
	}
	return p
}

// fill stores the logs of a few rooms.
func (s *suite) fill(t *testing.T, ctx context.Context, store history.Store) {
	t.Helper()
	for i := range 7 {
		room := chat.RoomID(fmt.Sprintf("room-%d", i))
		mustAppend(t, ctx, store, room, messages(user(i), "m", 1+i*max(s.events/100, 3))...)
	}
}

// carry copies all of from to to, in small pages so that paging is tested too.
func carry(t *testing.T, ctx context.Context, from, to portable) {
	t.Helper()
	id, err := from.ID(ctx)
	if err == nil {
		err = to.SetID(ctx, id)
	}
	if err != nil {
		t.Fatalf("carry the id: %v", err)
	}
	rooms, err := from.Rooms(ctx, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rooms {
		for part := range slices.Chunk(wholeLog(t, ctx, from, r.Room), 37) {
			if err := to.ImportEvents(ctx, r.Room, part); err != nil {
				t.Fatalf("import into %s: %v", r.Room, err)
			}
		}
	}
}

func checkEqual(t *testing.T, ctx context.Context, got, want portable) {
	t.Helper()
	gotID, err1 := got.ID(ctx)
	wantID, err2 := want.ID(ctx)
	if err := errors.Join(err1, err2); err != nil || gotID != wantID || gotID == "" {
		t.Errorf("id %q, want %q, %v", gotID, wantID, err)
	}
	gotRooms, err1 := got.Rooms(ctx, "", 1000)
	wantRooms, err2 := want.Rooms(ctx, "", 1000)
	if err := errors.Join(err1, err2); err != nil || len(gotRooms) != len(wantRooms) {
		t.Fatalf("%d rooms, want %d, %v", len(gotRooms), len(wantRooms), err)
	}
	for i, r := range wantRooms {
		if gotRooms[i].Room != r.Room || gotRooms[i].Head != r.Head || !gotRooms[i].At.Equal(r.At) {
			t.Fatalf("room %+v, want %+v", gotRooms[i], r)
		}
		checkSame(t, string(r.Room), wholeLog(t, ctx, got, r.Room), wholeLog(t, ctx, want, r.Room))
	}
}

func (s *suite) testRoundTrip(t *testing.T) {
	ctx, from := s.start(t)
	_, to := s.start(t)
	s.fill(t, ctx, from)
	a, b := asPortable(t, from), asPortable(t, to)
	carry(t, ctx, a, b)
	checkEqual(t, ctx, b, a)
	carry(t, ctx, a, b) // again, as after an interruption: nothing changes
	checkEqual(t, ctx, b, a)

	// The copy goes on where the original stopped, and knows what was sent to it.
	again := mustAppend(t, ctx, to, "room-3", messages(user(3), "m", 1)...)
	if again[0].Seq != 1 {
		t.Errorf("the copy stored a send again as %d", again[0].Seq)
	}
	head := mustRead(t, ctx, from, "room-3", history.Query{Limit: 1}).Head
	if next := mustAppend(t, ctx, to, "room-3", message(user(3), "next", "x")); next[0].Seq != head+1 {
		t.Errorf("the copy goes on with %d, want %d", next[0].Seq, head+1)
	}
}

func (s *suite) testConflicts(t *testing.T) {
	ctx, opened := s.start(t)
	store := asPortable(t, opened)
	stored := mustAppend(t, ctx, store, "lobby", messages(user(1), "m", 10)...)
	next := func(seq uint64, cid string) chat.Event {
		e := message(user(1), cid, "imported")
		e.Room, e.Seq, e.At = "lobby", seq, stored[9].At
		return e
	}
	changed := slices.Clone(stored)
	changed[4].Text = "something else"
	for what, events := range map[string][]chat.Event{
		"a hole after the head":      {next(12, "n")},
		"a hole inside":              {next(11, "n"), next(13, "o")},
		"another text":               changed,
		"another event has its cid":  {next(11, "m-3")},
		"a cid twice in what is new": {next(11, "n"), next(12, "n")},
	} {
		if err := store.ImportEvents(ctx, "lobby", events); !errors.Is(err, history.ErrConflict) {
			t.Errorf("%s: %v, want ErrConflict", what, err)
		}
	}
	log := wholeLog(t, ctx, store, "lobby") // dense, by wholeLog's checks
	checkSame(t, "what was there", log[:10], stored)

	id, err := store.ID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.SetID(ctx, "another"); !errors.Is(err, history.ErrConflict) {
		t.Errorf("renaming a history that holds something: %v, want ErrConflict", err)
	}
	if err := store.SetID(ctx, id); err != nil {
		t.Errorf("naming it as it is named: %v", err)
	}
	if got, err := store.ID(ctx); err != nil || got != id {
		t.Errorf("the id is now %q, %v", got, err)
	}
}
