package sqlite

import (
	"errors"
	"fmt"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/sqliteconn"
)

// TestForgottenRooms uses more rooms than are remembered.
func TestForgottenRooms(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.put(map[chat.RoomID]room{"a": {id: 1, head: 7}})
	if got, ok := r.get("a"); !ok || got.head != 7 {
		t.Fatalf("got %+v, %v", got, ok)
	}
	many := map[chat.RoomID]room{}
	for i := range maxRooms {
		many[chat.RoomID(fmt.Sprint(i))] = room{}
	}
	r.put(many)
	if _, ok := r.get("a"); ok || len(r.known) > maxRooms {
		t.Errorf("%d rooms are remembered", len(r.known))
	}
}

// TestUndoneAppend appends in a transaction that is undone: nothing of it is remembered.
func TestUndoneAppend(t *testing.T) {
	t.Parallel()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := New(db)
	t.Cleanup(func() { s.Close() })
	ada, bob := chat.User{ID: "u_a", Name: "ada"}, chat.User{ID: "u_b", Name: "bob"}
	say := func(u chat.User, cid string) []chat.Event {
		return []chat.Event{{Kind: chat.KindMessage, User: u, CID: cid, Text: "said as " + cid}}
	}
	fault := errors.New("another job's fault")
	err = db.Write(t.Context(), sqliteconn.Job{Op: "test", Do: func(tx *sqliteconn.Tx) error {
		return errors.Join(fault, s.writes.append(tx, "undone", say(ada, "1")), s.writes.append(tx, "lobby", say(ada, "1")))
	}})
	if !errors.Is(err, fault) {
		t.Fatal(err)
	}
	for i, events := range [][]chat.Event{say(bob, "1"), say(ada, "1")} { // bob gets the number in the file that was ada's
		if got, err := s.Append(t.Context(), "lobby", events); err != nil || got[0].Seq != uint64(i+1) {
			t.Fatalf("after the undone one: %+v, %v", got, err)
		}
	}
	p, err := s.Read(t.Context(), "lobby", history.Query{Limit: 5})
	if err != nil || len(p.Events) != 2 || p.Events[0].User != bob || p.Events[1].User != ada {
		t.Errorf("stored %+v, %v", p, err)
	}
	if rooms, err := s.Rooms(t.Context(), "", 10); err != nil || len(rooms) != 1 {
		t.Errorf("rooms %+v, %v", rooms, err)
	}
}
