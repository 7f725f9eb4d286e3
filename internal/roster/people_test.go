package roster

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"salon/internal/chat"
	"salon/internal/presence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newPeople(shared bool) *people { return &people{shared: shared, users: map[chat.UserID]*person{}} }

func user(name string) chat.User {
	return chat.User{ID: chat.UserID("u_" + name), Name: name, Color: "#000000"}
}

// called is a user who has another name.
func called(u chat.User, name string) chat.User {
	u.Name = name
	return u
}

// told describes changes in short.
func told(changes ...*chat.Change) string {
	var s []string
	for _, c := range changes {
		if c == nil {
			continue
		}
		line := fmt.Sprint(c.Kind, " ", c.User.Name, " ", c.Old, " ", c.Count)
		if c.Members != nil {
			line += fmt.Sprint(" of ", len(c.Members))
		}
		s = append(s, line)
	}
	slices.Sort(s)
	return fmt.Sprint(s)
}

func expect(t *testing.T, what, want string, changes ...*chat.Change) {
	t.Helper()
	if got := told(changes...); got != want {
		t.Errorf("%s: told %s, want %s", what, got, want)
	}
}

func TestComingAndGoing(t *testing.T) {
	o := newPeople(false)
	expect(t, "the first session", "[join ada  1]", o.arrived("s1", user("ada"), chat.ChangeJoin))
	expect(t, "another user", "[back bob  2]", o.arrived("s2", user("bob"), chat.ChangeBack))
	expect(t, "a second session", "[]", o.arrived("s3", user("ada"), chat.ChangeJoin))
	expect(t, "a session with another name", "[rename eve ada 2]", o.arrived("s4", called(user("ada"), "eve"), chat.ChangeBack))
	for i, s := range []string{"s1", "s4", "s3"} {
		u, last := o.departed(s, "u_ada")
		if u.Name != "eve" || last != (i == 2) {
			t.Errorf("session %s of %s departed, the last: %t", s, u.Name, last)
		}
	}
	if o.here("u_ada") || !o.here("u_bob") || o.here("u_nobody") {
		t.Error("who has sessions here is not known")
	}
	expect(t, "her going", "[leave eve  1]", o.went("u_ada")) // by the name that the others know
	expect(t, "her going again", "[]", o.went("u_ada"))
	expect(t, "a name of one who is not there", "[]", o.renamed(user("ada")))
	expect(t, "the name that he has", "[]", o.renamed(user("bob")))
	expect(t, "another name", "[rename rob bob 1]", o.renamed(called(user("bob"), "rob")))
}

func TestListIsByName(t *testing.T) {
	o := newPeople(false)
	for i, name := range []string{"c", "a", "b"} {
		o.arrived(fmt.Sprint(i), user(name), chat.ChangeJoin)
	}
	o.arrived("3", chat.User{ID: "u_0", Name: "b"}, chat.ChangeJoin)
	l := o.list()
	var ids []chat.UserID
	for _, u := range l.Members {
		ids = append(ids, u.ID)
	}
	if want := []chat.UserID{"u_a", "u_0", "u_b", "u_c"}; !slices.Equal(ids, want) || l.Count != 4 || l.Crowd {
		t.Errorf("%v, %d, crowd %t", ids, l.Count, l.Crowd)
	}
}

func TestCrowdOfOneNode(t *testing.T) {
	o := newPeople(false)
	for i := range chat.CrowdSize {
		if o.arrived(fmt.Sprint(i), user(fmt.Sprint(i)), chat.ChangeJoin) == nil {
			t.Fatalf("user %d is not told", i)
		}
	}
	expect(t, "one more", "[]", o.arrived("more", user("more"), chat.ChangeJoin))
	if l := o.list(); !l.Crowd || l.Members != nil || l.Count != chat.CrowdSize+1 {
		t.Errorf("%d members of %d are listed", len(l.Members), l.Count)
	}
	expect(t, "the count", "[count   101]", o.tick(time.Now()))
	expect(t, "the same count", "[]", o.tick(time.Now()))
	expect(t, "a name", "[]", o.renamed(called(user("5"), "five")))
	for i := chat.CrowdSize; i > crowdEnds; i-- {
		expect(t, "one who goes", "[]", o.went(chat.UserID(fmt.Sprint("u_", i-1))))
		if i-1 > crowdEnds-1 && !o.crowd {
			t.Fatalf("no crowd with %d", len(o.users))
		}
		if len(o.users) > crowdEnds {
			expect(t, "the count", fmt.Sprintf("[count   %d]", len(o.users)), o.tick(time.Now()))
		}
	}
	expect(t, "one who goes", "[]", o.went("u_more"))
	c := o.tick(time.Now())
	if want := len(o.users); o.crowd || c == nil || len(c.Members) != want || c.Count != want {
		t.Fatalf("the end of a crowd: %s", told(c))
	}
	expect(t, "nothing new", "[]", o.tick(time.Now()))
	expect(t, "one who comes", fmt.Sprintf("[join again  %d]", len(o.users)+1), o.arrived("again", user("again"), chat.ChangeJoin))
}

