package session

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/accounts"
	brokermemory "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/history"
)

// in says hello with what the fields say and joins a room.
func (g *guest) in(room, fields string, args ...any) (welcome map[string]any) {
	g.t.Helper()
	g.say(`{"type":"hello",`+fields+`}`, args...)
	w := g.next("welcome")
	g.say(`{"type":"join","room":%q}`, room)
	g.next("joined")
	return w
}

// speaks tells under which name the guest speaks in a room.
func (g *guest) speaks(room string) string {
	g.t.Helper()
	g.say(`{"type":"send","room":%q,"cid":%q,"text":"x"}`, room, chat.NewCID())
	return g.next("event")["user"].(map[string]any)["name"].(string)
}

// TestFreshUserElsewhere has a new user lose its connection before it asked for anything, come back on another node, and only
// then the first node notice: the name stays taken.
func TestFreshUserElsewhere(t *testing.T) {
	for _, renewed := range []bool{false, true} {
		one, two := openTwo(t, brokermemory.NewNet())
		first := visit(t, one)
		first.say(`{"type":"hello","name":"ada"}`)
		w := first.next("welcome")
		visit(t, two).in("lobby", `"token":%q`, w["token"])
		if renewed && !one.names.renewAll(t.Context(), false) {
			t.Fatal("not renewed")
		}
		first.conn.Kill()
		eventually(t, "the first node noticed", func() bool { return one.Open() == 0 && !one.names.has(userOf(w)) })
		other := visit(t, one)
		other.say(`{"type":"hello","name":"ada"}`)
		if e := other.next("error", "welcome"); e["code"] != "name_taken" {
			t.Errorf("renewed %v: another user is given the name of one who is here: %v", renewed, e["user"])
		}
	}
}

// TestFreshUserGone is the same without coming back: the name is free at once.
func TestFreshUserGone(t *testing.T) {
	h := open(t, nil)
	g := visit(t, h)
	g.say(`{"type":"hello","name":"ada"}`)
	w := g.next("welcome")
	g.conn.Kill()
	eventually(t, "the name is free", func() bool {
		return !h.names.has(userOf(w)) && h.Users.ClaimName(t.Context(), "ada", "u_other", time.Now(), time.Now()) == nil
	})
}

func userOf(welcome map[string]any) chat.UserID {
	return chat.UserID(welcome["user"].(map[string]any)["id"].(string))
}

// TestRenameReachesOtherNodes has a user with sessions on two nodes, in different rooms.
func TestRenameReachesOtherNodes(t *testing.T) {
	one, two := openTwo(t, brokermemory.NewNet())
	here, there := visit(t, one), visit(t, two)
	w := here.in("here", `"name":"ada"`)
	there.in("there", `"token":%q`, w["token"])
	here.say(`{"type":"hello","name":"eve"}`)
	here.next("welcome")
	if p := there.next("presence"); p["change"] != "rename" || p["old"] != "ada" {
		t.Errorf("its room there is told %v", p)
	}
	if name := there.speaks("there"); name != "eve" {
		t.Errorf("it still speaks as %s", name)
	}
	if key := two.names.keyOfUser(userOf(w)); key != "eve" {
		t.Errorf("its node there renews the name %s", key)
	}
}

// TestRenameThatWasNotHeard has the news of the rename lost: the next session of the user brings it.
func TestRenameThatWasNotHeard(t *testing.T) {
	net := brokermemory.NewNet()
	net.Lose(func(*brokermemory.Node, chat.RoomID, []byte) bool { return true })
	one, two := openTwo(t, net)
	here, there := visit(t, one), visit(t, two)
	w := here.in("here", `"name":"ada"`)
	there.in("there", `"token":%q`, w["token"])
	here.say(`{"type":"hello","name":"eve"}`)
	here.next("welcome")
	if key := two.names.keyOfUser(userOf(w)); key != "ada" {
		t.Fatalf("what it wears there is not renewed, but %s", key)
	}
	visit(t, two).in("third", `"token":%q`, w["token"])
	if name := there.speaks("there"); name != "eve" {
		t.Errorf("two sessions of one user on one node, and one speaks as %s", name)
	}
}

func (n *names) keyOfUser(id chat.UserID) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.here[id].key
}

// slowLook answers the first look for a token's user when it is let, with what it read before.
type slowLook struct {
	accounts.Store
	once      sync.Once
	read, let chan struct{}
}

func (s *slowLook) UserByToken(ctx context.Context, hash chat.TokenHash) (accounts.Identity, error) {
	id, err := s.Store.UserByToken(ctx, hash)
	s.once.Do(func() {
		close(s.read)
		<-s.let
	})
	return id, err
}

func TestComeBackDuringRename(t *testing.T) {
	slow := &slowLook{read: make(chan struct{}), let: make(chan struct{})}
	h := open(t, func(all accounts.Store) accounts.Store {
		slow.Store = all
		return slow
	})
	one, two := visit(t, h), visit(t, h)
	w := one.in("r", `"name":"ada"`)
	two.say(`{"type":"hello","token":%q}`, w["token"])
	<-slow.read
	one.say(`{"type":"hello","name":"eve"}`)
	one.next("welcome")
	close(slow.let)
	if w := two.next("welcome"); w["user"].(map[string]any)["name"] != "eve" {
		t.Errorf("it is welcomed as %v", w["user"])
	}
	if key := h.names.keyOfUser(userOf(w)); key != "eve" {
		t.Errorf("the name that is renewed is %s", key)
	}
}

