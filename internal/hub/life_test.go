package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/broker"
	brokermem "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/history"
)

// stuck is a broker that takes nothing until it is let go.
type stuck struct {
	broker.Broker
	let chan struct{}
}

func (s *stuck) Publish(ctx context.Context, id chat.RoomID, msg []byte) error {
	select {
	case <-s.let:
	case <-ctx.Done():
	}
	return s.Broker.Publish(ctx, id, msg)
}

// stick gives a node a broker that is stuck, and lets it go.
func stick(c *setup) (letGo func()) {
	b, open := &stuck{let: make(chan struct{})}, c.broker
	c.broker = func(handler broker.Handler) (_ broker.Broker, err error) {
		b.Broker, err = open(handler)
		return b, err
	}
	return func() { close(b.let) }
}

func TestEmptyRoomIsForgotten(t *testing.T) {
	w := newWorld(t)
	h1, h2 := w.node(t, "n1"), w.node(t, "n2")
	ada, _ := join(t, h1, "ada", From{})
	_, watch := join(t, h2, "bob", From{})            // who is in the room elsewhere does not keep it here
	eventually(t, "ada is known there", func() bool { // she may have come before it listened
		r := h2.rooms.known("r")
		defer r.release()
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.roster.ListLocked().Count == 2
	})
	ada.Leave(true)
	eventually(t, "ada went", func() bool { return watch.count("presence leave") == 1 })
	left := time.Now()
	for _, r := range h1.rooms.all() { // as the hub's loops do every second
		r.release()
	}
	eventually(t, "forgotten", func() bool {
		h1.rooms.forget(left)
		h2.rooms.forget(left)
		return h1.Stats().Rooms.Load() == 0
	})
	if h2.Stats().Rooms.Load() != 1 {
		t.Error("a room with a member was forgotten")
	}
}

func TestOneWhoLeftStaysOut(t *testing.T) {
	h := newWorld(t).alone(t)
	m, s := join(t, h, "ada", From{})
	m.Leave(true)
	if err := m.Resume(t.Context(), From{Resume: true}, s.answer); !errors.Is(err, ErrLeft) { // as a catching up that comes too late
		t.Errorf("resumed with %v", err)
	}
	if n := h.Stats().Members.Load(); n != 0 || s.count("joined") != 1 || !m.Left() {
		t.Errorf("%d members, %d answers", n, s.count("joined"))
	}
}

func TestChatterDoesNotDropEvents(t *testing.T) {
	var letGo func()
	w := newWorld(t)
	never := func(c *setup) { c.CompareEvery = time.Hour }
	_, other := join(t, w.with(t, "n2", true, never), "bob", From{})
	h := w.with(t, "n1", true, func(c *setup) { letGo = stick(c) })
	m, _ := join(t, h, "ada", From{})
	m.Typing(user("ada")) // waits in the broker
	say(t, m, "ada", 1)
	for range 600 {
		m.Typing(user("ada"))
	}
	letGo()
	if err := m.room.peers.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	eventually(t, "the event comes", func() bool { return other.last() == 1 })
}

// silent is a history that takes what it is given and does not answer.
type silent struct{ history.Store }

func (silent) Append(ctx context.Context, _ chat.RoomID, _ []chat.Event) ([]chat.Event, error) {
	<-ctx.Done()
	return nil, history.ErrUnavailable
}

func TestCloseDoesNotWaitForStores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.history = silent{w.history}
		h := w.alone(t)
		m, _ := join(t, h, "ada", From{})
		const batches = 5 // at storeTimeout each
		refused := make(chan error, batches*maxBatch)
		for range cap(refused) {
			m.Send(chat.Event{Kind: chat.KindMessage, User: user("ada"), CID: chat.NewCID(), Text: "x"}, func(_ *chat.Event, err error) { refused <- err })
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := h.Stop(ctx); err == nil {
			t.Error("stopped with sends waiting")
		}
		done := make(chan struct{})
		go func() {
			h.close()
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(batches * storeTimeout / 2):
			t.Fatal("close waits for the store")
		}
		for range cap(refused) {
			if err := <-refused; chat.CodeOf(err) != chat.CodeUnavailable {
				t.Fatalf("refused with %v", err)
			}
		}
	})
}

// early is a history whose first read after a number has begun, and read, before an event was stored, and ends later.
type early struct {
	history.Store
	first chan struct{} // has the token of the first read
	begun chan struct{}
	let   chan struct{}
}

func (e *early) Read(ctx context.Context, id chat.RoomID, q history.Query) (history.Page, error) {
	page, err := e.Store.Read(ctx, id, q)
	if q.IsAfter {
		select {
		case <-e.first:
			close(e.begun)
			<-e.let
		default:
		}
	}
	return page, err
}

