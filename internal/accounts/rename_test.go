package accounts

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
)

func TestNewNameIsThatOfAllSessions(t *testing.T) {
	n := newNode(t, newMemory(), time.Hour)
	one, w := n.enter(Claim{Name: "ada"})
	two, _ := n.enter(Claim{Token: w.Token})
	n.rename(one, " eve ")
	if two.User().Name != "eve" || one.User() != two.User() {
		t.Errorf("they are called %q and %q", one.User().Name, two.User().Name)
	}
	n.wantTold("eve")
	user := two.User()
	user.Name = "eva"
	n.Changed(user) // another node says so
	if one.User() != user || two.User() != user {
		t.Errorf("they are %+v and %+v", one.User(), two.User())
	}
	if key, _ := n.here(user.ID); key != "eva" {
		t.Errorf("%q is renewed", key)
	}
	n.wantTold("<eva")
	n.Changed(user) // again
	n.Changed(chat.User{ID: "u_elsewhere", Name: "bob"})
	n.wantTold()
}

func TestRename(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	n.enter(Claim{Name: "bob"})
	p, w := n.enter(Claim{Name: "ada"})
	for typed, want := range map[string]chat.Code{
		"": "", " ": "", "ada": "", " ada ": "", "a|b": chat.CodeInvalidName, "Bob": chat.CodeNameTaken,
	} {
		u, err := n.Rename(t.Context(), p, typed)
		if u.Name != "ada" || p.User().Name != "ada" || (want == "") != (err == nil) || err != nil && chat.CodeOf(err) != want {
			t.Errorf("%q: %+v, %v, want %q", typed, u, err, want)
		}
		name, err := p.Renames(typed)
		if (name != "") != (want == chat.CodeNameTaken) || (err != nil) != (want == chat.CodeInvalidName) {
			t.Errorf("%q would give it the name %q, %v", typed, name, err)
		}
	}
	n.wantTold()
	if got := s.did("PutUser"); got != 2 {
		t.Errorf("users were stored %d times", got)
	}
	n.rename(p, "Ada") // by which its key stays
	n.rename(p, "eve")
	n.wantTold("Ada", "eve")
	if s.users[p.ID()].User != p.User() || !s.users[p.ID()].Created.Equal(p.Created()) {
		t.Errorf("stored is %+v", s.users[p.ID()])
	}
	if got := n.refused(Claim{Name: "ada"}); got != chat.CodeNameTaken {
		t.Errorf("another takes the old name: %q", got)
	}
	p.Release(false)
	if back, _ := n.enter(Claim{Token: w.Token}); back.User().Name != "eve" {
		t.Errorf("it comes back as %+v", back.User())
	}
}

func TestRenameFails(t *testing.T) {
	for _, call := range []string{"ClaimName", "PutUser"} {
		s := newMemory()
		n := newNode(t, s, time.Hour)
		p, _ := n.enter(Claim{Name: "ada"})
		s.set(func(c string) error {
			if c == call {
				return ErrUnavailable
			}
			return nil
		}, nil)
		if u, err := n.Rename(t.Context(), p, "eve"); !errors.Is(err, ErrUnavailable) || u.Name != "ada" || p.User().Name != "ada" {
			t.Errorf("%s fails: it is %+v and %+v, %v", call, u, p.User(), err)
		}
		if key, _ := n.here(p.ID()); key != "ada" {
			t.Errorf("%s failed: %q is renewed", call, key)
		}
		n.wantTold()
		s.away(false)
		n.rename(p, "eve")
		n.wantTold("eve")
	}
}

// TestRenameThatWasNotHeard has the other node's word of a rename lost: the user's next session brings the name.
func TestRenameThatWasNotHeard(t *testing.T) {
	s := newMemory()
	one, two := newNode(t, s, time.Hour), newNode(t, s, time.Hour)
	here, w := one.enter(Claim{Name: "ada"})
	there, _ := two.enter(Claim{Token: w.Token})
	one.rename(here, "eve")
	if key, _ := two.here(here.ID()); key != "ada" || there.User().Name != "ada" {
		t.Fatalf("it is called %q there, and %q is renewed", there.User().Name, key)
	}
	third, _ := two.enter(Claim{Token: w.Token})
	if key, _ := two.here(here.ID()); key != "eve" || there.User().Name != "eve" || third.User() != there.User() {
		t.Errorf("they are called %q and %q, and %q is renewed", there.User().Name, third.User().Name, key)
	}
	two.wantTold("<eve")
}