// One who left this node in a crowd and then another node, of which nobody tells in a crowd, is not in the list at its end.
func TestCrowdEndsWithoutThoseWhoLeftIt(t *testing.T) {
	o := newPeople(true)
	o.arrived("s1", user("ada"), chat.ChangeJoin)
	o.arrived("s2", user("bob"), chat.ChangeJoin)
	o.counted(chat.CrowdSize + 1)
	o.departed("s1", "u_ada")
	expect(t, "the end", "[count   1 of 1]", o.corrected(members(user("bob")), time.Now())...)
	if l := o.list(); l.Count != 1 || l.Members[0].Name != "bob" {
		t.Errorf("in the room: %v", l.Members)
	}
}

// members is what presence says.
func members(users ...chat.User) presence.Members {
	return presence.Members{Users: users, Count: len(users), Whole: true}
}

// many returns n users.
func many(n int) (users []chat.User) {
	for i := range n {
		users = append(users, user(fmt.Sprint("other", i)))
	}
	return users
}

func TestCrowdOfManyNodes(t *testing.T) {
	o := newPeople(true)
	o.arrived("s", user("here"), chat.ChangeJoin)
	o.came(user("there"), chat.ChangeJoin)
	o.counted(chat.CrowdSize) // is none yet
	if o.crowd {
		t.Fatal("a crowd too early")
	}
	o.counted(chat.CrowdSize + 50)
	if !o.crowd || o.here("u_there") || len(o.users) != 1 || o.list().Count != chat.CrowdSize+50 {
		t.Fatalf("crowd %t of %d, %d are known", o.crowd, o.list().Count, len(o.users))
	}
	expect(t, "the count", "[count   150]", o.tick(time.Now()))
	o.counted(crowdEnds) // what ends it is the whole list
	expect(t, "a small count", "[count   80]", o.tick(time.Now()))
	if !o.crowd {
		t.Fatal("ended without a list")
	}
	expect(t, "not small enough", "[]", o.corrected(members(many(crowdEnds+1)...), time.Now())...)
	if !o.crowd || o.count() != crowdEnds+1 {
		t.Fatalf("crowd %t of %d", o.crowd, o.count())
	}
	got := o.corrected(members(many(crowdEnds)...), time.Now())
	expect(t, "the end", "[count   81 of 81]", got...) // presence does not know of the one here yet
	if o.crowd || o.list().Count != crowdEnds+1 {
		t.Errorf("crowd %t of %d", o.crowd, o.list().Count)
	}
	expect(t, "the crowd is back", "[]", o.corrected(presence.Members{Count: chat.CrowdSize + 1}, time.Now())...)
	if !o.crowd || o.list().Count != chat.CrowdSize+1 || len(o.users) != 1 {
		t.Errorf("crowd %t of %d", o.crowd, o.list().Count)
	}
}

// A change on this node stands against an older look at presence for a while, and no longer.
func TestCorrected(t *testing.T) {
	ada, bob, eve := user("ada"), user("bob"), user("eve")
	for _, c := range []struct {
		name         string
		before       func(o *people)
		there        []chat.User
		within, late string
	}{
		{"missed a coming", func(*people) {}, []chat.User{ada}, "[join ada  1]", "[join ada  1]"},
		{"missed a going", func(o *people) { o.came(ada, chat.ChangeJoin) }, nil, "[]", "[leave ada  0]"},
		{"missed a name", func(o *people) { o.came(ada, chat.ChangeJoin) }, []chat.User{called(ada, "eve")}, "[]", "[rename eve ada 1]"},
		{"went just now", func(o *people) { o.came(ada, chat.ChangeJoin); o.went(ada.ID) }, []chat.User{ada}, "[]", "[join ada  1]"},
		{"here, and not known there", func(o *people) { o.arrived("s", ada, chat.ChangeJoin) }, nil, "[]", "[]"},
		{"here, with a newer name", func(o *people) { o.arrived("s", called(ada, "eve"), chat.ChangeJoin) }, []chat.User{ada}, "[]", "[]"},
		{"the same", func(o *people) { o.arrived("s", ada, chat.ChangeJoin); o.came(bob, chat.ChangeJoin) }, []chat.User{ada, bob}, "[]", "[]"},
		{"another one", func(o *people) { o.came(ada, chat.ChangeJoin); o.came(bob, chat.ChangeJoin) }, []chat.User{bob, eve},
			"[join eve  3]", "[join eve  3 leave ada  2]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for want, wait := range map[string]time.Duration{"within": settle, "late": settle + time.Nanosecond} {
					o := newPeople(true)
					c.before(o)
					asked := time.Now().Add(wait)
					time.Sleep(wait)
					text := map[string]string{"within": c.within, "late": c.late}[want]
					expect(t, want, text, o.corrected(members(c.there...), asked)...)
					if want == "late" {
						expect(t, "again", "[]", o.corrected(members(c.there...), asked)...)
					}
				}
			})
		})
	}
}

