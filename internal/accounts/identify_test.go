package accounts

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
)

func TestNewUserComesBack(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	p, w := n.enter(Claim{Name: "  Zoe\u0308 "})
	user := p.User()
	if user.Name != "Zoë" || user.Color != chat.ColorOf(user.ID) || p.ID() != user.ID || p.Guest() || p.Created().IsZero() {
		t.Errorf("a new user is %+v, guest %v, made %v", user, p.Guest(), p.Created())
	}
	if w.Token == "" || w.Back {
		t.Errorf("it is welcomed with %+v", w)
	}
	again, w2 := n.enter(Claim{Token: w.Token})
	if again.User() != user || !w2.Back || w2.Token != "" || !again.Created().Equal(p.Created()) {
		t.Errorf("it comes back as %+v, welcomed with %+v", again.User(), w2)
	}
	p.Release(false)
	again.Release(false)
	if _, here := n.here(user.ID); here {
		t.Error("it is still here after its last session")
	}
	if got := n.refused(Claim{Name: "zoë"}); got != chat.CodeNameTaken {
		t.Errorf("another takes its name: %q", got)
	}
	third, _ := n.enter(Claim{Token: w.Token, Name: "Zoë"})
	if third.User() != user {
		t.Errorf("it comes back as %+v", third.User())
	}
	n.wantTold()
	if got := s.did("PutUser"); got != 1 {
		t.Errorf("the user was stored %d times", got)
	}
}

func TestRefused(t *testing.T) {
	n := newNode(t, newMemory(), time.Hour)
	_, w := n.enter(Claim{Name: "ada"})
	for _, c := range []struct {
		claim Claim
		want  chat.Code
	}{
		{Claim{}, chat.CodeInvalidName},
		{Claim{Name: " a|b"}, chat.CodeInvalidName},
		{Claim{Name: "a|b", Secret: strings.Repeat("s", chat.MinSecret)}, chat.CodeInvalidName},
		{Claim{Name: "ADA"}, chat.CodeNameTaken},
		{Claim{Name: "ADA", Guest: true}, chat.CodeNameTaken},
		{Claim{Name: "eve", Secret: strings.Repeat("s", chat.MinSecret-1)}, chat.CodeBadRequest},
		{Claim{Name: "eve", Secret: strings.Repeat("s", chat.MaxSecret+1)}, chat.CodeBadRequest},
		{Claim{Name: "eve", Secret: strings.Repeat("s", chat.MinSecret)}, ""},
		{Claim{Token: "unknown"}, chat.CodeInvalidToken},
		{Claim{Token: "unknown", Name: "a|b"}, chat.CodeInvalidToken},
		{Claim{Token: w.Token, Name: "a|b"}, chat.CodeInvalidName},
		{Claim{Token: w.Token, Name: " \t"}, ""},
	} {
		if got := n.refused(c.claim); got != c.want {
			t.Errorf("%+v is refused with %q, want %q", c.claim, got, c.want)
		}
	}
	_, _, err := n.Identify(t.Context(), &Attempt{}, Claim{Name: "ADA"})
	var coded *chat.Error
	if !errors.As(err, &coded) || coded.Format != `the name "%s" is in use, or kept for somebody who left` || coded.Args[0] != "ADA" {
		t.Errorf("the text is %v", err) // package lang knows it by these words
	}
}

// TestNameOfEarlierRules: a name that was good when it was given is still its user's.
func TestNameOfEarlierRules(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	s.users["u_old"] = Identity{User: chat.User{ID: "u_old", Name: "a|b"}}
	s.tokens[chat.HashToken("t")] = "u_old"
	p, _ := n.enter(Claim{Token: "t", Name: "a|b"})
	if u, err := n.Rename(t.Context(), p, " a|b "); err != nil || u.Name != "a|b" {
		t.Errorf("its own name: %+v, %v", u, err)
	}
}

