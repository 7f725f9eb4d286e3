package edge_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"salon/internal/accounts"
	brokermemory "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/history"
)

func TestNewNameIsThatOfAllSessions(t *testing.T) {
	h, elsewhere := openTwo(t, brokermemory.NewNet(), nil)
	one, two, watch := visit(t, h), visit(t, h), visit(t, h)
	one.say(`{"type":"hello","name":"ada"}`)
	w := one.next("welcome")
	two.say(`{"type":"hello","token":%q}`+"\n"+`{"type":"join","room":"r"}`, w["token"])
	two.next("joined")
	watch.say(`{"type":"hello","name":"bob"}` + "\n" + `{"type":"join","room":"r"}`)
	watch.next("joined")
	one.say(`{"type":"hello","name":"eve"}`) // which is not in the room itself
	one.next("welcome")
	if p := watch.next("presence"); p["change"] != "rename" || p["user"].(map[string]any)["name"] != "eve" {
		t.Errorf("the room was told %v", p)
	}

	visit(t, elsewhere).in("other", `"token":%q,"name":"eva"`, w["token"])
	if p := watch.next("presence"); p["change"] != "rename" || p["user"].(map[string]any)["name"] != "eva" {
		t.Errorf("the room was told %v", p)
	}
	if name := two.speaks("r"); name != "eva" {
		t.Errorf("said as %v", name)
	}
}

// slowRoom is a history that reads the room "slow" when it is let.
type slowRoom struct {
	history.Store
	asked, goOn chan struct{}
	fail        error // what the read gives then
}

func (s *slowRoom) Read(ctx context.Context, room chat.RoomID, q history.Query) (history.Page, error) {
	if room == "slow" {
		close(s.asked)
		<-s.goOn
		if s.fail != nil {
			return history.Page{}, s.fail
		}
	}
	return s.Store.Read(ctx, room, q)
}

func TestNewNameWhileJoining(t *testing.T) {
	s := &slowRoom{asked: make(chan struct{}), goOn: make(chan struct{})}
	h := open(t, func(w *world) { s.Store, w.History = w.History, s })
	one, two, watch := visit(t, h), visit(t, h), visit(t, h)
	one.say(`{"type":"hello","name":"ada"}`)
	two.say(`{"type":"hello","token":%q}`, one.next("welcome")["token"])
	two.next("welcome")
	two.say(`{"type":"join","room":"slow"}`)
	<-s.asked
	one.say(`{"type":"hello","name":"eve"}`)
	one.next("welcome")
	close(s.goOn)
	if p := two.next("presence"); p["change"] != "rename" || p["old"] != "ada" {
		t.Errorf("the room was told %v", p)
	}
	watch.say(`{"type":"hello","name":"bob"}` + "\n" + `{"type":"join","room":"slow"}`)
	for _, m := range watch.next("joined")["members"].([]any) {
		if m.(map[string]any)["name"] == "ada" {
			t.Error("one who joins later is shown the old name")
		}
	}
}

// A person of text mode has one session: what changes its name while it goes elsewhere is its own next command, which waits.
func TestTextModeFailsToGoElsewhere(t *testing.T) {
	s := &slowRoom{asked: make(chan struct{}), goOn: make(chan struct{}), fail: history.ErrUnavailable}
	h := open(t, func(w *world) { s.Store, w.History = w.History, s })
	watch, ada := visit(t, h), visitText(t, h)
	watch.in("lobby", `"name":"bob"`)
	ada.say("ada")
	watch.next("presence")
	ada.say("/join slow")
	<-s.asked
	ada.say("/nick eve")
	close(s.goOn)
	if p := watch.next("presence"); p["change"] != "rename" {
		t.Errorf("the room was told %v", p)
	}
	ada.say("still here")
	if e := watch.next("event"); e["text"] != "still here" || e["user"].(map[string]any)["name"] != "eve" {
		t.Errorf("the room was told %v", e)
	}
}

// TestFreshUserElsewhere has a new user lose its connection before it asked for anything, come back on another node, and only
// then the first node notice: the name stays taken.
func TestFreshUserElsewhere(t *testing.T) {
	one, two := openTwo(t, brokermemory.NewNet(), nil)
	first := visit(t, one)
	first.say(`{"type":"hello","name":"ada"}`)
	w := first.next("welcome")
	visit(t, two).in("lobby", `"token":%q`, w["token"])
	first.conn.Kill()
	eventually(t, "the first node noticed", func() bool { return one.Open() == 0 })
	other := visit(t, one)
	other.say(`{"type":"hello","name":"ada"}`)
	if e := other.next("error", "welcome"); e["code"] != "name_taken" {
		t.Errorf("another user is given the name of one who is here: %v", e["user"])
	}
}

// TestFreshUserGone is the same without coming back: the name is free at once.
func TestFreshUserGone(t *testing.T) {
	var store accounts.Store
	h := open(t, func(w *world) { store = w.Accounts })
	g := visit(t, h)
	g.say(`{"type":"hello","name":"ada"}`)
	g.next("welcome")
	g.conn.Kill()
	eventually(t, "the name is free", func() bool {
		return h.Open() == 0 && store.ClaimName(t.Context(), "ada", "u_other", time.Now(), time.Now()) == nil
	})
}

// TestRenameReachesOtherNodes has a user with sessions on two nodes, in different rooms.
func TestRenameReachesOtherNodes(t *testing.T) {
	one, two := openTwo(t, brokermemory.NewNet(), nil)
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
}

// TestRenameThatWasNotHeard has the message about the rename lost: the next session of the user brings it.
func TestRenameThatWasNotHeard(t *testing.T) {
	net := brokermemory.NewNet()
	net.Lose(func(*brokermemory.Node, chat.RoomID, []byte) bool { return true })
	one, two := openTwo(t, net, nil)
	here, there := visit(t, one), visit(t, two)
	w := here.in("here", `"name":"ada"`)
	there.in("there", `"token":%q`, w["token"])
	here.say(`{"type":"hello","name":"eve"}`)
	here.next("welcome")
	visit(t, two).in("third", `"token":%q`, w["token"])
	if name := there.speaks("there"); name != "eve" {
		t.Errorf("two sessions of one user on one node, and one speaks as %s", name)
	}
}

// slowLook answers the first look for a token's user when it is let, with what it read before.
type slowLook struct {
	accounts.Store
	once      sync.Once
	read, let chan struct{}
}

func newSlowLook() *slowLook { return &slowLook{read: make(chan struct{}), let: make(chan struct{})} }

func (s *slowLook) UserByToken(ctx context.Context, hash chat.TokenHash) (accounts.Identity, error) {
	id, err := s.Store.UserByToken(ctx, hash)
	s.once.Do(func() {
		close(s.read)
		<-s.let
	})
	return id, err
}

func TestComeBackDuringRename(t *testing.T) {
	slow := newSlowLook()
	h := open(t, func(w *world) { slow.Store, w.Accounts = w.Accounts, slow })
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
}
