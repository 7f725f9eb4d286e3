package sqlite

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

func openTemp(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func say(cid, text string) []chat.Event {
	return []chat.Event{{Kind: chat.KindMessage, User: chat.User{ID: "u_x", Name: "x", Color: "#000000"}, CID: cid, Text: text}}
}

// onWriter runs f in the writer's goroutine, inside a transaction.
func onWriter(t *testing.T, s *Store, f func(w *writer) error) {
	t.Helper()
	if err := s.change(t.Context(), "test", f); err != nil {
		t.Fatal(err)
	}
}

// TestDurability holds the settings that make a commit survive the machine.
func TestDurability(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	onWriter(t, s, func(w *writer) error {
		mode, err := w.conn.texts("PRAGMA journal_mode")
		if err != nil || len(mode) != 1 || mode[0] != "wal" {
			t.Errorf("journal_mode is %v, %v", mode, err)
		}
		if sync, err := w.conn.number("PRAGMA synchronous"); err != nil || sync != 2 {
			t.Errorf("synchronous is %d, %v, want 2 (FULL)", sync, err)
		}
		return nil
	})
}

// TestFull fills the database to a bound that SQLite itself keeps, and lifts it.
func TestFull(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	ctx := t.Context()
	onWriter(t, s, func(w *writer) error { return w.conn.exec("PRAGMA max_page_count = 100") })
	var refused []chat.Event
	var stored uint64
	for i := range 100 {
		batch := say(fmt.Sprint(i), strings.Repeat("x", 1<<15))
		got, err := s.Append(ctx, "lobby", batch)
		if err != nil {
			if !errors.Is(err, history.ErrUnavailable) {
				t.Fatalf("full: %v, want ErrUnavailable", err)
			}
			refused = batch
			break
		}
		stored = got[0].Seq
	}
	if refused == nil {
		t.Fatal("100 pages hold 3 MiB")
	}
	if p, err := s.Read(ctx, "lobby", history.Query{Limit: 1}); err != nil || p.Head != stored {
		t.Fatalf("full: head %d, %v, want %d", p.Head, err, stored)
	}
	onWriter(t, s, func(w *writer) error { return w.conn.exec("PRAGMA max_page_count = 100000") })
	if got, err := s.Append(ctx, "lobby", refused); err != nil || got[0].Seq != stored+1 {
		t.Fatalf("with room again: %+v, %v", got, err)
	}
}

// TestReadOnly takes the writer's right to write away, as a file system does that was remounted.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	ctx := t.Context()
	if _, err := s.Append(ctx, "lobby", say("1", "before")); err != nil {
		t.Fatal(err)
	}
	onWriter(t, s, func(w *writer) error { return w.conn.exec("PRAGMA query_only = ON") })
	if _, err := s.Append(ctx, "lobby", say("2", "refused")); !errors.Is(err, history.ErrUnavailable) {
		t.Fatalf("read-only: %v, want ErrUnavailable", err)
	}
	if heads, err := s.Heads(ctx, []chat.RoomID{"lobby"}); err != nil || heads[0] != 1 {
		t.Fatalf("read-only: heads %v, %v", heads, err)
	}
	if got, err := s.Append(ctx, "lobby", say("2", "refused")); err != nil || got[0].Seq != 2 {
		t.Fatalf("after that: %+v, %v", got, err)
	}
}

