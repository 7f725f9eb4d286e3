package accountstest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"salon/internal/accounts"
	"salon/internal/chat"
)

func (s *suite) testUsers(t *testing.T) {
	s.leaf(t, "Tokens", s.testTokens)
	s.leaf(t, "Rename", s.testRename)
	s.leaf(t, "ManyAtOnce", s.testManyUsers)
}

func (s *suite) testTokens(t *testing.T) {
	ctx, store := s.start(t)
	ada, bob := identity(1), identity(2)
	phone, laptop, bobs := chat.HashToken("phone"), chat.HashToken("laptop"), chat.HashToken("bobs")
	find := func(hash chat.TokenHash, want *accounts.Identity) {
		t.Helper()
		got, err := store.UserByToken(ctx, hash)
		switch {
		case want == nil && !errors.Is(err, accounts.ErrNotFound):
			t.Fatalf("a token of nobody: %+v, %v", got, err)
		case want != nil && (err != nil || got.User != want.User || !got.Created.Equal(want.Created) || got.Created.Location() != time.UTC):
			t.Fatalf("found %+v, %v, want %+v", got, err, *want)
		}
	}
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}

	find(phone, nil)
	do("put ada", store.PutUser(ctx, ada))
	find(phone, nil)
	do("put bob", store.PutUser(ctx, bob))
	do("add phone", store.AddToken(ctx, phone, ada.User.ID, noon))
	do("add laptop", store.AddToken(ctx, laptop, ada.User.ID, noon.Add(time.Hour)))
	do("add bobs", store.AddToken(ctx, bobs, bob.User.ID, noon))
	find(phone, &ada)
	find(laptop, &ada)
	find(bobs, &bob)

	do("revoke phone", store.RevokeToken(ctx, phone))
	find(phone, nil)
	find(laptop, &ada)
	do("revoke phone again", store.RevokeToken(ctx, phone))
	do("revoke unknown", store.RevokeToken(ctx, chat.HashToken("never seen")))
	find(bobs, &bob)
}

func (s *suite) testRename(t *testing.T) {
	ctx, store := s.start(t)
	ada := identity(1)
	token := chat.HashToken("t")
	if err := errors.Join(store.PutUser(ctx, ada), store.AddToken(ctx, token, ada.User.ID, noon)); err != nil {
		t.Fatal(err)
	}
	renamed := ada
	renamed.User.Name, renamed.User.Color = "Ada Lovelace", "#010203"
	if err := store.PutUser(ctx, renamed); err != nil {
		t.Fatal(err)
	}
	if got, err := store.UserByToken(ctx, token); err != nil || got.User != renamed.User || !got.Created.Equal(noon) {
		t.Fatalf("after the change: %+v, %v", got, err)
	}
}

func (s *suite) testManyUsers(t *testing.T) {
	ctx, store := s.start(t)
	n := max(s.users/20, 8)
	var g errgroup.Group
	g.SetLimit(16)
	for i := range n {
		g.Go(func() error {
			hash := chat.HashToken(fmt.Sprint(i))
			if err := errors.Join(store.PutUser(ctx, identity(i)), store.AddToken(ctx, hash, user(i).ID, noon)); err != nil {
				return err
			}
			if got, err := store.UserByToken(ctx, hash); err != nil || got.User != user(i) {
				return fmt.Errorf("user %d is found as %+v, %w", i, got, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}
