// Package historytest is the suite that every engine of history passes.
//
// It owns nothing and locks nothing: each test opens a store of its own by the function given and closes it.
package historytest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

// Open gives an empty store. What it needs besides, it cleans up through t.
type Open func(t *testing.T) history.Store

// Option changes how the suite runs.
type Option func(*suite)

// WithReopen adds the tests of what lasts. reopen gives a new store on what s, which is closed already, had stored.
func WithReopen(reopen func(t *testing.T, s history.Store) history.Store) Option {
	return func(s *suite) { s.reopen = reopen }
}

// WithEvents sets how many events a test of many writers stores, about. The default is 1,000; a slow engine takes fewer.
func WithEvents(n int) Option { return func(s *suite) { s.events = n } }

// WithTimeout bounds one test. The default is a minute.
func WithTimeout(d time.Duration) Option { return func(s *suite) { s.timeout = d } }

// WithParallel runs tests side by side, each on its store. It saves time where stores wait for a disk.
func WithParallel() Option { return func(s *suite) { s.parallel = true } }

type suite struct {
	open    Open
	reopen  func(t *testing.T, s history.Store) history.Store // nil: not tested
	events  int
	timeout time.Duration

	parallel bool
}

// Run tests the engine that open opens.
func Run(t *testing.T, open Open, options ...Option) {
	s := &suite{open: open, events: 1000, timeout: time.Minute}
	for _, o := range options {
		o(s)
	}
	t.Run("Append", s.testAppend)
	t.Run("Duplicates", s.testDuplicates)
	t.Run("Concurrent", s.testConcurrent)
	t.Run("Read", s.testRead)
	t.Run("Rooms", s.testRooms)
	t.Run("Transfer", s.testTransfer)
	t.Run("Lifecycle", s.testLifecycle)
	if s.reopen != nil {
		s.leaf(t, "Lasting", s.testLasting)
	}
}

// leaf runs one test.
func (s *suite) leaf(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		if s.parallel {
			t.Parallel()
		}
		test(t)
	})
}

// start opens a store for one test and bounds the test in time.
func (s *suite) start(t *testing.T) (context.Context, history.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), s.timeout)
	t.Cleanup(cancel)
	store := s.open(t)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return ctx, store
}

// user makes someone for a test; the same n is the same user.
func user(n int) chat.User {
	id := chat.UserID(fmt.Sprintf("u_test%012d", n))
	return chat.User{ID: id, Name: fmt.Sprintf("Zoé %d", n), Color: chat.ColorOf(id)}
}

// message makes an event to append.
func message(u chat.User, cid, text string) chat.Event {
	return chat.Event{Kind: chat.KindMessage, User: u, CID: cid, Text: text}
}

// messages makes n events of u with cids "<prefix>-1" and so on.
func messages(u chat.User, prefix string, n int) []chat.Event {
	events := make([]chat.Event, n)
	for i := range events {
		cid := fmt.Sprintf("%s-%d", prefix, i+1)
		events[i] = message(u, cid, "said by "+cid)
	}
	return events
}

// mustAppend appends, and checks what must hold of every answer.
func mustAppend(t *testing.T, ctx context.Context, s history.Store, room chat.RoomID, events ...chat.Event) []chat.Event {
	t.Helper()
	got, err := s.Append(ctx, room, events)
	if err != nil {
		t.Fatalf("append %d to %s: %v", len(events), room, err)
	}
	if len(got) != len(events) {
		t.Fatalf("append %d to %s: %d came back", len(events), room, len(got))
	}
	for i, e := range got {
		if e.Room != room || e.Seq == 0 || e.User.ID != events[i].User.ID || e.CID != events[i].CID {
			t.Fatalf("append to %s: event %d was %+v and came back as %+v", room, i, events[i], e)
		}
		checkTime(t, e)
	}
	return got
}

// mustRead reads a page, and checks what must hold of every page.
func mustRead(t *testing.T, ctx context.Context, s history.Store, room chat.RoomID, q history.Query) history.Page {
	t.Helper()
	p, err := s.Read(ctx, room, q)
	if err != nil {
		t.Fatalf("read %s %+v: %v", room, q, err)
	}
	for i, e := range p.Events {
		if e.Room != room || e.Seq != p.Events[0].Seq+uint64(i) || e.Seq > p.Head {
			t.Fatalf("read %s %+v: event %d of a page from %d, head %d, is %+v", room, q, i, p.Events[0].Seq, p.Head, e)
		}
		if i > 0 && e.At.Before(p.Events[i-1].At) {
			t.Fatalf("read %s: the time of %d is before that of the one in front", room, e.Seq)
		}
		checkTime(t, e)
	}
	return p
}

// wholeLog reads a log from its start to its end, page by page.
func wholeLog(t *testing.T, ctx context.Context, s history.Store, room chat.RoomID) []chat.Event {
	t.Helper()
	var log []chat.Event
	for {
		p := mustRead(t, ctx, s, room, history.Query{IsAfter: true, After: uint64(len(log)), Limit: chat.MaxPage})
		if len(p.Events) > 0 && p.Events[0].Seq != uint64(len(log))+1 {
			t.Fatalf("%s after %d goes on with %d", room, len(log), p.Events[0].Seq)
		}
		log = append(log, p.Events...)
		if !p.More {
			if uint64(len(log)) != p.Head {
				t.Fatalf("%s ends at %d, its head is %d", room, len(log), p.Head)
			}
			return log
		}
		if len(p.Events) == 0 {
			t.Fatalf("%s after %d has more and gives none", room, len(log))
		}
	}
}

// checkTime holds a stored event's time to the contract. A minute is for two machines whose clocks differ.
func checkTime(t *testing.T, e chat.Event) {
	t.Helper()
	if e.At.Location() != time.UTC || e.At.Nanosecond()%int(time.Millisecond) != 0 || e.At.IsZero() {
		t.Fatalf("event %d of %s has the time %v: not UTC in whole milliseconds", e.Seq, e.Room, e.At)
	}
}

// same tells whether two events are one, times compared as instants.
func same(a, b chat.Event) bool {
	at := a.At.Equal(b.At)
	a.At, b.At = time.Time{}, time.Time{}
	return at && a == b
}

// checkSame fails when got is not want, event by event.
func checkSame(t *testing.T, what string, got, want []chat.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d events, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !same(got[i], want[i]) {
			t.Fatalf("%s: event %d is\n%+v, want\n%+v", what, i, got[i], want[i])
		}
	}
}

// seqs gives the numbers of events.
func seqs(events []chat.Event) []uint64 {
	out := make([]uint64, len(events))
	for i, e := range events {
		out[i] = e.Seq
	}
	return out
}
