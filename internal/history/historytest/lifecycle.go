package historytest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
	"salon/internal/history"
)

func (s *suite) testLifecycle(t *testing.T) {
	s.leaf(t, "ID", s.testID)
	s.leaf(t, "AfterClose", s.testAfterClose)
	s.leaf(t, "CloseWhileWriting", s.testCloseWhileWriting)
}

func (s *suite) testID(t *testing.T) {
	ctx, a := s.start(t)
	_, b := s.start(t)
	one, err1 := a.ID(ctx)
	two, err2 := a.ID(ctx)
	other, err3 := b.ID(ctx)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if one == "" || one != two || one == other {
		t.Fatalf("ids %q and %q of one history, %q of another", one, two, other)
	}
}

func (s *suite) testAfterClose(t *testing.T) {
	ctx, store := s.start(t)
	mustAppend(t, ctx, store, "lobby", messages(user(1), "m", 1)...)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
	calls := map[string]func(context.Context) error{
		"Append": func(ctx context.Context) error {
			_, err := store.Append(ctx, "lobby", messages(user(1), "n", 1))
			return err
		},
		"Read": func(ctx context.Context) error {
			_, err := store.Read(ctx, "lobby", history.Query{Limit: 1})
			return err
		},
		"Heads": func(ctx context.Context) error { _, err := store.Heads(ctx, []chat.RoomID{"lobby"}); return err },
		"Rooms": func(ctx context.Context) error { _, err := store.Rooms(ctx, "", 1); return err },
		"ID":    func(ctx context.Context) error { _, err := store.ID(ctx); return err },
		"SetID": func(ctx context.Context) error { return asPortable(t, store).SetID(ctx, "other") },
		"ImportEvents": func(ctx context.Context) error {
			return asPortable(t, store).ImportEvents(ctx, "lobby", messages(user(1), "n", 1))
		},
	}
	for name, call := range calls {
		if err := call(ctx); !errors.Is(err, history.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", name, err)
		}
	}
}

// testCloseWhileWriting closes under load: every append either is acknowledged or says why not, and Close returns.
func (s *suite) testCloseWhileWriting(t *testing.T) {
	ctx, store := s.start(t)
	var g errgroup.Group
	started := make(chan struct{}, 8)
	for w := range 8 {
		g.Go(func() error {
			for i := 0; ; i++ {
				_, err := store.Append(ctx, "lobby", messages(user(w), fmt.Sprint(i), 1))
				switch {
				case errors.Is(err, history.ErrClosed):
					return nil
				case errors.Is(err, history.ErrUnavailable) && ctx.Err() == nil: // under way when the store went
				case err != nil:
					return err
				}
				if i == 0 {
					started <- struct{}{}
				}
			}
		})
	}
	for range 8 {
		select {
		case <-started:
		case <-ctx.Done():
			t.Fatal("the writers did not start")
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// testLasting closes a store and opens it again.
func (s *suite) testLasting(t *testing.T) {
	ctx, store := s.start(t)
	s.fill(t, ctx, store)
	id, err := store.ID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := wholeLog(t, ctx, store, "room-4")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	again := s.reopen(t, store)
	t.Cleanup(func() { again.Close() })

	if got, err := again.ID(ctx); err != nil || got != id {
		t.Errorf("id %q, %v, want %q", got, err, id)
	}
	checkSame(t, "the log", wholeLog(t, ctx, again, "room-4"), want)
	if heads, err := again.Heads(ctx, []chat.RoomID{"room-4", "room-0", "none"}); err != nil || heads[0] != uint64(len(want)) || heads[1] != 1 || heads[2] != 0 {
		t.Errorf("heads %v, %v", heads, err)
	}
	got := mustAppend(t, ctx, again, "room-4", messages(user(4), "m", 1)[0], message(user(4), "later", "x"))
	if !same(got[0], want[0]) || got[1].Seq != uint64(len(want))+1 || got[1].At.Before(want[len(want)-1].At) {
		t.Errorf("went on with %+v", got)
	}
}
