package sqliteconn

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func openTemp(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// write runs do as a job.
func write(t *testing.T, db *DB, do func(*Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), Job{Op: "test", Do: do}); err != nil {
		t.Fatal(err)
	}
}

// addRoom is what jobs of these tests write.
func addRoom(name string) func(*Tx) error {
	return func(tx *Tx) error {
		_, err := tx.Exec("INSERT INTO rooms (name) VALUES (?)", name)
		return err
	}
}

func roomNames(t *testing.T, db *DB) (names []string) {
	t.Helper()
	err := db.Read(t.Context(), "test", func(c *Conn) error {
		return c.Each("SELECT name FROM rooms ORDER BY id", func(r Row) error {
			names = append(names, r.Text(0))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestDurability checks the settings that make a commit survive a crash of the machine.
func TestDurability(t *testing.T) {
	t.Parallel()
	db := openTemp(t)
	write(t, db, func(tx *Tx) error {
		var mode string
		if _, err := tx.First("PRAGMA journal_mode", func(r Row) { mode = r.Text(0) }); err != nil || mode != "wal" {
			t.Errorf("journal_mode is %q, %v", mode, err)
		}
		if sync, err := tx.number("PRAGMA synchronous"); err != nil || sync != 2 {
			t.Errorf("synchronous is %d, %v, want 2 (FULL)", sync, err)
		}
		checkFullSync(t, tx.Conn)
		return nil
	})
	c, err := startCheckpointer(db.writer.path)
	if err != nil {
		t.Fatal(err)
	}
	checkFullSync(t, c.conn)
	if err := c.stop(); err != nil {
		t.Error(err)
	}
}

// checkFullSync checks the settings that matter on macOS.
func checkFullSync(t *testing.T, c *Conn) {
	t.Helper()
	for _, pragma := range []string{"PRAGMA fullfsync", "PRAGMA checkpoint_fullfsync"} {
		if on, err := c.number(pragma); err != nil || on != 1 {
			t.Errorf("%s is %d, %v, want 1", pragma, on, err)
		}
	}
}

// TestNewFolderIsSynced: the folder above each new folder is synced, since a crash could lose the new one's name otherwise, and
// so is the folder that the database is made in.
func TestNewFolderIsSynced(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	made := filepath.Join(base, "a", "b", "c")
	for _, c := range []struct {
		dir  string
		want []string
	}{
		{made, []string{base, filepath.Join(base, "a"), filepath.Join(base, "a", "b")}},
		{made, nil}, // it is there by now
		{filepath.Join(base, "a", "d") + "/", []string{filepath.Join(base, "a")}},
	} {
		var synced []string
		err := makeFolder(c.dir, func(dir string) error {
			synced = append(synced, dir)
			return nil
		})
		if info, errStat := os.Stat(c.dir); err != nil || errStat != nil || !info.IsDir() || !slices.Equal(synced, c.want) {
			t.Errorf("%s: synced %q, want %q (%v, %v)", c.dir, synced, c.want, err, errStat)
		}
	}
	full := errors.New("the disk does not answer")
	if err := makeFolder(filepath.Join(base, "e"), func(string) error { return full }); !errors.Is(err, full) {
		t.Errorf("a folder that could not be synced: %v", err)
	}
	if err := syncFolder(base); err != nil {
		t.Errorf("sync a folder: %v", err)
	}
}

// endings records how the transactions that it observes end.
type endings struct{ committed, rolledBack int }

func (e *endings) Committed()  { e.committed++ }
func (e *endings) RolledBack() { e.rolledBack++ }

// TestOneFailsAlone puts a job that fails by its own fault into a group: the others are done, each once.
func TestOneFailsAlone(t *testing.T) {
	t.Parallel()
	db := openTemp(t)
	fault := errors.New("its own fault")
	var seen endings
	observed := func(do func(*Tx) error) func(*Tx) error {
		return func(tx *Tx) error {
			tx.Observe(&seen)
			tx.Observe(&seen)
			return do(tx)
		}
	}
	group := []*pending{
		{Job: Job{Do: observed(addRoom("a"))}},
		{Job: Job{Do: func(tx *Tx) error { return errors.Join(fault, addRoom("made and undone")(tx)) }}},
		{Job: Job{Do: observed(addRoom("b"))}},
	}
	write(t, db, func(tx *Tx) error {
		if _, err := tx.Exec("COMMIT"); err != nil { // leave this job's transaction, and come back into one
			return err
		}
		db.writer.write(group)
		_, err := tx.Exec("BEGIN")
		return err
	})
	for i, want := range []error{nil, fault, nil} {
		if !errors.Is(group[i].err, want) {
			t.Errorf("job %d: %v, want %v", i, group[i].err, want)
		}
	}
	if got := roomNames(t, db); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("stored %q", got)
	}
	if seen != (endings{committed: 2, rolledBack: 1}) { // together, then each alone
		t.Errorf("an observer was told %+v", seen)
	}
}

// TestGroups shows that jobs that wait are taken together, and that a group is bounded.
func TestGroups(t *testing.T) {
	t.Parallel()
	q := newQueue()
	for range 100 {
		q.put(&pending{Job: Job{Rows: 1, Bytes: 1}})
	}
	if got := q.take(nil); len(got) != 100 {
		t.Errorf("of 100 waiting, %d are taken at once", len(got))
	}
	for range 5 {
		q.put(&pending{Job: Job{Rows: 1, Bytes: maxGroup / 2}})
	}
	for _, want := range []int{2, 2, 1} {
		if got := q.take(nil); len(got) != want {
			t.Errorf("%d large ones are taken at once, want %d", len(got), want)
		}
	}
	q.close()
	if got := q.take(nil); len(got) != 0 || q.put(&pending{}) {
		t.Error("a closed queue gives or takes")
	}
}

// TestCheckpoint shows that the write-ahead log is copied while the database is open and in use, and started over.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	db := openTemp(t)
	size := func(file string) int64 {
		info, err := os.Stat(db.writer.path + file)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	text := strings.Repeat("x", 1<<16)
	for n := 0; size("") < 4<<20; n++ { // copied at least once
		if n == 2000 {
			t.Fatalf("after %d KiB of text the database has %d bytes, the log %d", n*64, size(""), size("-wal"))
		}
		job := Job{Op: "test", Do: addRoom(fmt.Sprint(n, text))}
		if n%50 == 0 {
			job.Rows = checkpointRows
		}
		if err := db.Write(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	if got := roomNames(t, db); got[0] != "0"+text {
		t.Errorf("the first name is %.20q", got[0])
	}
	var quick string
	err := db.Read(t.Context(), "test", func(c *Conn) error {
		_, err := c.First("PRAGMA quick_check(10)", func(r Row) { quick = r.Text(0) })
		return err
	})
	if err != nil || quick != "ok" {
		t.Errorf("quick_check: %s, %v", quick, err)
	}
}

func TestNewerFileIsRefused(t *testing.T) {
	t.Parallel()
	for what, sql := range map[string]string{
		"a newer version": "PRAGMA user_version = 99",
		"another program": "PRAGMA application_id = 7",
	} {
		dir := t.TempDir()
		db, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		c, err := openConn(dir + "/history.db")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Script(sql), c.close()); err != nil {
			t.Fatal(err)
		}
		if db, err := Open(dir); err == nil {
			t.Errorf("%s: opened, %v", what, db.Close())
		}
	}
}