// TestOneFailsAlone puts a job that fails by its own fault into a group: the others are stored, each once.
func TestOneFailsAlone(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	fault := errors.New("its own fault")
	group := []*job{
		{room: "lobby", events: say("1", "a")},
		{work: func(w *writer) (answer, failure error) {
			_, err := w.addRoom.one(func(row) {}, "made and undone")
			return nil, errors.Join(fault, err)
		}},
		{room: "lobby", events: say("2", "b")},
		{work: func(*writer) (answer, failure error) { return history.ErrNameTaken, nil }},
	}
	onWriter(t, s, func(w *writer) error {
		if _, err := w.commit.run(); err != nil { // leave this job's transaction, and come back into one
			return err
		}
		w.write(group)
		_, err := w.begin.run()
		return err
	})
	for i, want := range []error{nil, fault, nil, history.ErrNameTaken} {
		if !errors.Is(group[i].err, want) {
			t.Errorf("job %d: %v, want %v", i, group[i].err, want)
		}
	}
	p, err := s.Read(t.Context(), "lobby", history.Query{Limit: 5})
	if err != nil || p.Head != 2 || p.Events[0].Text != "a" || p.Events[1].Text != "b" {
		t.Errorf("stored %+v, %v", p, err)
	}
	if err := s.Check(t.Context()); err != nil { // an empty room would show
		t.Errorf("left behind: %v", err)
	}
}

// TestGroups shows that what waits is taken together, and that a group is bounded.
func TestGroups(t *testing.T) {
	t.Parallel()
	q := newQueue()
	for i := range 100 {
		q.put(&job{room: "lobby", events: say(fmt.Sprint(i), "x")})
	}
	if got := q.take(nil); len(got) != 100 {
		t.Errorf("of 100 waiting, %d are taken at once", len(got))
	}
	big := strings.Repeat("x", maxGroup/2)
	for i := range 5 {
		q.put(&job{room: "lobby", events: say(fmt.Sprint(i), big)})
	}
	for _, want := range []int{2, 2, 1} {
		if got := q.take(nil); len(got) != want {
			t.Errorf("%d large ones are taken at once, want %d", len(got), want)
		}
	}
	q.close()
	if got := q.take(nil); len(got) != 0 || q.put(&job{}) {
		t.Error("a closed queue gives or takes")
	}
}

// TestCheckpoint shows that the write-ahead log is moved while the store is open and in use, and started over.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	ctx := t.Context()
	size := func(file string) int64 {
		info, err := os.Stat(s.path + file)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	text := strings.Repeat("x", 1<<16)
	for n := 0; size("") < 4<<20; n++ { // moved at least once
		if n == 2000 {
			t.Fatalf("after %d KiB of text the database has %d bytes, the log %d", n*64, size(""), size("-wal"))
		}
		if _, err := s.Append(ctx, "lobby", say(fmt.Sprint(n), text)); err != nil {
			t.Fatal(err)
		}
		if n%50 == 0 {
			onWriter(t, s, func(w *writer) error { w.written = checkpointAfter; return nil })
		}
	}
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestForgottenRooms opens more rooms than are kept in mind.
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
		t.Errorf("%d rooms are kept in mind", len(r.known))
	}
}

func TestNewerFileIsRefused(t *testing.T) {
	t.Parallel()
	for what, sql := range map[string]string{
		"a newer version": "PRAGMA user_version = 99",
		"another program": "PRAGMA application_id = 7",
	} {
		dir := t.TempDir()
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		c, err := openConn(dir + "/history.db")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.exec(sql), c.close()); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(dir); err == nil {
			t.Errorf("%s: opened, %v", what, s.Close())
		}
	}
}

// TestCheckFinds breaks a log by hand.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	for what, sql := range map[string]string{
		"a hole":                  "DELETE FROM events WHERE seq = 2",
		"a missing start":         "DELETE FROM events WHERE seq = 1",
		"an author who is nobody": "PRAGMA foreign_keys = OFF; DELETE FROM authors",
		"an empty log":            "INSERT INTO rooms (name) VALUES ('empty')",
	} {
		s := openTemp(t)
		for i := range 3 {
			if _, err := s.Append(t.Context(), "lobby", say(fmt.Sprint(i), "x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Check(t.Context()); err != nil {
			t.Fatalf("whole: %v", err)
		}
		onWriter(t, s, func(w *writer) error { return w.conn.exec(sql) })
		if err := s.Check(t.Context()); err == nil {
			t.Errorf("%s is not found", what)
		}
	}
}
