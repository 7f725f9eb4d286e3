package accountstest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"salon/internal/accounts"
	"salon/internal/chat"
)

func (s *suite) testNames(t *testing.T) {
	s.leaf(t, "Claim", s.testClaim)
	s.leaf(t, "ClaimAtOnce", s.testClaimAtOnce)
	s.leaf(t, "Free", s.testFreeName)
	s.leaf(t, "Renew", s.testRenew)
}

func (s *suite) testClaim(t *testing.T) {
	ctx, store := s.start(t)
	const hour = time.Hour
	ada, bob := user(1).ID, user(2).ID
	for i, step := range []struct {
		key        string
		user       chat.UserID
		now, until time.Duration // after noon
		taken      bool
		why        string
	}{
		{"ada", ada, 0, hour, false, "it is free"},
		{"ada", bob, 0, hour, true, "ada has it"},
		{"bob", bob, 0, hour, false, "another name"},
		{"ada", ada, 0, 2 * hour, false, "ada keeps it longer"},
		{"ada", bob, 2*hour - time.Millisecond, 3 * hour, true, "ada has it a millisecond more"},
		{"ada", ada, hour, hour + time.Minute, false, "ada gives it up sooner"},
		{"ada", bob, hour + time.Minute, 3 * hour, false, "the hold ended now"},
		{"ada", ada, 2 * hour, 3 * hour, true, "bob has it now"},
		{"ada", ada, 4 * hour, 5 * hour, false, "bob's hold ended"},
		{"bob", bob, 9 * hour, 10 * hour, false, "ended, and nobody took it"},
		{"été 名", ada, 0, hour, false, "any script"},
		{"été 名", bob, 0, hour, true, "any script, taken"},
	} {
		err := store.ClaimName(ctx, step.key, step.user, noon.Add(step.now), noon.Add(step.until))
		if step.taken && !errors.Is(err, accounts.ErrNameTaken) || !step.taken && err != nil {
			t.Fatalf("step %d, %s: %v", i, step.why, err)
		}
	}
}

// testClaimAtOnce has many users claim one name at the same moment, again and again: one gets it.
func (s *suite) testClaimAtOnce(t *testing.T) {
	ctx, store := s.start(t)
	for round := range max(s.users/200, 3) {
		// Every second round the name was held and the hold is over, which is another way through an engine.
		now := noon.Add(time.Duration(round) * time.Hour)
		key := fmt.Sprintf("name %d", round/2)
		var winners atomic.Int64
		var g errgroup.Group
		for i := range 12 {
			g.Go(func() error {
				switch err := store.ClaimName(ctx, key, user(100*round+i).ID, now, now.Add(time.Minute)); {
				case err == nil:
					winners.Add(1)
				case !errors.Is(err, accounts.ErrNameTaken):
					return err
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if n := winners.Load(); n != 1 {
			t.Fatalf("round %d: %d users got the name", round, n)
		}
	}
}

func (s *suite) testFreeName(t *testing.T) {
	ctx, store := s.start(t)
	ada, bob := user(1).ID, user(2).ID
	soon, late := noon.Add(time.Minute), noon.Add(time.Hour)
	do := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Fatalf("%s: %v, want %v", what, err, want)
		}
	}
	do("free what nobody holds", store.FreeName(ctx, "x", ada, soon), nil)
	do("claim", store.ClaimName(ctx, "x", ada, noon, soon), nil)
	do("free another's", store.FreeName(ctx, "x", bob, soon), nil)
	do("claim what is another's", store.ClaimName(ctx, "x", bob, noon, soon), accounts.ErrNameTaken)
	do("claim again", store.ClaimName(ctx, "x", ada, noon, late), nil) // as from another node
	do("free what was claimed again", store.FreeName(ctx, "x", ada, soon), nil)
	do("claim what was claimed again", store.ClaimName(ctx, "x", bob, noon, soon), accounts.ErrNameTaken)
	do("free", store.FreeName(ctx, "x", ada, late), nil)
	do("claim what is free", store.ClaimName(ctx, "x", bob, noon, soon), nil)
}

func (s *suite) testRenew(t *testing.T) {
	ctx, store := s.start(t)
	ada, bob, eve := user(1).ID, user(2).ID, user(3).ID
	claim := func(key string, u chat.UserID, now, until time.Time) error {
		return store.ClaimName(ctx, key, u, now, until)
	}
	soon, late := noon.Add(time.Minute), noon.Add(time.Hour)
	held := []accounts.Hold{{Key: "ada", User: ada}, {Key: "bob", User: bob}}
	for i := range 300 { // more than one statement takes, perhaps
		held = append(held, accounts.Hold{Key: fmt.Sprint("name ", i), User: user(1000 + i).ID})
	}
	for _, h := range held {
		if err := claim(h.Key, h.User, noon, soon); err != nil {
			t.Fatal(err)
		}
	}
	asked := append(held, accounts.Hold{Key: "bob", User: eve}, accounts.Hold{Key: "nobody's", User: eve})
	if err := store.RenewNames(ctx, asked, late); err != nil {
		t.Fatal(err)
	}
	for _, h := range held {
		if err := claim(h.Key, eve, late.Add(-time.Millisecond), late); !errors.Is(err, accounts.ErrNameTaken) {
			t.Fatalf("%s was not renewed: %v", h.Key, err)
		}
	}
	if err := claim("ada", eve, late, late.Add(time.Hour)); err != nil {
		t.Fatalf("a renewed hold does not end: %v", err)
	}
	if err := claim("nobody's", ada, noon, late); err != nil {
		t.Fatalf("a name that nobody held was renewed: %v", err)
	}
	if err := store.RenewNames(ctx, []accounts.Hold{{Key: "ada", User: ada}}, late.Add(9*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := claim("ada", bob, late.Add(time.Hour), late.Add(2*time.Hour)); err != nil {
		t.Fatalf("one who lost the name renewed it: %v", err)
	}
	if err := store.RenewNames(ctx, nil, late); err != nil {
		t.Fatalf("renew nothing: %v", err)
	}
}