// Departures that are old do not pile up.
func TestOldDeparturesAreForgotten(t *testing.T) {
	o := newPeople(true)
	for _, u := range many(50) {
		o.came(u, chat.ChangeJoin)
		o.went(u.ID)
	}
	o.tick(time.Now())
	if len(o.left) != 50 {
		t.Errorf("%d are kept", len(o.left))
	}
	o.tick(time.Now().Add(settle + time.Second))
	if len(o.left) != 0 {
		t.Errorf("%d are kept for ever", len(o.left))
	}
}

// digest is what presence gives for users.
func digest(users ...chat.User) presence.Digest {
	d := presence.Digest{Count: len(users)}
	for _, u := range users {
		d.Sum += presence.Weight(u)
	}
	return d
}

func TestDiffers(t *testing.T) {
	ada, bob, eve := user("ada"), user("bob"), user("eve")
	o := newPeople(true)
	o.arrived("s", ada, chat.ChangeJoin)
	o.came(bob, chat.ChangeJoin)
	for range 2 { // the weights are computed once, and kept
		for name, c := range map[string]struct {
			digest presence.Digest
			want   bool
		}{
			"the same":        {digest(bob, ada), false},
			"one less":        {digest(ada), true},
			"one more":        {digest(ada, bob, eve), true},
			"another":         {digest(ada, eve), true},
			"another name":    {digest(called(ada, "a"), bob), true},
			"the same number": {presence.Digest{Count: 2}, true},
		} {
			if got := o.differs(c.digest); got != c.want {
				t.Errorf("%s: differs %t", name, got)
			}
		}
	}
	o.renamed(called(bob, "rob"))
	if o.differs(digest(ada, called(bob, "rob"))) || !o.differs(digest(ada, bob)) {
		t.Error("a new name has the weight of the old one")
	}
	o.counted(chat.CrowdSize + 10)
	for count, want := range map[int]bool{chat.CrowdSize + 10: false, chat.CrowdSize + 11: true, crowdEnds: true} {
		if got := o.differs(presence.Digest{Count: count, Sum: 1}); got != want {
			t.Errorf("a crowd of %d, presence has %d: differs %t", o.count(), count, got)
		}
	}
	o.counted(crowdEnds)
	if !o.differs(presence.Digest{Count: crowdEnds}) {
		t.Error("a crowd that has ended is not looked at")
	}
}

// viewer is a member's screen: it fails where a change tells what it shows already.
type viewer struct {
	t     *testing.T
	shown map[chat.UserID]chat.User
	crowd bool
}

func (v *viewer) take(o *people, step string, changes ...*chat.Change) {
	v.t.Helper()
	for _, c := range changes {
		if c == nil {
			continue
		}
		u, shown := v.shown[c.User.ID]
		switch c.Kind {
		case chat.ChangeJoin, chat.ChangeBack:
			if shown {
				v.t.Fatalf("%s: %s is announced twice", step, u.Name)
			}
			v.shown[c.User.ID] = c.User
		case chat.ChangeLeave:
			if !shown || u != c.User {
				v.t.Fatalf("%s: %s leaves, shown is %q", step, c.User.Name, u.Name)
			}
			delete(v.shown, c.User.ID)
		case chat.ChangeRename:
			if !shown || u.Name != c.Old || u == c.User {
				v.t.Fatalf("%s: %s is now %s, shown is %q", step, c.Old, c.User.Name, u.Name)
			}
			v.shown[c.User.ID] = c.User
		case chat.ChangeCount:
			v.crowd, v.shown = c.Members == nil, map[chat.UserID]chat.User{}
			for _, u := range c.Members {
				v.shown[u.ID] = u
			}
			continue
		}
		if v.crowd {
			v.t.Fatalf("%s: a name is told in a crowd: %s", step, told(c))
		}
		if len(changes) == 1 && c.Count != len(v.shown) {
			v.t.Fatalf("%s: told the count %d, shown are %d", step, c.Count, len(v.shown))
		}
	}
	if !o.crowd && len(v.shown) != len(o.users) {
		v.t.Fatalf("%s: %d are shown, %d are there", step, len(v.shown), len(o.users))
	}
}

// walk is random steps of a room, and a model of them: which sessions each user has here, and who is on other nodes.
type walk struct {
	*viewer
	rand   *rand.Rand
	people *people
	here   map[chat.UserID][]string
	there  map[chat.UserID]chat.User
	names  map[chat.UserID]chat.User
	serial int
}

