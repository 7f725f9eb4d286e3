package historytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

func (s *suite) testTransfer(t *testing.T) {
	s.leaf(t, "RoundTrip", s.testRoundTrip)
	s.leaf(t, "Conflicts", s.testConflicts)
}

// portable is a store that a history can be carried out of and into.
type portable interface {
	history.Store
	history.Exporter
	history.Importer
}

func asPortable(t *testing.T, s history.Store) portable {
	t.Helper()
	p, ok := s.(portable)
	if !ok {
		t.Fatalf("%T is no Exporter and Importer", s)
	}
	return p
}

// fill stores a small world: rooms, users with tokens, names, one user with nothing.
func (s *suite) fill(t *testing.T, ctx context.Context, store history.Store) {
	t.Helper()
	for i := range 7 {
		room := chat.RoomID(fmt.Sprintf("room-%d", i))
		mustAppend(t, ctx, store, room, messages(user(i), "m", 1+i*max(s.events/100, 3))...)
		u := history.Identity{User: user(i), Created: noon.Add(time.Duration(i) * time.Second)}
		err := store.PutUser(ctx, u)
		for j := range i % 3 {
			at := noon.Add(time.Duration(j) * time.Minute)
			err = errors.Join(err, store.AddToken(ctx, chat.HashToken(fmt.Sprint(i, j)), u.User.ID, at),
				store.ClaimName(ctx, fmt.Sprint("name ", i, " ", j), u.User.ID, noon, at.Add(time.Hour)))
		}
		if err != nil {
			t.Fatal(err)
		}
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
	for _, u := range allUsers(t, ctx, from) {
		if err := to.ImportUsers(ctx, []history.UserRecord{u}); err != nil {
			t.Fatalf("import user: %v", err)
		}
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

// allUsers exports everyone, three at a time, in a form that can be compared.
func allUsers(t *testing.T, ctx context.Context, s history.Exporter) []history.UserRecord {
	t.Helper()
	var all []history.UserRecord
	for after := chat.UserID(""); ; {
		page, err := s.ExportUsers(ctx, after, 3)
		if err != nil {
			t.Fatalf("export users: %v", err)
		}
		if len(page) == 0 {
			return all
		}
		for _, u := range page {
			if u.Identity.User.ID <= after {
				t.Fatalf("export after %s gives %s", after, u.Identity.User.ID)
			}
			after = u.Identity.User.ID
			u.Identity.Created = u.Identity.Created.UTC()
			for i := range u.Tokens {
				u.Tokens[i].Added = u.Tokens[i].Added.UTC()
			}
			for i := range u.Names {
				u.Names[i].Until = u.Names[i].Until.UTC()
			}
			slices.SortFunc(u.Tokens, func(a, b history.Token) int { return slices.Compare(a.Hash[:], b.Hash[:]) })
			slices.SortFunc(u.Names, func(a, b history.HeldName) int { return slices.Compare([]byte(a.Key), []byte(b.Key)) })
			u.Tokens, u.Names = slices.Clip(append([]history.Token{}, u.Tokens...)), slices.Clip(append([]history.HeldName{}, u.Names...))
			all = append(all, u)
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
	if g, w := allUsers(t, ctx, got), allUsers(t, ctx, want); !reflect.DeepEqual(g, w) {
		t.Errorf("users\n%+v, want\n%+v", g, w)
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
	if got, err := to.UserByToken(ctx, chat.HashToken(fmt.Sprint(2, 1))); err != nil || got.User != user(2) {
		t.Errorf("a token in the copy: %+v, %v", got, err)
	}
	if err := to.ClaimName(ctx, "name 2 1", user(99).ID, noon, noon.Add(time.Hour)); !errors.Is(err, history.ErrNameTaken) {
		t.Errorf("a name held in the original is free in the copy: %v", err)
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