// pause stops the first call of a kind: before the call, or after it. It gives a channel that says that the call came, and a
// function that lets it go on.
func (m *memory) pause(call string, after bool) (came chan struct{}, goOn func()) {
	came, let := make(chan struct{}), make(chan struct{})
	var stopped atomic.Bool
	stop := func(c string) error {
		if c == call && stopped.CompareAndSwap(false, true) {
			close(came)
			<-let
		}
		return nil
	}
	if after {
		m.set(nil, stop)
	} else {
		m.set(stop, nil)
	}
	return came, func() { close(let) }
}

// TestComeBackDuringRename has a hello read the user before a rename, here or elsewhere, and go on after it.
func TestComeBackDuringRename(t *testing.T) {
	for _, elsewhere := range []bool{false, true} {
		s := newMemory()
		one := newNode(t, s, time.Hour)
		two := one
		if elsewhere {
			two = newNode(t, s, time.Hour)
		}
		here, w := one.enter(Claim{Name: "ada"})
		came, goOn := s.pause("UserByToken", true)
		var there *Person
		var work sync.WaitGroup
		work.Go(func() { there, _ = two.enter(Claim{Token: w.Token}) })
		<-came
		u := one.rename(here, "eve")
		if elsewhere {
			two.Changed(u)
		}
		goOn()
		work.Wait()
		if there.User().Name != "eve" || here.User().Name != "eve" {
			t.Errorf("elsewhere %v: it is called %q, and %q there", elsewhere, here.User().Name, there.User().Name)
		}
		if key, _ := two.here(u.ID); key != "eve" {
			t.Errorf("elsewhere %v: %q is renewed there", elsewhere, key)
		}
		if n := len(two.table.recent.hellos) + len(two.table.recent.changes); n > 0 {
			t.Errorf("elsewhere %v: %d things are kept for a hello that is over", elsewhere, n)
		}
	}
}

// TestChangeThatIsKnownAlready has a hello read the old name, another hello find the new one in the store, and only then the
// other node's word come: the first hello must not bring the old name back.
func TestChangeThatIsKnownAlready(t *testing.T) {
	s := newMemory()
	one, two := newNode(t, s, time.Hour), newNode(t, s, time.Hour)
	here, w := one.enter(Claim{Name: "ada"})
	came, goOn := s.pause("UserByToken", true)
	var slow *Person
	var work sync.WaitGroup
	work.Go(func() { slow, _ = two.enter(Claim{Token: w.Token}) })
	<-came
	u := one.rename(here, "eve")
	quick, _ := two.enter(Claim{Token: w.Token})
	two.Changed(u)
	goOn()
	work.Wait()
	if slow.User().Name != "eve" || quick.User().Name != "eve" {
		t.Errorf("it is called %q and %q", slow.User().Name, quick.User().Name)
	}
}

// TestComeBackBeforeARenameIsTold has a hello find a name in the store that another session has just put there: who took the
// name tells of it, so that the other nodes hear.
func TestComeBackBeforeARenameIsTold(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	one, w := n.enter(Claim{Name: "ada"})
	came, goOn := s.pause("PutUser", true)
	var work sync.WaitGroup
	work.Go(func() { n.rename(one, "eve") })
	<-came
	two, _ := n.enter(Claim{Token: w.Token})
	n.wantTold()
	goOn()
	work.Wait()
	n.wantTold("eve")
	if key, _ := n.here(one.ID()); key != "eve" || one.User().Name != "eve" || two.User().Name != "eve" {
		t.Errorf("they are called %q and %q, and %q is renewed", one.User().Name, two.User().Name, key)
	}
}