func newWalk(t *testing.T, shared bool, seed uint64) *walk {
	return &walk{
		viewer: &viewer{t: t, shown: map[chat.UserID]chat.User{}}, rand: rand.New(rand.NewPCG(seed, 1)), people: newPeople(shared),
		here: map[chat.UserID][]string{}, there: map[chat.UserID]chat.User{}, names: map[chat.UserID]chat.User{},
	}
}

// any returns one of so many users, as it is called now.
func (w *walk) any(most int) chat.User {
	u := user(fmt.Sprint(w.rand.IntN(most)))
	if now, ok := w.names[u.ID]; ok {
		return now
	}
	return u
}

// step does one thing of what a [Roster] does. With grow, coming is likelier than going.
func (w *walk) step(i int, grow bool) {
	o, u := w.people, w.any(130)
	name := func(what string) string { return fmt.Sprintf("step %d, %s %s", i, what, u.ID) }
	comes := w.rand.IntN(8) == 0 != grow
	w.serial++
	switch kind := w.rand.IntN(10); {
	case kind < 4 && comes:
		s := fmt.Sprint("s", w.serial)
		w.here[u.ID] = append(w.here[u.ID], s)
		w.take(o, name("arrives"), o.arrived(s, u, chat.ChangeJoin))
	case kind < 4:
		sessions := w.here[u.ID]
		if len(sessions) == 0 {
			return
		}
		w.here[u.ID] = sessions[1:]
		if _, last := o.departed(sessions[0], u.ID); last != (len(sessions) == 1) {
			w.t.Fatalf("%s: the last: %t, of %d sessions", name("departs"), last, len(sessions))
		}
		if _, elsewhere := w.there[u.ID]; len(sessions) == 1 && !elsewhere {
			w.take(o, name("is gone"), o.went(u.ID))
		}
	case kind < 5:
		w.names[u.ID] = called(u, fmt.Sprint("name", w.serial))
		if _, ok := w.there[u.ID]; ok {
			w.there[u.ID] = w.names[u.ID]
		}
		w.take(o, name("is renamed"), o.renamed(w.names[u.ID]))
	case kind < 6:
		w.take(o, name("a tick after"), o.tick(time.Now()))
	case !o.shared:
	case comes:
		w.there[u.ID] = u
		if !o.crowd { // in a crowd, nobody tells of those on other nodes
			w.take(o, name("comes elsewhere"), o.came(u, chat.ChangeBack))
		}
	default:
		delete(w.there, u.ID)
		if !o.crowd && len(w.here[u.ID]) == 0 {
			w.take(o, name("goes elsewhere"), o.went(u.ID))
		}
	}
}

// present returns who is in the room by the model.
func (w *walk) present() map[chat.UserID]chat.User {
	all := maps.Clone(w.there)
	for id, sessions := range w.here {
		if len(sessions) > 0 {
			all[id] = w.names[id]
			if all[id].ID == "" {
				all[id] = user(string(id[2:]))
			}
		}
	}
	return all
}

// Whatever happens, nobody is announced twice, and who is shown is who is there.
func TestRandomSteps(t *testing.T) {
	const steps = 2000
	for _, shared := range []bool{false, true} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("shared %t, seed %d", shared, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWalk(t, shared, seed)
					crowds := 0
					for phase := range 6 { // full, empty, full …
						grow := phase%2 == 0
						n := steps
						if !grow { // many have several sessions
							n *= 3
						}
						for i := range n {
							w.step(i, grow)
						}
						w.check(phase)
						if w.people.crowd {
							crowds++
						}
					}
					if crowds != 3 {
						t.Errorf("%d phases of 6 end as a crowd: the steps do not test what they should", crowds)
					}
				})
			})
		}
	}
}

// check compares with presence, which is what the model says, and expects the same users. What a crowd's members do elsewhere
// is told by presence alone.
func (w *walk) check(phase int) {
	o, want := w.people, w.present()
	if o.shared {
		time.Sleep(settle + time.Second)
		w.take(o, fmt.Sprint("corrected after phase ", phase), o.corrected(members(slices.Collect(maps.Values(want))...), time.Now())...)
		if d := digest(slices.Collect(maps.Values(want))...); o.differs(d) {
			w.t.Fatalf("phase %d: differs from presence after the correction", phase)
		}
	} else {
		w.take(o, fmt.Sprint("a tick after phase ", phase), o.tick(time.Now()))
	}
	if o.count() != len(want) {
		w.t.Fatalf("phase %d: %d are counted, %d are there", phase, o.count(), len(want))
	}
	if !o.crowd && !maps.Equal(w.shown, want) {
		w.t.Fatalf("phase %d: %v are shown, %v are there", phase, w.shown, want)
	}
}
