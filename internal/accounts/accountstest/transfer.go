package accountstest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
)

func (s *suite) testTransfer(t *testing.T) {
	s.leaf(t, "RoundTrip", s.testRoundTrip)
	s.leaf(t, "Replaced", s.testReplaced)
}

// exportAll exports every user, three at a time so that paging is tested too, in a form that can be compared.
func exportAll(t *testing.T, ctx context.Context, s accounts.Exporter) []accounts.Record {
	t.Helper()
	var all []accounts.Record
	for after := chat.UserID(""); ; {
		page, err := s.ExportUsers(ctx, after, 3)
		if err != nil {
			t.Fatalf("export users: %v", err)
		}
		if len(page) == 0 {
			return all
		}
		for _, u := range page {
			if u.Identity.User.ID <= after {
				t.Fatalf("export after %s gives %s", after, u.Identity.User.ID)
			}
			after = u.Identity.User.ID
			all = append(all, ordered(u))
		}
	}
}

// ordered gives u with its tokens and names in one order and its times in one form.
func ordered(u accounts.Record) accounts.Record {
	u.Identity.Created = u.Identity.Created.UTC()
	u.Tokens, u.Names = append([]accounts.Token{}, u.Tokens...), append([]accounts.HeldName{}, u.Names...)
	for i := range u.Tokens {
		u.Tokens[i].Added = u.Tokens[i].Added.UTC()
	}
	for i := range u.Names {
		u.Names[i].Until = u.Names[i].Until.UTC()
	}
	slices.SortFunc(u.Tokens, func(a, b accounts.Token) int { return bytes.Compare(a.Hash[:], b.Hash[:]) })
	slices.SortFunc(u.Names, func(a, b accounts.HeldName) int { return cmp.Compare(a.Key, b.Key) })
	return u
}

// copyAll copies every user, one at a time, and checks that both sides hold the same.
func copyAll(t *testing.T, ctx context.Context, from, to store) {
	t.Helper()
	want := exportAll(t, ctx, from)
	for _, u := range want {
		if err := to.ImportUsers(ctx, []accounts.Record{u}); err != nil {
			t.Fatalf("import user: %v", err)
		}
	}
	if got := exportAll(t, ctx, to); !reflect.DeepEqual(got, want) {
		t.Errorf("users\n%+v, want\n%+v", got, want)
	}
}

func (s *suite) testRoundTrip(t *testing.T) {
	ctx, from := s.start(t)
	_, to := s.start(t)
	fill(t, ctx, from)
	if n := len(exportAll(t, ctx, from)); n != 7 {
		t.Fatalf("%d users are exported, want 7", n)
	}
	copyAll(t, ctx, from, to)
	copyAll(t, ctx, from, to) // again, as after an interruption: nothing changes

	if got, err := to.UserByToken(ctx, chat.HashToken(fmt.Sprint(2, 1))); err != nil || got.User != user(2) {
		t.Errorf("a token in the copy: %+v, %v", got, err)
	}
	if err := to.ClaimName(ctx, "name 2 1", user(99).ID, noon, noon.Add(time.Hour)); !errors.Is(err, accounts.ErrNameTaken) {
		t.Errorf("a name held in the original is free in the copy: %v", err)
	}
}

// testReplaced imports users that are stored already: what they had and do not have any more is gone.
func (s *suite) testReplaced(t *testing.T) {
	ctx, from := s.start(t)
	_, to := s.start(t)
	fill(t, ctx, from)
	copyAll(t, ctx, from, to)
	renamed := accounts.Identity{User: user(2), Created: noon}
	renamed.User.Name = "renamed"
	if err := errors.Join(
		from.PutUser(ctx, renamed), from.RevokeToken(ctx, chat.HashToken(fmt.Sprint(2, 1))),
		from.FreeName(ctx, "name 2 1", user(2).ID, noon.Add(time.Minute+time.Hour)),
	); err != nil {
		t.Fatal(err)
	}
	copyAll(t, ctx, from, to)
	if got, err := to.UserByToken(ctx, chat.HashToken(fmt.Sprint(2, 1))); !errors.Is(err, accounts.ErrNotFound) {
		t.Errorf("a token revoked in the original: %+v, %v", got, err)
	}
	if err := to.ClaimName(ctx, "name 2 1", user(99).ID, noon, noon.Add(time.Hour)); err != nil {
		t.Errorf("a name free in the original is held in the copy: %v", err)
	}
}
