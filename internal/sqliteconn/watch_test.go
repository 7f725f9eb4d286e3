package sqliteconn

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"salon/internal/chat"
)

// put writes something, as an engine does.
func put(t *testing.T, db *DB, key string) error {
	t.Helper()
	return db.Write(t.Context(), Job{Op: "put", Do: func(tx *Tx) error {
		_, err := tx.Exec("INSERT INTO names (key, user, until) VALUES (?, 'u', 0)", key)
		return err
	}})
}

// TestFolderGoneUnderTheServer: nothing is acknowledged into files that nobody finds again, and no second server starts
// where the first one runs.
func TestFolderGoneUnderTheServer(t *testing.T) {
	move := func(t *testing.T, from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	for name, lose := range map[string]func(t *testing.T, dir string){
		"removed": func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		},
		"moved": func(t *testing.T, dir string) { move(t, dir, dir+".old") },
		"replaced by an empty one": func(t *testing.T, dir string) {
			move(t, dir, dir+".old")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		},
		"another history.db": func(t *testing.T, dir string) {
			move(t, filepath.Join(dir, "history.db"), filepath.Join(dir, "old.db"))
			if err := os.WriteFile(filepath.Join(dir, "history.db"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"no write-ahead log": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "history.db-wal")); err != nil {
				t.Fatal(err)
			}
		},
		"no lock": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "history.lock")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			db, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := put(t, db, "before"); err != nil {
				t.Fatal(err)
			}
			lose(t, dir)
			for range 2 {
				if err := put(t, db, "after"); !errors.Is(err, chat.ErrUnavailable) {
					t.Errorf("a write is answered %v", err)
				}
			}
			second, err := Open(dir)
			if !errors.Is(err, ErrInUse) {
				t.Errorf("a second server: %v", err)
			}
			if err == nil {
				second.Close()
			}
		})
	}
}

// TestFolderPutBack: a folder that was moved away by mistake is the history again once it is back.
func TestFolderPutBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := put(t, db, "a"); !errors.Is(err, chat.ErrUnavailable) {
		t.Errorf("while it is away: %v", err)
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	if err := put(t, db, "b"); err != nil {
		t.Errorf("once it is back: %v", err)
	}
}
