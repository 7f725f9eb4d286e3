package hub

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	brokermem "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDeliversInOrderToWhoeverComesWhenever(t *testing.T) {
	h := newWorld(t).alone(t)
	const senders, each = 4, 100
	var wg sync.WaitGroup
	for i := range senders {
		m, _ := join(t, h, fmt.Sprint("sender", i), From{})
		wg.Go(func() { say(t, m, fmt.Sprint("sender", i), each) })
	}
	screens := make([]*screen, 20)
	for i := range screens { // they come while it is being talked
		_, screens[i] = join(t, h, fmt.Sprint("listener", i), From{Resume: true})
	}
	wg.Wait()
	for _, s := range screens {
		eventually(t, "all seen", func() bool { return s.last() == senders*each })
		if s.count("joined") != 1 {
			t.Fatal("not one answer")
		}
		s.dense(t, firstOf(s), senders*each)
	}
}

func firstOf(s *screen) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[0]
}

func TestSendAgainStoresNothing(t *testing.T) {
	h := newWorld(t).alone(t)
	m, s := join(t, h, "ada", From{})
	seqs := make(chan uint64, 2)
	for range 2 {
		m.Send(chat.Event{Kind: chat.KindMessage, User: user("ada"), CID: "same", Text: "x"}, func(e *chat.Event, err error) {
			if err != nil {
				t.Error(err)
			}
			seqs <- e.Seq
		})
	}
	if a, b := <-seqs, <-seqs; a != 1 || b != 1 {
		t.Errorf("acknowledged as %d and %d", a, b)
	}
	say(t, m, "ada", 1)
	eventually(t, "the next is 2", func() bool { return s.last() == 2 })
	s.dense(t, 1, 2)
}

func TestSlowMemberLagsAlone(t *testing.T) {
	h := newWorld(t).alone(t)
	slow, slowScreen := join(t, h, "slow", From{})
	quick, quickScreen := join(t, h, "quick", From{})
	say(t, quick, "quick", 3)
	eventually(t, "slow saw 3", func() bool { return slowScreen.last() == 3 })
	slowScreen.setFull(true)
	say(t, quick, "quick", 400)
	eventually(t, "quick saw all", func() bool { return quickScreen.last() == 403 })
	eventually(t, "slow was told", func() bool { return slowScreen.count("lag") == 1 })
	slowScreen.setFull(false)
	say(t, quick, "quick", 1)
	if slowScreen.last() != 3 {
		t.Fatal("one who lags got more without asking")
	}
	for since := slowScreen.last(); since < 404; since = slowScreen.last() { // pulls at its own pace
		page, err := slow.Page(t.Context(), history.Query{After: since, IsAfter: true, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		slowScreen.put(string(protocol.AppendHistory(nil, "", "r", page.Head, page.Lines(), page.More)))
	}
	if err := slow.Resume(t.Context(), From{Resume: true, Since: slowScreen.last()}, slowScreen.answer); err != nil {
		t.Fatal(err)
	}
	say(t, quick, "quick", 1)
	eventually(t, "slow is back", func() bool { return slowScreen.last() == 405 })
	eventually(t, "quick saw all", func() bool { return quickScreen.last() == 405 })
	slowScreen.dense(t, 1, 405)
	quickScreen.dense(t, 1, 405)
}

func TestResumeBeyondThePageGivesTheNewest(t *testing.T) {
	h := newWorld(t).alone(t)
	m, _ := join(t, h, "ada", From{})
	say(t, m, "ada", 600) // more than the ring holds
	for _, c := range []struct {
		from        From
		first, last uint64
		more        bool
	}{
		{From{Resume: true, Since: 590}, 591, 600, false},
		{From{Resume: true, Since: 400}, 401, 600, false},
		{From{Resume: true, Since: 100}, 401, 600, true},
		{From{Last: 7}, 594, 600, true},
		{From{Last: 200}, 401, 600, true},
	} {
		s := &screen{}
		b := joinWith(t, h, s, Join{Session: "s_bob", User: user("bob"), From: c.from})
		s.dense(t, c.first, c.last)
		if got := strings.Contains(s.lines[0], `"more":true`); got != c.more {
			t.Errorf("%+v: more is %t", c.from, got)
		}
		b.Leave(true)
	}
}

func TestNodesRepairWhatTheBrokerLost(t *testing.T) {
	w := newWorld(t)
	h1, h2 := w.node(t, "n1"), w.node(t, "n2")
	n := 0
	var mu sync.Mutex
	w.net.Lose(func(_ *brokermem.Node, _ chat.RoomID, msg []byte) bool { // every other message, the last among them
		mu.Lock()
		defer mu.Unlock()
		n++
		return n%2 == 0 || n > 20
	})
	a, sa := join(t, h1, "ada", From{})
	b, sb := join(t, h2, "bob", From{})
	var wg sync.WaitGroup
	wg.Go(func() { say(t, a, "ada", 150) })
	wg.Go(func() { say(t, b, "bob", 150) })
	wg.Wait()
	for _, s := range []*screen{sa, sb} {
		eventually(t, "all seen", func() bool { return s.last() == 300 })
		s.dense(t, 1, 300)
	}
}

func TestPresenceEdges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newWorld(t).alone(t)
		_, watch := join(t, h, "watch", From{})
		one, _ := join(t, h, "ada", From{})
		eventually(t, "ada joined", func() bool { return watch.count("presence join") == 1 })
		s := &screen{}
		two := joinWith(t, h, s, Join{Session: "s_two", User: user("ada")})
		one.Leave(true)
		if !strings.Contains(s.lines[0], `"count":2`) {
			t.Errorf("joined: %s", s.lines[0])
		}
		two.Leave(false) // lost: comes back within the grace
		three := joinWith(t, h, s, Join{Session: "s_three", User: user("ada"), Back: true})
		time.Sleep(3 * grace) // by the bubble's clock
		synctest.Wait()       // nothing must come
		if n := watch.count("presence leave") + watch.count("presence back"); n != 0 {
			t.Errorf("%d announcements of one who was back in time: %v", n, watch.kinds)
		}
		three.Leave(false)
		eventually(t, "ada left", func() bool { return watch.count("presence leave") == 1 })
		joinWith(t, h, s, Join{Session: "s_four", User: user("ada"), Back: true})
		eventually(t, "ada is back", func() bool { return watch.count("presence back") == 1 })
		if watch.count("presence join") != 1 {
			t.Error("announced as new")
		}
	})
}

func TestPresenceAcrossNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h1, h2 := w.node(t, "n1"), w.node(t, "n2")
		ada, s1 := join(t, h1, "ada", From{})
		eventually(t, "presence knows ada", func() bool { return ada.Who(t.Context(), "", 10).Count == 1 && len(peopled(t, w)) == 1 })
		bob, s2 := join(t, h2, "bob", From{})
		eventually(t, "n1 sees bob", func() bool { return s1.count("presence join") == 1 })
		if !strings.Contains(s2.lines[0], `"count":2`) {
			t.Errorf("bob's list lacks ada: %s", s2.lines[0])
		}
		w.net.Lose(func(*brokermem.Node, chat.RoomID, []byte) bool { return true })
		bob.Leave(true)
		eventually(t, "n1 sees bob go, by comparing", func() bool { return s1.count("presence leave") == 1 })
	})
}

func peopled(t *testing.T, w *world) map[chat.RoomID]int {
	t.Helper()
	counts, err := w.presence.Node("watch").Rooms(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func TestCrowdIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newWorld(t).alone(t)
		_, watch := join(t, h, "watch", From{})
		var members []*Member
		for i := range 150 {
			m, _ := join(t, h, fmt.Sprint("u", i), From{})
			members = append(members, m)
		}
		eventually(t, "the count is told", func() bool { return watch.count("presence count") > 0 })
		if n := watch.count("presence join"); n >= chat.CrowdSize {
			t.Errorf("%d joins told in a crowd", n)
		}
		_, late := join(t, h, "late", From{})
		if strings.Contains(late.lines[0], "members") || !strings.Contains(late.lines[0], `"count":152`) {
			t.Errorf("joined a crowd: %.200s", late.lines[0])
		}
		for _, m := range members[:100] {
			m.Leave(true)
		}
		eventually(t, "the list is back", func() bool {
			watch.mu.Lock()
			defer watch.mu.Unlock()
			return strings.Contains(watch.lines[len(watch.lines)-1], `"members":[`)
		})
	})
}

// TestCrowdOverNodesBegins has the one who makes the crowd come by a join, when who has no session on the node is forgotten.
func TestCrowdOverNodesBegins(t *testing.T) {
	w := newWorld(t)
	h1, h2 := w.node(t, "n1"), w.node(t, "n2")
	_, watch := join(t, h1, "watch", From{})
	for i := range chat.CrowdSize - 1 {
		join(t, h2, fmt.Sprint("u", i), From{})
	}
	eventually(t, "n1 knows all", func() bool { return watch.count("presence join") == chat.CrowdSize-1 })
	last, _ := join(t, h1, "last", From{})
	eventually(t, "all are counted", func() bool { return last.Who(t.Context(), "", 10).Count == chat.CrowdSize+1 })
}

// broken is a history that stops answering.
type broken struct {
	history.Store
	mu  sync.Mutex
	bad bool
}

func (b *broken) set(bad bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bad = bad
}

func (b *broken) err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bad {
		return fmt.Errorf("test: %w", history.ErrUnavailable)
	}
	return nil
}

func (b *broken) Append(ctx context.Context, id chat.RoomID, evs []chat.Event) ([]chat.Event, error) {
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.Store.Append(ctx, id, evs)
}

func (b *broken) Read(ctx context.Context, id chat.RoomID, q history.Query) (history.Page, error) {
	if err := b.err(); err != nil {
		return history.Page{}, err
	}
	return b.Store.Read(ctx, id, q)
}

func TestHistoryGone(t *testing.T) {
	w := newWorld(t)
	b := &broken{Store: w.history}
	w.history = b
	h := w.alone(t)
	m, s := join(t, h, "ada", From{})
	say(t, m, "ada", 10)
	b.set(true)
	refused := make(chan error, 1)
	ev := chat.Event{Kind: chat.KindMessage, User: user("ada"), CID: "kept", Text: "x"}
	m.Send(ev, func(_ *chat.Event, err error) { refused <- err })
	if err := <-refused; chat.CodeOf(err) != chat.CodeUnavailable {
		t.Fatalf("refused with %v", err)
	}
	if _, late := join(t, h, "bob", From{Last: 5}); late.last() != 10 {
		t.Error("what is in memory cannot be read")
	}
	b.set(false)
	m.Send(ev, func(e *chat.Event, err error) { refused <- err })
	if err := <-refused; err != nil {
		t.Fatal(err)
	}
	eventually(t, "delivered", func() bool { return s.last() == 11 })
	s.dense(t, 1, 11)
}
