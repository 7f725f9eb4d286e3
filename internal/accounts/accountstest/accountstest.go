// Package accountstest is the suite that every engine of accounts passes.
//
// It owns nothing and locks nothing: each test opens a store of its own by the function given and closes it.
package accountstest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
)

// Open gives an empty store. The store must also be an [accounts.Exporter], an [accounts.Importer] and an io.Closer that
// closes the database below it. What it needs besides, it cleans up through t.
type Open func(t *testing.T) accounts.Store

// Option changes how the suite runs.
type Option func(*suite)

// WithReopen adds the tests of what lasts. reopen gives a new store on what s, which is closed already, had stored.
func WithReopen(reopen func(t *testing.T, s accounts.Store) accounts.Store) Option {
	return func(s *suite) { s.reopen = reopen }
}

// WithUsers sets about how many users a test of many writers stores. The default is 1,000; a slow engine takes fewer.
func WithUsers(n int) Option { return func(s *suite) { s.users = n } }

// WithParallel runs tests side by side, each on its store. It saves time where stores wait for a disk.
func WithParallel() Option { return func(s *suite) { s.parallel = true } }

type suite struct {
	open   Open
	reopen func(t *testing.T, s accounts.Store) accounts.Store // nil: not tested
	users  int

	parallel bool
}

// Run tests the engine that open opens.
func Run(t *testing.T, open Open, options ...Option) {
	s := &suite{open: open, users: 1000}
	for _, o := range options {
		o(s)
	}
	t.Run("Users", s.testUsers)
	t.Run("Names", s.testNames)
	t.Run("Transfer", s.testTransfer)
	t.Run("Lifecycle", s.testLifecycle)
}

// leaf runs one test.
func (s *suite) leaf(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		if s.parallel {
			t.Parallel()
		}
		test(t)
	})
}

// store is all that an engine's store can do.
type store interface {
	accounts.Store
	accounts.Exporter
	accounts.Importer
	Close() error
}

func asStore(t *testing.T, s accounts.Store) store {
	t.Helper()
	all, ok := s.(store)
	if !ok {
		t.Fatalf("%T is no Exporter, Importer and Closer", s)
	}
	return all
}

// start opens a store for one test.
func (s *suite) start(t *testing.T) (context.Context, store) {
	t.Helper()
	opened := asStore(t, s.open(t))
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return t.Context(), opened
}

// noon is some moment, in whole milliseconds: the store takes its times from the caller.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 123e6, time.UTC)

// user makes a user for a test; the same n is the same user.
func user(n int) chat.User {
	id := chat.UserID(fmt.Sprintf("u_test%012d", n))
	return chat.User{ID: id, Name: fmt.Sprintf("Zoé %d", n), Color: chat.ColorOf(id)}
}

func identity(n int) accounts.Identity { return accounts.Identity{User: user(n), Created: noon} }

// fill stores seven users with none, one or two tokens and names each.
func fill(t *testing.T, ctx context.Context, s accounts.Store) {
	t.Helper()
	for i := range 7 {
		u := accounts.Identity{User: user(i), Created: noon.Add(time.Duration(i) * time.Second)}
		err := s.PutUser(ctx, u)
		for j := range i % 3 {
			at := noon.Add(time.Duration(j) * time.Minute)
			err = errors.Join(err, s.AddToken(ctx, chat.HashToken(fmt.Sprint(i, j)), u.User.ID, at),
				s.ClaimName(ctx, fmt.Sprint("name ", i, " ", j), u.User.ID, noon, at.Add(time.Hour)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