// holds is a store of identities that knows only who holds which name until when, and may be away.
type holds struct {
	accounts.Store
	mu    sync.Mutex
	until map[accounts.Hold]time.Time
	away  bool
}

func (h *holds) put(holds []accounts.Hold, until time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away {
		return history.ErrUnavailable
	}
	for _, hold := range holds {
		h.until[hold] = until
	}
	return nil
}

func (h *holds) ClaimName(_ context.Context, key string, user chat.UserID, _, until time.Time) error {
	return h.put([]accounts.Hold{{Key: key, User: user}}, until)
}

func (h *holds) RenewNames(_ context.Context, held []accounts.Hold, until time.Time) error {
	return h.put(held, until)
}

// TestNamesAreRenewed has names held while their users are here, over an outage of the history too, and not much longer than
// they should when the node dies.
func TestNamesAreRenewed(t *testing.T) {
	for _, test := range []struct {
		hold   time.Duration
		guest  bool
		outage time.Duration // that no name is lost in
		dead   time.Duration // after which it is free when the node died
	}{
		{hold: time.Hour, outage: time.Hour, dead: time.Hour + 10*time.Minute},
		{hold: 0, outage: 50 * time.Second, dead: 2 * time.Minute},
		{hold: time.Hour, guest: true, outage: 59 * time.Second, dead: guestHold},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := &holds{until: map[accounts.Hold]time.Time{}}
			n := newNames(store, test.hold, slog.New(slog.NewTextHandler(io.Discard, nil)))
			user := chat.User{ID: "u_ada", Name: "ada"}
			if _, err := n.claim(t.Context(), user, test.guest); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var work sync.WaitGroup
			work.Go(func() { n.run(ctx) })
			left := func() time.Duration {
				store.mu.Lock()
				defer store.mu.Unlock()
				return time.Until(store.until[accounts.Hold{Key: "ada", User: user.ID}])
			}
			watch := func(span time.Duration) {
				t.Helper()
				for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(time.Second) {
					if left() <= 0 {
						t.Fatalf("%+v: the hold has ended", test)
					}
				}
			}
			watch(3 * time.Hour)
			store.mu.Lock()
			store.away = true
			store.mu.Unlock()
			watch(test.outage)
			store.mu.Lock()
			store.away = false
			store.mu.Unlock()
			watch(2 * time.Second) // it is tried again at once, not when the next renewal is due
			if l := left(); l < test.outage || l < test.hold && !test.guest {
				t.Errorf("%+v: soon after the outage the hold lasts %v", test, l)
			}
			cancel()
			work.Wait()
			if l := left(); l > test.dead {
				t.Errorf("%+v: when the node dies the name is held %v", test, l)
			}
		})
	}
}

// TestNameOfOneWhoIsHere has the hold of one who is connected end while the history is away.
func TestNameOfOneWhoIsHere(t *testing.T) {
	store := &holds{until: map[accounts.Hold]time.Time{}} // it gives everybody everything
	n := newNames(store, time.Hour, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ada, eve := chat.User{ID: "u_ada", Name: "ada"}, chat.User{ID: "u_eve", Name: "Ada"}
	claim := func(u chat.User) chat.Code {
		if _, err := n.claim(t.Context(), u, true); err != nil {
			return chat.CodeOf(err)
		}
		return ""
	}
	if code := claim(ada); code != "" {
		t.Fatal(code)
	}
	if code := claim(eve); code != chat.CodeNameTaken {
		t.Errorf("another is given the name of one who is here: %q", code)
	}
	if err := n.change(t.Context(), chat.User{ID: "u_ada", Name: "countess"}, true); err != nil {
		t.Fatal(err)
	}
	if code := claim(eve); code != "" {
		t.Errorf("the name that ada had before: %q", code)
	}
	if code := claim(chat.User{ID: "u_bob", Name: "countess"}); code != chat.CodeNameTaken {
		t.Errorf("another is given the new name: %q", code)
	}
	n.release("u_ada", false)
	if code := claim(chat.User{ID: "u_bob", Name: "countess"}); code != "" {
		t.Errorf("the name of one who went: %q", code)
	}
}

// TestComeBackDuringRenameElsewhere has a user say hello on a node where it is not yet, while another node renames it.
func TestComeBackDuringRenameElsewhere(t *testing.T) {
	one, two := openTwo(t, brokermemory.NewNet())
	slow := &slowLook{Store: two.Users, read: make(chan struct{}), let: make(chan struct{})}
	two.Users = slow
	here, there := visit(t, one), visit(t, two)
	w := here.in("here", `"name":"ada"`)
	there.say(`{"type":"hello","token":%q}`, w["token"])
	<-slow.read
	here.say(`{"type":"hello","name":"eve"}`)
	here.next("welcome")
	eventually(t, "the news is there", func() bool {
		_, ok := two.names.renamedSince(userOf(w), time.Time{})
		return ok
	})
	close(slow.let)
	there.next("welcome")
	there.say(`{"type":"join","room":"there"}`)
	there.next("joined")
	if name := there.speaks("there"); name != "eve" || two.names.keyOfUser(userOf(w)) != "eve" {
		t.Errorf("there it speaks as %s", name)
	}
}

func TestClaimFails(t *testing.T) {
	store := &holds{until: map[accounts.Hold]time.Time{}, away: true}
	n := newNames(store, time.Hour, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if _, err := n.claim(t.Context(), chat.User{ID: "u_ada", Name: "ada"}, false); !errors.Is(err, history.ErrUnavailable) || n.has("u_ada") {
		t.Errorf("claimed of a history that is away: %v, noted %v", err, n.has("u_ada"))
	}
}
