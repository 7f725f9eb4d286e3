// Package migrate carries a history from the embedded store to MongoDB and back with the real program, and kills it half-way.
//
// The number of events is EVENTS, 4,000 if not set, in 50 rooms:
//
//	EVENTS=100000 go test -v -count=1 -timeout 30m ./test/migrate
package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"salon/internal/accounts"
	accountssqlite "salon/internal/accounts/sqlite"
	"salon/internal/chat"
	"salon/internal/history"
	historysqlite "salon/internal/history/sqlite"
	"salon/internal/mongotest"
	"salon/internal/sqliteconn"
	"salon/test/harness"
)

const rooms = 50

func TestThereAndBack(t *testing.T) {
	events := 4000
	if s := os.Getenv("EVENTS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		events = n
	}
	dir := t.TempDir()
	there, back, quick := filepath.Join(dir, "there"), filepath.Join(dir, "back"), filepath.Join(dir, "killed")
	fill(t, there, events)
	uri := strings.TrimSuffix(mongotest.Start(t), "/") + "/" + mongotest.Database()
	killHalfWay(t, there, uri)
	run(t, events, there, uri)
	if out, err := carry(t, back+"-other", uri).CombinedOutput(); err == nil {
		t.Errorf("a target that holds another history was taken: %s", out)
	}
	run(t, events, uri, back)
	compare(t, there, back)

	killHalfWay(t, there, quick)
	run(t, events, there, quick)
	compare(t, there, quick)
}

// fill makes a history of rooms with users of all kinds.
func fill(t *testing.T, dir string, events int) {
	t.Helper()
	db, err := sqliteconn.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log, users := historysqlite.New(db), accountssqlite.New(db)
	now := time.Now().UTC().Truncate(time.Millisecond)
	for r := range rooms {
		id := chat.UserID(fmt.Sprintf("u_%016d", r))
		u := chat.User{ID: id, Name: fmt.Sprintf("Zoë %d 🎈", r), Color: chat.ColorOf(id)}
		batch := make([]chat.Event, events/rooms)
		for i := range batch {
			batch[i] = chat.Event{Kind: chat.KindMessage, User: u, CID: fmt.Sprint("c", i), Text: fmt.Sprintf("message %d, ni court ni long\n\u2028é", i)}
		}
		_, errAppend := log.Append(t.Context(), chat.RoomID(fmt.Sprintf("salle-%02d", r)), batch)
		if err := errors.Join(errAppend,
			users.PutUser(t.Context(), accounts.Identity{User: u, Created: now}),
			users.AddToken(t.Context(), chat.HashToken(u.Name), id, now),
			users.ClaimName(t.Context(), chat.NameKey(u.Name), id, now, now.Add(time.Hour)),
		); err != nil {
			t.Fatal(err)
		}
	}
}

func carry(t *testing.T, from, to string) *exec.Cmd {
	return exec.Command(harness.Binary(t), "--lang", "en", "migrate", from, to)
}

func run(t *testing.T, events int, from, to string) {
	t.Helper()
	cmd := carry(t, from, to)
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), diag.String())
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	t.Logf("%s → %s: %v, %d MB at most: %s", kind(from), kind(to), time.Since(began).Round(time.Millisecond), peak>>10, strings.TrimSpace(out.String()))
	if !strings.Contains(out.String(), fmt.Sprint(events, " events in ", rooms, " rooms and ", rooms, " users are the same")) {
		t.Errorf("said: %s", out.String())
	}
	if !strings.Contains(diag.String(), "100%") {
		t.Errorf("no progress was told: %s", diag.String())
	}
}

func kind(where string) string {
	if strings.Contains(where, "://") {
		return "mongodb"
	}
	return "sqlite"
}

// killHalfWay starts to carry and kills the program when some of it is done.
func killHalfWay(t *testing.T, from, to string) {
	t.Helper()
	cmd := carry(t, from, to)
	diag, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen []byte
	for buf := make([]byte, 64); !bytes.Contains(seen, []byte("20%")); {
		n, err := diag.Read(buf)
		if err != nil {
			t.Fatalf("it ended before it was killed: %s", seen)
		}
		seen = append(seen, buf[:n]...)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
}

// compare fails unless both folders hold the same.
func compare(t *testing.T, one, other string) {
	t.Helper()
	a, b := dump(t, one), dump(t, other)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s and %s differ", one, other)
	}
}

type contents struct {
	ID    string
	Logs  map[chat.RoomID][]chat.Event
	Users []accounts.Record
}

func dump(t *testing.T, dir string) (c contents) {
	t.Helper()
	db, err := sqliteconn.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log, users := historysqlite.New(db), accountssqlite.New(db)
	c.Logs = map[chat.RoomID][]chat.Event{}
	infos, errRooms := log.Rooms(t.Context(), "", 1000)
	var errID, errUsers error
	c.ID, errID = log.ID(t.Context())
	c.Users, errUsers = users.ExportUsers(t.Context(), "", 1000)
	if err := errors.Join(errRooms, errID, errUsers); err != nil {
		t.Fatal(err)
	}
	for _, r := range infos {
		for after := uint64(0); after < r.Head; {
			page, err := log.Read(t.Context(), r.Room, history.Query{After: after, IsAfter: true, Limit: chat.MaxPage})
			if err != nil {
				t.Fatal(err)
			}
			c.Logs[r.Room] = append(c.Logs[r.Room], page.Events...)
			after = page.Events[len(page.Events)-1].Seq
		}
	}
	return c
}

// TestNoSource names a source that does not exist, or that is another program's: the program fails, and makes nothing.
func TestNoSource(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	text := []byte("not a history")
	if err := os.WriteFile(filepath.Join(foreign, "history.db"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{filepath.Join(dir, "missing"), foreign} {
		target := filepath.Join(dir, "target")
		out, err := carry(t, source, target).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%s: %v, %s", source, err, out)
		}
		if strings.Contains(string(out), "same on both sides") || !strings.Contains(string(out), source) {
			t.Errorf("%s: said %s", source, out)
		}
		if _, err := os.Stat(target); !os.IsNotExist(err) {
			t.Errorf("%s: the target was made", source)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("made: %v, %v", entries, err)
	}
	if b, err := os.ReadFile(filepath.Join(foreign, "history.db")); err != nil || !bytes.Equal(b, text) {
		t.Errorf("another program's file is now %q, %v", b, err)
	}
}
