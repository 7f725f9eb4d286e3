package accountstest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"salon/internal/accounts"
	"salon/internal/chat"
)

func (s *suite) testLifecycle(t *testing.T) {
	s.leaf(t, "Cancelled", s.testCancelled)
	s.leaf(t, "AfterClose", s.testAfterClose)
	s.leaf(t, "CloseWhileWriting", s.testCloseWhileWriting)
	if s.reopen != nil {
		s.leaf(t, "Lasting", s.testLasting)
	}
}

// calls are all calls of a store but Close, by name.
func calls(s store) map[string]func(context.Context) error {
	token, id, soon := chat.HashToken("t"), user(1).ID, noon.Add(time.Hour)
	return map[string]func(context.Context) error{
		"PutUser":     func(ctx context.Context) error { return s.PutUser(ctx, identity(1)) },
		"AddToken":    func(ctx context.Context) error { return s.AddToken(ctx, token, id, noon) },
		"UserByToken": func(ctx context.Context) error { _, err := s.UserByToken(ctx, token); return err },
		"RevokeToken": func(ctx context.Context) error { return s.RevokeToken(ctx, token) },
		"ClaimName":   func(ctx context.Context) error { return s.ClaimName(ctx, "x", id, noon, soon) },
		"FreeName":    func(ctx context.Context) error { return s.FreeName(ctx, "x", id, noon) },
		"RenewNames": func(ctx context.Context) error {
			return s.RenewNames(ctx, []accounts.Hold{{Key: "x", User: id}}, noon)
		},
		"ExportUsers": func(ctx context.Context) error { _, err := s.ExportUsers(ctx, "", 1); return err },
		"ImportUsers": func(ctx context.Context) error {
			return s.ImportUsers(ctx, []accounts.Record{{Identity: identity(1)}})
		},
	}
}

// testCancelled makes calls with a context that has ended. Then it cancels contexts in the middle of writes and writes the
// same again, as callers do when they do not know the outcome: each user is stored once.
func (s *suite) testCancelled(t *testing.T) {
	ctx, store := s.start(t)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for name, call := range calls(store) {
		if err := call(ended); !errors.Is(err, accounts.ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s with an ended context: %v", name, err)
		}
	}

	const writers = 8
	n := max(s.users/100, 3)
	var g errgroup.Group
	for w := range writers {
		g.Go(func() error {
			for i := range n {
				u := identity(w*n + i)
				short, cancel := context.WithCancel(ctx)
				go cancel() // at some moment while the call goes on, or before, or after
				if err := store.PutUser(short, u); err != nil && !errors.Is(err, accounts.ErrUnavailable) {
					return fmt.Errorf("cut short: %w", err)
				}
				if err := store.PutUser(ctx, u); err != nil {
					return fmt.Errorf("again: %w", err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	all := exportAll(t, ctx, store)
	if len(all) != writers*n {
		t.Fatalf("%d users are stored, want %d", len(all), writers*n)
	}
	for i, u := range all {
		if u.Identity.User != user(i) {
			t.Errorf("user %d is stored as %+v", i, u.Identity.User)
		}
	}
}

func (s *suite) testAfterClose(t *testing.T) {
	ctx, store := s.start(t)
	if err := errors.Join(store.PutUser(ctx, identity(1)), store.Close()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
	for name, call := range calls(store) {
		if err := call(ctx); !errors.Is(err, accounts.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", name, err)
		}
	}
}

// testCloseWhileWriting closes under load: every write either is done or says why not, and Close returns.
func (s *suite) testCloseWhileWriting(t *testing.T) {
	ctx, store := s.start(t)
	const writers = 8
	var g errgroup.Group
	started := make(chan struct{}, writers)
	for w := range writers {
		g.Go(func() error {
			for i := 0; ; i++ {
				err := store.PutUser(ctx, identity(w))
				if i == 0 {
					started <- struct{}{}
				}
				switch {
				case errors.Is(err, accounts.ErrClosed):
					return nil
				case errors.Is(err, accounts.ErrUnavailable): // it was being written when the store was closed
				case err != nil:
					return err
				}
			}
		})
	}
	for range writers {
		<-started
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
	fill(t, ctx, store)
	want := exportAll(t, ctx, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	again := asStore(t, s.reopen(t, store))
	t.Cleanup(func() { again.Close() })
	if got := exportAll(t, ctx, again); !reflect.DeepEqual(got, want) {
		t.Errorf("users\n%+v, want\n%+v", got, want)
	}
	if u, err := again.UserByToken(ctx, chat.HashToken(fmt.Sprint(2, 0))); err != nil || u.User != user(2) {
		t.Errorf("token: %+v, %v", u, err)
	}
	if err := again.ClaimName(ctx, "name 2 0", user(9).ID, noon, noon.Add(time.Hour)); !errors.Is(err, accounts.ErrNameTaken) {
		t.Errorf("name: %v", err)
	}
}
