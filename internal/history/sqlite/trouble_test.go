package sqlite_test

import (
	"errors"
	"strings"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/history/sqlite"
	"salon/internal/sqliteconn"
)

// openBoth opens a store, and gives the database below it too.
func openBoth(t *testing.T) (*sqlite.Store, *sqliteconn.DB) {
	t.Helper()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return sqlite.New(db), db
}

// setPragma sets something on the connection that writes.
func setPragma(t *testing.T, db *sqliteconn.DB, pragma string) {
	t.Helper()
	err := db.Write(t.Context(), sqliteconn.Job{Op: "test", Do: func(tx *sqliteconn.Tx) error { return tx.Script("PRAGMA " + pragma) }})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFull fills the database to a bound that SQLite itself keeps, and lifts the bound.
func TestFull(t *testing.T) {
	t.Parallel()
	s, db := openBoth(t)
	ctx := t.Context()
	setPragma(t, db, "max_page_count = 100")
	var refused []chat.Event
	var stored uint64
	for range 100 {
		e := line(speaker(1))
		e.Text = strings.Repeat("x", 1<<15)
		got, err := s.Append(ctx, "lobby", []chat.Event{e})
		if err != nil {
			if !errors.Is(err, history.ErrUnavailable) {
				t.Fatalf("full: %v, want ErrUnavailable", err)
			}
			refused = []chat.Event{e}
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
	setPragma(t, db, "max_page_count = 100000")
	if got, err := s.Append(ctx, "lobby", refused); err != nil || got[0].Seq != stored+1 {
		t.Fatalf("with room again: %+v, %v", got, err)
	}
}

// TestReadOnly takes from the writer the right to write, as a file system does that was remounted.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	s, db := openBoth(t)
	ctx := t.Context()
	if _, err := s.Append(ctx, "lobby", []chat.Event{line(speaker(1))}); err != nil {
		t.Fatal(err)
	}
	setPragma(t, db, "query_only = ON")
	refused := []chat.Event{line(speaker(1))}
	if _, err := s.Append(ctx, "lobby", refused); !errors.Is(err, history.ErrUnavailable) {
		t.Fatalf("read-only: %v, want ErrUnavailable", err)
	}
	if heads, err := s.Heads(ctx, []chat.RoomID{"lobby"}); err != nil || heads[0] != 1 {
		t.Fatalf("read-only: heads %v, %v", heads, err)
	}
	if got, err := s.Append(ctx, "lobby", refused); err != nil || got[0].Seq != 2 {
		t.Fatalf("after that: %+v, %v", got, err)
	}
}
