package sqliteconn

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// content gives the files of a folder with their bytes, modes and times; nil for a folder that is not there.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	all := map[string]string{}
	for _, e := range entries {
		b, errRead := os.ReadFile(filepath.Join(dir, e.Name()))
		info, errInfo := e.Info()
		if err := errors.Join(errRead, errInfo); err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = fmt.Sprint(info.Mode(), info.ModTime(), string(b))
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// run runs statements on the file of dir, as another program might, and closes it.
func run(t *testing.T, dir string, sql ...string) {
	t.Helper()
	c, err := openConn(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sql {
		if err := c.Script(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

// leaveLog copies into dir the files of a database that is in use, as the machine's crash would leave them.
func leaveLog(t *testing.T, dir string, sql ...string) {
	t.Helper()
	from := t.TempDir()
	c, err := openConn(filepath.Join(from, fileName), "journal_mode = WAL")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, s := range sql {
		if err := c.Script(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{fileName, fileName + "-wal"} {
		if err := copyFile(filepath.Join(dir, name), filepath.Join(from, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func write0(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsNoHistory reads what is no history of Salon: that is an error, and nothing is made or changed.
func TestWhatIsNoHistory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    error
	}{
		"no folder":    {func(t *testing.T, dir string) { os.Remove(dir) }, ErrNoHistory},
		"empty folder": {func(*testing.T, string) {}, ErrNoHistory},
		"empty file":   {func(t *testing.T, dir string) { write0(t, dir, "") }, ErrNoHistory},
		"no tables":    {func(t *testing.T, dir string) { run(t, dir, "VACUUM") }, ErrNoHistory},
		"no tables, in WAL mode": {func(t *testing.T, dir string) {
			run(t, dir, "PRAGMA journal_mode = WAL")
		}, ErrNoHistory},
		"another program's": {func(t *testing.T, dir string) { run(t, dir, "CREATE TABLE meta (one, id)") }, errForeign},
		"another program's, marked": {func(t *testing.T, dir string) {
			run(t, dir, "PRAGMA application_id = 7")
		}, errForeign},
		"another program's, in WAL mode": {func(t *testing.T, dir string) {
			run(t, dir, "PRAGMA journal_mode = WAL", "CREATE TABLE rooms (id)")
		}, errForeign},
		"another program's, killed": {func(t *testing.T, dir string) { leaveLog(t, dir, "CREATE TABLE rooms (id)") }, errForeign},
		"a text":                    {func(t *testing.T, dir string) { write0(t, dir, strings.Repeat("hello ", 1000)) }, errNotDatabase},
		"a short text":              {func(t *testing.T, dir string) { write0(t, dir, "hello") }, errNotDatabase},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c.prepare(t, dir)
			before := content(t, dir)
			db, err := OpenSource(dir)
			if err == nil {
				t.Fatal("opened", db.Close())
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if after := content(t, dir); !maps.Equal(before, after) || (before == nil) != (after == nil) {
				t.Errorf("the folder changed:\nbefore %q\nafter  %q", before, after)
			}
		})
	}
}

// TestForeignFileStays opens for writing what is another program's: it is refused, and its bytes stay what they are.
func TestForeignFileStays(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"tables":                 func(t *testing.T, dir string) { run(t, dir, "CREATE TABLE meta (one, id)") },
		"a mark":                 func(t *testing.T, dir string) { run(t, dir, "PRAGMA application_id = 7") },
		"tables in the log only": func(t *testing.T, dir string) { leaveLog(t, dir, "CREATE TABLE rooms (id)") },
		"a text":                 func(t *testing.T, dir string) { write0(t, dir, strings.Repeat("hello ", 1000)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			prepare(t, dir)
			before := content(t, dir)
			if db, err := Open(dir); err == nil {
				t.Error("opened", db.Close())
			}
			after := content(t, dir)
			delete(after, lockName)
			for name, was := range before {
				if after[name] != was {
					t.Errorf("%s changed", name)
				}
			}
			if len(after) != len(before) {
				t.Errorf("the folder had %d files and has %d", len(before), len(after))
			}
		})
	}
}

// readAs reads the rooms of a source, and fails if that changes the folder.
func readAs(t *testing.T, dir string, want ...string) {
	t.Helper()
	before := content(t, dir)
	db, err := OpenSource(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := roomNames(t, db); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %q, want %q", got, want)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if after := content(t, dir); !maps.Equal(before, after) {
		t.Errorf("the folder changed: it had %d files and has %d", len(before), len(after))
	}
}

func TestSourceIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	write(t, db, addRoom("lobby"))
	if _, err := OpenSource(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("while a server has it: %v, want ErrInUse", err)
	}
	killed := t.TempDir()
	for _, name := range []string{fileName, fileName + "-wal"} {
		if err := copyFile(filepath.Join(killed, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	readAs(t, killed, "lobby") // from the log
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	readAs(t, dir, "lobby")
	if err := os.Remove(filepath.Join(dir, lockName)); err != nil { // as in a backup
		t.Fatal(err)
	}
	readAs(t, dir, "lobby")
}

func TestOlderSourceIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, err := openConn(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(apply(c, versions()[0], 1), c.Script("INSERT INTO rooms (name) VALUES ('old')"), c.close()); err != nil {
		t.Fatal(err)
	}
	readAs(t, dir, "old")
}

// TestSourceTakesNoWrites: what is opened for reading refuses to write, and notices that somebody else did.
func TestSourceTakesNoWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	source, err := OpenSource(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Write(t.Context(), Job{Op: "test", Do: addRoom("lobby")}); !errors.Is(err, errReadOnly) {
		t.Errorf("write: %v", err)
	}
	run(t, dir, "CREATE TABLE more (x)")
	if err := source.Close(); !errors.Is(err, ErrChanged) {
		t.Errorf("after another program wrote: %v, want ErrChanged", err)
	}
}
