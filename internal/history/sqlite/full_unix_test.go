//go:build unix

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/history/sqlite"
)

// TestNoRoom lets the system refuse writes past a file size, as a full disk does, and then take them again.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	c := start(t, "limit", t.TempDir())
	var last string
	for c.out.Scan() {
		last = c.out.Text()
	}
	if err := c.cmd.Wait(); err != nil || last != "recovered" {
		t.Fatalf("the child ended with %v after %q", err, last)
	}
}

// fillToLimit is the child's side: it appends until the system refuses, looks at what is there, and goes on when there
// is room again.
func fillToLimit(dir string) error {
	signal.Ignore(syscall.SIGXFSZ) // which would end the process, where a full disk gives an error
	ctx := context.Background()
	s, err := openIn(dir)
	if err != nil {
		return err
	}
	defer s.Close()

	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	for _, small := range []uint64{1 << 20, 3 << 20} {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: small, Max: was.Max}); err != nil {
			return err
		}
		refused, err := appendUntilRefused(ctx, s)
		if err != nil {
			return err
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			return err
		}
		// The writer may need the system's help once more to notice; after that all is well.
		stored, err := s.Append(ctx, "lobby", refused)
		if err != nil {
			return fmt.Errorf("with room again: %w", err)
		}
		if err := readBack(ctx, s, stored[len(stored)-1]); err != nil {
			return err
		}
	}
	if err := checkFile(dir); err != nil {
		return err
	}
	fmt.Println("recovered")
	return nil
}

// appendUntilRefused gives the batch that was refused, three times over, while what is stored stays readable.
func appendUntilRefused(ctx context.Context, s *sqlite.Store) ([]chat.Event, error) {
	for range 1000 {
		batch := []chat.Event{line(speaker(1)), line(speaker(2))}
		batch[0].Text = strings.Repeat("x", 1<<16)
		stored, err := s.Append(ctx, "lobby", batch)
		if err == nil {
			if err := readBack(ctx, s, stored[1]); err != nil {
				return nil, err
			}
			continue
		}
		for range 3 {
			if !errors.Is(err, history.ErrUnavailable) {
				return nil, fmt.Errorf("a refused append gave %w", err)
			}
			heads, err := s.Heads(ctx, []chat.RoomID{"lobby"})
			if err != nil {
				return nil, err
			}
			if p, err := s.Read(ctx, "lobby", history.Query{Limit: 5}); err != nil || p.Head != heads[0] {
				return nil, fmt.Errorf("read with no room: head %d, want %d, %w", p.Head, heads[0], err)
			}
			if _, err = s.Append(ctx, "lobby", batch); err == nil {
				return nil, errors.New("appended with no room")
			}
		}
		return batch, nil
	}
	return nil, errors.New("nothing was refused")
}

// readBack fails unless e is the last of its room and reads as it was acknowledged.
func readBack(ctx context.Context, s *sqlite.Store, e chat.Event) error {
	p, err := s.Read(ctx, e.Room, history.Query{Limit: 1})
	if err != nil {
		return err
	}
	if p.Head != e.Seq || len(p.Events) != 1 || p.Events[0] != e {
		return fmt.Errorf("the head is %d, acknowledged was %d", p.Head, e.Seq)
	}
	return nil
}