// TestLostWelcome has a client repeat its hello, because the answer never came.
func TestLostWelcome(t *testing.T) {
	n := newNode(t, newMemory(), time.Hour)
	c := Claim{Name: "ada", Secret: strings.Repeat("s", chat.MinSecret)}
	first, w := n.enter(c)
	again, w2 := n.enter(c)
	if again.ID() != first.ID() || w2 != w || w.Token == "" || w.Back {
		t.Errorf("first %s with %+v, then %s with %+v", first.ID(), w, again.ID(), w2)
	}
	back, w3 := n.enter(Claim{Token: w.Token})
	if back.ID() != first.ID() || !w3.Back {
		t.Errorf("the token brings back %s, %+v", back.ID(), w3)
	}
	c.Name = "countess"
	if p, _ := n.enter(c); p.User().Name != "countess" || first.User() != p.User() {
		t.Errorf("with another name it is %+v, elsewhere %+v", p.User(), first.User())
	}
	n.wantTold("countess")
}

// TestAnswerOfAClaimIsLost: the name that a try has claimed is there for the next try of the same connection.
func TestAnswerOfAClaimIsLost(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	for _, guest := range []bool{false, true} {
		c := Claim{Name: "ada", Guest: guest}
		s.set(nil, func(call string) error {
			if call == "ClaimName" {
				return ErrUnavailable
			}
			return nil
		})
		var a Attempt
		if _, _, err := n.Identify(t.Context(), &a, c); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("the first try: %v", err)
		}
		s.away(false)
		if got := n.refused(c); got != chat.CodeNameTaken {
			t.Errorf("another connection is told %q", got)
		}
		p, _, err := n.Identify(t.Context(), &a, c)
		if err != nil {
			t.Fatalf("the next try: %v", err)
		}
		s.mu.Lock()
		delete(s.names, "ada")
		s.mu.Unlock()
		p.Release(true)
	}
}

func TestStoreFails(t *testing.T) {
	for _, call := range []string{"ClaimName", "PutUser", "AddToken", "UserByToken"} {
		s := newMemory()
		n := newNode(t, s, time.Hour)
		s.set(func(c string) error {
			if c == call {
				return ErrUnavailable
			}
			return nil
		}, nil)
		p, _, err := n.Identify(t.Context(), &Attempt{}, Claim{Name: "ada", Secret: strings.Repeat("s", chat.MinSecret)})
		if !errors.Is(err, ErrUnavailable) || p != nil {
			t.Errorf("%s fails: %v, %v", call, p, err)
		}
		if holds := n.table.holds(false); len(holds) > 0 || s.holder("ada") != "" {
			t.Errorf("%s failed, and %v is renewed, the name held by %q", call, holds, s.holder("ada"))
		}
		s.away(false)
		n.enter(Claim{Name: "ada"})
	}
}

func TestComeBackWithAnotherName(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	first, w := n.enter(Claim{Name: "ada"})
	s.set(func(call string) error {
		if call == "PutUser" {
			return ErrUnavailable
		}
		return nil
	}, nil)
	if _, _, err := n.Identify(t.Context(), &Attempt{}, Claim{Token: w.Token, Name: "eve"}); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("without the store: %v", err)
	}
	if key, _ := n.here(first.ID()); key != "ada" || first.User().Name != "ada" {
		t.Errorf("it is called %q, and %q is renewed", first.User().Name, key)
	}
	n.wantTold()
	s.away(false)
	second, _ := n.enter(Claim{Token: w.Token, Name: "eve"})
	if key, _ := n.here(first.ID()); key != "eve" || first.User().Name != "eve" || second.User() != first.User() {
		t.Errorf("it is called %q and %q, and %q is renewed", first.User().Name, second.User().Name, key)
	}
	n.wantTold("eve")
	first.Release(false)
	second.Release(false)
	if _, here := n.here(first.ID()); here {
		t.Error("it is still here after its last session")
	}
	third, _ := n.enter(Claim{Token: w.Token, Name: "eva"}) // with no session here before
	if key, _ := n.here(third.ID()); key != "eva" || third.User().Name != "eva" {
		t.Errorf("it is called %q, and %q is renewed", third.User().Name, key)
	}
	n.wantTold("eva")
	if got := n.refused(Claim{Name: "ada"}); got != chat.CodeNameTaken {
		t.Errorf("another takes the old name: %q", got)
	}
}

