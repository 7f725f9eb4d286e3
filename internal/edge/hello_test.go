package edge_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
)

// maxHellos is how many hellos may be refused.
const maxHellos = 10

// stalled is a store of identities that does not answer a claim before it is let go, and then with an error.
type stalled struct {
	accounts.Store
	on    atomic.Bool
	asked chan struct{}
	goOn  chan struct{}
}

func (s *stalled) ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error {
	if !s.on.Load() {
		return s.Store.ClaimName(ctx, key, user, now, until)
	}
	s.asked <- struct{}{}
	<-s.goOn
	return accounts.ErrUnavailable
}

func TestHelloWhileTheHistoryStalls(t *testing.T) {
	s := &stalled{asked: make(chan struct{}), goOn: make(chan struct{})}
	h := open(t, func(w *world) { s.Store, w.Accounts, w.hello = w.Accounts, s, time.Second })
	s.on.Store(true)
	ada, bob := visit(t, h), visitText(t, h)
	bob.line()
	ada.say(`{"type":"hello","name":"ada"}`)
	<-s.asked
	bob.say("Hello|bob")
	<-s.asked
	late := visit(t, h) // came after them, and says nothing: when its time is over, theirs would be
	if b := late.next("bye"); b["code"] != 4008.0 {
		t.Errorf("a silent one was told %v", b)
	}
	s.on.Store(false)
	close(s.goOn)
	if e := ada.next("error", "bye"); e["code"] != "unavailable" || e["temporary"] != true {
		t.Errorf("ada was told %v", e)
	}
	if got := bob.line(); !strings.HasSuffix(got, "ne répond pas : réessayez") {
		t.Errorf("bob was told %q", got)
	}
	ada.say(`{"type":"hello","name":"ada"}`)
	ada.next("welcome")
	bob.say("Hello|bob")
	bob.line()
}

func TestTimeAfterARefusedHello(t *testing.T) {
	h := open(t, func(w *world) { w.hello = 200 * time.Millisecond })
	g := visit(t, h)
	g.say(`{"type":"hello","name":" "}`)
	if e := g.next("error", "bye"); e["code"] != "invalid_name" {
		t.Fatalf("was told %v", e)
	}
	if b := g.next("bye"); b["code"] != 4008.0 {
		t.Errorf("said nothing more, and was told %v", b)
	}
}

// gone is a store of identities that does not answer.
type gone struct{ accounts.Store }

func (gone) ClaimName(context.Context, string, chat.UserID, time.Time, time.Time) error {
	return accounts.ErrUnavailable
}

func TestOnlyItsOwnFaultsCountAgainstOne(t *testing.T) {
	h := open(t, func(w *world) { w.Accounts = gone{w.Accounts} })
	g := visit(t, h)
	for range 2 * maxHellos {
		g.say(`{"type":"hello","name":"ada"}`)
		if e := g.next("error", "bye"); e["code"] != "unavailable" {
			t.Fatalf("was told %v", e)
		}
	}
	for range maxHellos {
		g.say(`{"type":"hello","name":" "}`)
		if e := g.next("error", "bye"); e["code"] != "invalid_name" {
			t.Fatalf("was told %v", e)
		}
	}
	if b := g.next("bye"); b["code"] != 4001.0 {
		t.Errorf("was told %v", b)
	}
}
