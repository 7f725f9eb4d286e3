package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"salon/internal/chat"
	"salon/internal/history/sqlite"
)

func TestFolderIsOursAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "here")
	s := open(t, dir)
	if _, err := s.Append(t.Context(), "lobby", []chat.Event{line(speaker(1))}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{
		dir:                                  0o700,
		filepath.Join(dir, "history.db"):     0o600,
		filepath.Join(dir, "history.db-wal"): 0o600,
		filepath.Join(dir, "history.lock"):   0o600,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode().Perm(), err, want)
		}
	}

	if _, err := sqlite.Open(dir); !errors.Is(err, sqlite.ErrInUse) {
		t.Fatalf("opened twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) != 2 {
		t.Errorf("Close left %v, %v: want the database and the lock file", files, err)
	}
	again, err := sqlite.Open(dir)
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// holdFolder is a child that keeps a data folder until it is killed.
func holdFolder(dir string) error {
	s, err := sqlite.Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("open")
	_, err = os.Stdin.Read(make([]byte, 1)) // nothing comes; the test kills
	return err
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := start(t, "hold", dir)
	if !c.out.Scan() {
		t.Fatal("the first process did not open the folder")
	}
	_, err := sqlite.Open(dir)
	if !errors.Is(err, sqlite.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint(c.cmd.Process.Pid)) {
		t.Fatalf("a second process got %v, want ErrInUse with the first one's number", err)
	}
	c.kill()
	s, err := sqlite.Open(dir)
	if err != nil {
		t.Fatalf("after the first was killed: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPathsWithOddCharacters(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b", "50%41", "what?x=1", "#1", "été", "a&b;c", "'quote'"} {
		dir := filepath.Join(t.TempDir(), name)
		open(t, dir)
		if _, err := os.Stat(filepath.Join(dir, "history.db")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if files, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(files) != 1 {
			t.Errorf("%q made %v, %v", name, files, err)
		}
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	t.Parallel()
	write := func(dir, content string) string {
		if err := os.WriteFile(filepath.Join(dir, "history.db"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, dir := range map[string]string{
		"a file for a folder": file,
		"not a database":      write(t.TempDir(), strings.Repeat("hello ", 1000)),
		"a folder inside /proc, where nobody makes one": "/proc/salon",
	} {
		s, err := sqlite.Open(dir)
		if err == nil {
			t.Errorf("%s: opened, %v", what, s.Close())
			continue
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error has more than a line: %v", what, err)
		}
	}
}

func TestIDLasts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	id := func() string {
		s, err := sqlite.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		id, err := s.ID(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if a, b := id(), id(); a != b {
		t.Errorf("the id was %s and is %s", a, b)
	}
}
