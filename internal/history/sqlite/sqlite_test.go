package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/history/historytest"
	"salon/internal/history/sqlite"
	"salon/internal/sqliteconn"
)

// openIn opens a store in dir.
func openIn(dir string) (*sqlite.Store, error) {
	db, err := sqliteconn.Open(dir)
	if err != nil {
		return nil, err
	}
	return sqlite.New(db), nil
}

// open opens a store in dir; the test closes it.
func open(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	s, err := openIn(dir)
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

func TestHistory(t *testing.T) {
	t.Parallel()
	var dirs sync.Map // by store
	historytest.Run(t, func(t *testing.T) history.Store {
		dir := t.TempDir()
		s := open(t, dir)
		dirs.Store(s, dir)
		return s
	}, historytest.WithParallel(), historytest.WithReopen(func(t *testing.T, s history.Store) history.Store {
		dir, _ := dirs.Load(s)
		return open(t, dir.(string))
	}))
}

// checkFile reads the whole file in the folder dir and says what is wrong with it: by SQLite's own checks, and logs that are
// empty or have a hole.
func checkFile(dir string) (err error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, "history.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for what, query := range map[string]string{
		"file":      "PRAGMA quick_check(10)",
		"reference": `SELECT DISTINCT "table" || ' without its ' || parent FROM pragma_foreign_key_check`,
		"log with a hole": `SELECT r.name || ': ' || count(*) || ' events from ' || min(e.seq) || ' to ' || max(e.seq)
			FROM events e JOIN rooms r ON r.id = e.room GROUP BY e.room HAVING count(*) <> max(e.seq)`,
		"empty log": "SELECT name FROM rooms r WHERE NOT EXISTS (SELECT 1 FROM events WHERE room = r.id)",
	} {
		var found string
		if e := db.QueryRow(query).Scan(&found); !errors.Is(e, sql.ErrNoRows) && found != "ok" { // "ok" is quick_check's
			err = errors.Join(err, fmt.Errorf("%s: %q", what, found), e)
		}
	}
	return err
}

// TestCheckFinds damages a log, to show that checkFile would find it.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	for what, damage := range map[string]string{
		"a hole":                  "DELETE FROM events WHERE seq = 2",
		"a missing start":         "DELETE FROM events WHERE seq = 1",
		"an author who is nobody": "PRAGMA foreign_keys = OFF; DELETE FROM authors",
		"an empty log":            "INSERT INTO rooms (name) VALUES ('empty')",
	} {
		dir := t.TempDir()
		s := open(t, dir)
		for range 3 {
			if _, err := s.Append(t.Context(), "lobby", []chat.Event{line(speaker(1))}); err != nil {
				t.Fatal(err)
			}
		}
		if err := checkFile(dir); err != nil {
			t.Fatalf("whole: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if db, err := sql.Open("sqlite", filepath.Join(dir, "history.db")); err != nil {
			t.Fatal(err)
		} else if _, err := db.Exec(damage); errors.Join(err, db.Close()) != nil {
			t.Fatal(err)
		}
		if err := checkFile(dir); err == nil {
			t.Errorf("%s is not found", what)
		}
	}
}
