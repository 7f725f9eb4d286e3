package sqliteconn_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"salon/internal/sqliteconn"
)

// open opens a database in dir; the test closes it.
func open(t *testing.T, dir string) *sqliteconn.DB {
	t.Helper()
	db, err := sqliteconn.Open(dir)
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

func TestFolderIsOursAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "here")
	s := open(t, dir)
	err := s.Write(t.Context(), sqliteconn.Job{Op: "test", Do: func(tx *sqliteconn.Tx) error {
		_, err := tx.Exec("INSERT INTO rooms (name) VALUES (?)", "lobby")
		return err
	}})
	if err != nil {
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

	if _, err := sqliteconn.Open(dir); !errors.Is(err, sqliteconn.ErrInUse) {
		t.Fatalf("opened twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) != 2 {
		t.Errorf("Close left %v, %v: want the database and the lock file", files, err)
	}
	again, err := sqliteconn.Open(dir)
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// holdEnv names the folder that a process started by a test keeps open, instead of running tests.
const holdEnv = "SALON_TEST_HOLD_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		if err := holdFolder(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// holdFolder keeps a data folder open until the process is killed.
func holdFolder(dir string) error {
	db, err := sqliteconn.Open(dir)
	if err != nil {
		return err
	}
	defer db.Close()
	fmt.Println("open")
	_, err = os.Stdin.Read(make([]byte, 1)) // nothing comes; the test kills the process
	return err
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := exec.Command(os.Args[0])
	first.Env, first.Stderr = append(os.Environ(), holdEnv+"="+dir), os.Stderr
	in, errIn := first.StdinPipe() // open, and nothing comes from it
	out, errOut := first.StdoutPipe()
	if err := errors.Join(errIn, errOut, first.Start()); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		_ = first.Process.Kill() // it may be gone already
		_ = first.Wait()
	}
	t.Cleanup(kill)
	defer in.Close()
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the first process did not open the folder")
	}
	_, err := sqliteconn.Open(dir)
	if !errors.Is(err, sqliteconn.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint(first.Process.Pid)) {
		t.Fatalf("a second process got %v, want ErrInUse with the first one's number", err)
	}
	kill()
	db, err := sqliteconn.Open(dir)
	if err != nil {
		t.Fatalf("after the first was killed: %v", err)
	}
	if err := db.Close(); err != nil {
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
		s, err := sqliteconn.Open(dir)
		if err == nil {
			t.Errorf("%s: opened, %v", what, s.Close())
			continue
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error has more than a line: %v", what, err)
		}
	}
}
