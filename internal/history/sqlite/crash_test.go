package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
	"salon/internal/history"
)

// ack is what the child wrote on its standard output: an event is durable.
type ack struct {
	room chat.RoomID
	user chat.UserID
	cid  string
	seq  uint64
}

// appendAndTell appends to a few rooms from several goroutines and writes a line for each event acknowledged, until it
// is killed. Every third batch is sent twice, with something new in it.
func appendAndTell(dir string) error {
	s, err := openIn(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	var g errgroup.Group
	for w := range 8 {
		g.Go(func() error {
			u := speaker(w)
			for i := 0; ; i++ {
				room := chat.RoomID(fmt.Sprint("room-", (w+i)%5))
				batch := []chat.Event{line(u), line(u), line(u)}[:1+i%3]
				for range 1 + i%3/2 {
					stored, err := s.Append(context.Background(), room, batch)
					if err != nil {
						return err
					}
					var told strings.Builder
					for _, e := range stored {
						fmt.Fprintln(&told, e.Room, e.User.ID, e.CID, e.Seq)
					}
					if _, err := os.Stdout.WriteString(told.String()); err != nil {
						return err
					}
					batch = append(batch, line(u))
				}
			}
		})
	}
	return g.Wait()
}

// TestCrash kills a process that appends, several times over, and compares the logs with what it was told.
func TestCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acked := map[ack]bool{}
	for range 5 {
		c := start(t, "append", dir)
		// Not always at the start: a checkpoint may be under way.
		for n := 200 + rand.IntN(1000); n > 0 && c.out.Scan(); n-- {
			note(t, acked, c.out.Text())
		}
		if err := c.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for c.out.Scan() { // what was on its way
			note(t, acked, c.out.Text())
		}
		c.kill()
		compare(t, dir, acked)
	}
	t.Logf("%d acknowledged, all there", len(acked))
}

// note reads a line of the child's; one cut off by the kill tells nothing.
func note(t *testing.T, acked map[ack]bool, line string) {
	t.Helper()
	var a ack
	n, err := fmt.Sscan(line, &a.room, &a.user, &a.cid, &a.seq)
	if err != nil || n != 4 || len(a.cid) != len(chat.NewCID()) {
		t.Logf("cut off: %q", line)
		return
	}
	acked[a] = true
}

// compare reads all logs and fails unless each is dense and has every ack once, where it was said to be.
func compare(t *testing.T, dir string, acked map[ack]bool) {
	t.Helper()
	s, err := openIn(dir)
	if err != nil {
		t.Fatalf("open after the kill: %v", err)
	}
	defer s.Close()
	if err := checkFile(dir); err != nil {
		t.Fatalf("check after the kill: %v", err)
	}
	rooms, err := s.Rooms(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, r := range rooms {
		seen := map[string]bool{}
		for seq := uint64(0); seq < r.Head; {
			p, err := s.Read(t.Context(), r.Room, history.Query{IsAfter: true, After: seq, Limit: chat.MaxPage})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Events {
				seq++
				if e.Seq != seq || seen[e.CID] {
					t.Fatalf("%s: %s has number %d where %d should be, or is there twice", r.Room, e.CID, e.Seq, seq)
				}
				seen[e.CID] = true
				if acked[ack{r.Room, e.User.ID, e.CID, e.Seq}] {
					found++
				}
			}
		}
	}
	if found != len(acked) {
		t.Fatalf("of %d acknowledged events %d are there", len(acked), found)
	}
}