func TestGuest(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	p, w := n.enter(Claim{Name: "ada", Guest: true})
	if w != (Welcome{}) || !p.Guest() {
		t.Errorf("welcomed with %+v, guest %v", w, p.Guest())
	}
	if u := n.rename(p, "eve"); p.User() != u || u.Name != "eve" {
		t.Errorf("renamed to %+v", u)
	}
	n.wantTold("eve")
	if len(s.users) > 0 || len(s.tokens) > 0 {
		t.Errorf("stored %v, %v", s.users, s.tokens)
	}
	p.Release(false)
	if s.holder("eve") != "" || s.holder("ada") == "" {
		t.Errorf("when it has gone its name is held by %q, and the one before by %q", s.holder("eve"), s.holder("ada"))
	}
}

// TestGuestIsRenewed: the name of a guest is free as soon as it goes, also after renewals.
func TestGuestIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		n := newNode(t, s, time.Hour)
		p, _ := n.enter(Claim{Name: "ada", Guest: true})
		time.Sleep(guestRenew)
		n.renewHolds(t.Context(), true)
		p.Release(false)
		if id := s.holder("ada"); id != "" {
			t.Errorf("%s still holds the name", id)
		}
	})
}

// TestFreshUserElsewhere has a new user lose its connection before it asked for anything, come back on another node, and only
// then the first node notice: the name stays taken.
func TestFreshUserElsewhere(t *testing.T) {
	for _, renewed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newMemory()
			one, two := newNode(t, s, time.Hour), newNode(t, s, time.Hour)
			first, w := one.enter(Claim{Name: "ada"})
			time.Sleep(time.Second)
			two.enter(Claim{Token: w.Token})
			if renewed && !one.renewHolds(t.Context(), false) {
				t.Fatal("not renewed")
			}
			first.Release(true)
			if got := one.refused(Claim{Name: "ada"}); got != chat.CodeNameTaken {
				t.Errorf("renewed %v: another takes the name: %q", renewed, got)
			}
		})
	}
}

// TestFreshUserGone is the same without coming back: the name is free at once, but not while another session has the user.
func TestFreshUserGone(t *testing.T) {
	n := newNode(t, newMemory(), time.Hour)
	c := Claim{Name: "ada", Secret: strings.Repeat("s", chat.MinSecret)}
	first, _ := n.enter(c)
	second, _ := n.enter(c)
	first.Release(true)
	if got := n.refused(Claim{Name: "ada"}); got != chat.CodeNameTaken {
		t.Errorf("another takes the name of one who is here: %q", got)
	}
	n.Changed(second.User()) // another node says what is so already
	second.Release(true)
	if got := n.refused(Claim{Name: "ada"}); got != "" {
		t.Errorf("the name is not free: %q", got)
	}
}

// TestTwoHellosWithOneSecret has a client repeat its hello, with another name, while the first is being stored.
func TestTwoHellosWithOneSecret(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	secret := strings.Repeat("s", chat.MinSecret)
	came, goOn := s.pause("PutUser", true)
	var first *Person
	var work sync.WaitGroup
	work.Go(func() { first, _ = n.enter(Claim{Name: "ada", Secret: secret}) })
	<-came
	second, _ := n.enter(Claim{Name: "eve", Secret: secret})
	n.wantTold("<eve")
	goOn()
	work.Wait()
	if key, _ := n.here(first.ID()); key != "eve" || first.User() != second.User() || first.User().Name != "eve" {
		t.Errorf("they are %+v and %+v, and %q is renewed", first.User(), second.User(), key)
	}
	n.wantTold()
}