// TestRenameAfterRelease: the name of one who went is nobody's on this node.
func TestRenameAfterRelease(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	p, _ := n.enter(Claim{Name: "ada", Guest: true})
	came, goOn := s.pause("ClaimName", true)
	var work sync.WaitGroup
	work.Go(func() { n.rename(p, "eve") })
	<-came
	p.Release(false)
	goOn()
	work.Wait()
	if owner, ok := n.table.owner("eve"); ok {
		t.Errorf("%s holds the name for ever", owner)
	}
}

// TestChangesComeInOrder has changes of one user come while a subscriber is being told.
func TestChangesComeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, newMemory(), time.Hour)
		let := make(chan struct{})
		var seen []string
		n.Subscribe(func(c Changed) {
			seen = append(seen, c.User.Name)
			if c.User.Name == "a0" {
				<-let
			}
		})
		p, _ := n.enter(Claim{Name: "ada"})
		other, _ := n.enter(Claim{Name: "bob"})
		var work sync.WaitGroup
		work.Go(func() { n.rename(p, "a0") })
		synctest.Wait()
		n.rename(p, "a1") // does not wait for the subscriber
		n.rename(p, "a2")
		n.rename(other, "eve") // nor does another user
		if p.User().Name != "a2" {
			t.Errorf("it is called %q", p.User().Name)
		}
		close(let)
		work.Wait()
		if got := fmt.Sprint(seen); got != "[a0 eve a1 a2]" {
			t.Errorf("told %s", got)
		}
		n.wantTold("a0", "eve", "a1", "a2")
		if len(n.table.notices.waiting) > 0 {
			t.Errorf("%d queues are left", len(n.table.notices.waiting))
		}
	})
}

// TestManyRenamesAtOnce: whatever the order in which sessions and nodes rename a user, what is told last is what holds.
func TestManyRenamesAtOnce(t *testing.T) {
	s := newMemory()
	n := newNode(t, s, time.Hour)
	first, w := n.enter(Claim{Name: "ada"})
	var work sync.WaitGroup
	for i := range 8 {
		p, _ := n.enter(Claim{Token: w.Token})
		work.Go(func() {
			for j := range 20 {
				switch i % 4 {
				case 0:
					u := p.User()
					u.Name = fmt.Sprintf("e%d-%d", i, j)
					n.Changed(u)
				case 1:
					again, _ := n.enter(Claim{Token: w.Token})
					again.Release(false)
				default:
					n.rename(p, fmt.Sprintf("h%d-%d", i, j))
				}
			}
		})
	}
	work.Wait()
	last := n.told[len(n.told)-1].User
	if now := first.User(); now != last {
		t.Errorf("told last %+v, and it is %+v", last, now)
	}
	if key, _ := n.here(last.ID); key != chat.NameKey(last.Name) || len(n.table.owners) != 1 {
		t.Errorf("%q is renewed of one called %q, and %d names are held", key, last.Name, len(n.table.owners))
	}
	if e := n.table.users[last.ID]; e.sessions != 9 || e.storing != 0 {
		t.Errorf("%d sessions, %d changes being stored", e.sessions, e.storing)
	}
}

func TestRecentIsBounded(t *testing.T) {
	var r recent
	first := r.begin()
	user := func(i int) chat.User { return chat.User{ID: chat.UserID(fmt.Sprint("u_", i)), Name: "x"} }
	for i := range maxRecent + 10 {
		r.note(user(i))
	}
	if len(r.changes) != maxRecent {
		t.Errorf("%d changes are kept", len(r.changes))
	}
	if _, ok := r.since(first, "u_0"); !ok {
		t.Error("a change that a hello waits for is dropped")
	}
	second := r.begin()
	if _, ok := r.since(second, "u_0"); ok {
		t.Error("a change is newer than a hello that began after it")
	}
	r.end(first)
	r.note(user(maxRecent + 20)) // there is room, since the older changes are of no use to the second
	if _, ok := r.since(second, user(maxRecent+20).ID); !ok || len(r.changes) != 1 {
		t.Errorf("%d changes are kept, the new one: %v", len(r.changes), ok)
	}
	r.end(second)
	r.note(user(0))
	if len(r.changes) > 0 {
		t.Errorf("%d changes are kept for nobody", len(r.changes))
	}
}