func TestResumeDoesNotTrustAnEarlierRead(t *testing.T) {
	w := newWorld(t)
	e := &early{Store: w.history, first: make(chan struct{}, 1), begun: make(chan struct{}), let: make(chan struct{})}
	e.first <- struct{}{}
	h1 := w.node(t, "n1")
	w.history = e
	h2 := w.node(t, "n2")
	w.net.Lose(func(*brokermem.Node, chat.RoomID, []byte) bool { return true })
	ada, _ := join(t, h1, "ada", From{})
	bob, _ := join(t, h2, "bob", From{})
	read := make(chan error, 1)
	go func() {
		_, err := bob.room.readAfter(t.Context(), 0)
		read <- err
	}()
	<-e.begun
	say(t, ada, "ada", 1)
	time.AfterFunc(50*time.Millisecond, func() { close(e.let) })
	_, s := join(t, h2, "ada", From{Resume: true, Since: 1}) // saw it on the other node
	if !strings.Contains(s.lines[0], `"head":1,`) {
		t.Errorf("joined as if the event were not there: %.200s", s.lines[0])
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
}

func TestOneWhoWasRenamedLeavesByThatName(t *testing.T) {
	h := newWorld(t).alone(t)
	_, watch := join(t, h, "watch", From{})
	one, _ := join(t, h, "ada", From{})
	two := joinWith(t, h, &screen{}, Join{Session: "s_two", User: user("ada")})
	eve := user("ada")
	eve.Name = "eve"
	h.rosters.UserChanged(eve, true)
	one.Leave(true)
	two.Leave(true)
	two.Renamed(user("ada")) // comes too late: the user must not come back by that
	eventually(t, "she left", func() bool { return watch.count("presence leave") == 1 })
	if last := watch.lines[len(watch.lines)-1]; !strings.Contains(last, `"name":"eve"`) || watch.count("presence rename") != 1 {
		t.Errorf("left as %s", last)
	}
	eventually(t, "presence has nobody", func() bool { return watch.count("presence leave") == 1 && one.Who(t.Context(), "", 9).Count == 1 })
}

func TestOneWhoComesBackWithAnotherName(t *testing.T) {
	h := newWorld(t).alone(t)
	_, watch := join(t, h, "watch", From{})
	join(t, h, "ada", From{})
	eve := user("ada")
	eve.Name = "eve"
	joinWith(t, h, &screen{}, Join{Session: "s_two", User: eve, Back: true})
	eventually(t, "the name was told", func() bool { return watch.count("presence rename") == 1 })
}

// What was acknowledged just before a node stops is told to the others by the broker, also in a busy room.
func TestLastIsToldAtStop(t *testing.T) {
	w := newWorld(t)
	never := func(c *setup) { c.CompareEvery = time.Hour }
	h1, h2 := w.with(t, "n1", true, never), w.with(t, "n2", true, never)
	ada, _ := join(t, h1, "ada", From{})
	_, bob := join(t, h2, "bob", From{})
	for range 3 { // all but the first come within the pace
		say(t, ada, "ada", 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := h1.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	h1.close()
	if n := h1.peers.Stats().PubFailed.Load(); n != 0 {
		t.Errorf("%d messages to the others failed", n)
	}
	eventually(t, "bob has all", func() bool { return bob.last() == 3 })
}

// large refuses batches, and stores nothing after the second event until it is let.
type large struct {
	history.Store
	let    chan struct{}
	stored atomic.Int64
}

func (l *large) Append(ctx context.Context, id chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	if len(events) > 1 {
		return nil, history.ErrTooLarge
	}
	if l.stored.Add(1) > 2 {
		<-l.let
	}
	return l.Store.Append(ctx, id, events)
}

// Events of a batch that is too large go one by one, and the members do not wait for the last of them.
func TestTooLargeBatchIsShownAsItIsStored(t *testing.T) {
	w := newWorld(t)
	l := &large{Store: w.history, let: make(chan struct{})}
	let := sync.OnceFunc(func() { close(l.let) })
	defer let()
	w.history = l
	h := w.alone(t)
	ada, s := join(t, h, "ada", From{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Add(1)
		ada.Send(chat.Event{Kind: chat.KindMessage, User: user("ada"), CID: fmt.Sprint("c", i), Text: "x"},
			func(*chat.Event, error) { wg.Done() })
	}
	eventually(t, "the second is shown", func() bool { return s.last() >= 2 })
	let()
	wg.Wait()
	eventually(t, "all are shown", func() bool { return s.last() == 20 })
}
