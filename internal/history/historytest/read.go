package historytest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

func (s *suite) testRead(t *testing.T) {
	s.leaf(t, "Pages", s.testPages)
	s.leaf(t, "EmptyRoom", s.testEmptyRoom)
	s.leaf(t, "Backwards", s.testBackwards)
}

// testPages asks for every kind of page at every edge and compares with what [history.Query.Range] says.
func (s *suite) testPages(t *testing.T) {
	ctx, store := s.start(t)
	const head = 230 // more than the largest page
	log := mustAppend(t, ctx, store, "lobby", messages(user(1), "m", head)...)
	mustAppend(t, ctx, store, "lobbx", messages(user(1), "left", 3)...) // neighbours must not show
	mustAppend(t, ctx, store, "lobbyy", messages(user(1), "right", 3)...)

	edges := []uint64{1, 2, 3, 50, 115, head - 1, head, head + 1, head + 2, head + 500, math.MaxInt64, math.MaxUint64}
	for _, limit := range []int{-1, 0, 1, 3, 50, 200, math.MaxInt} {
		queries := []history.Query{{Limit: limit}, {IsAfter: true, Limit: limit}}
		for _, n := range edges {
			queries = append(queries, history.Query{Before: n, Limit: limit}, history.Query{After: n, IsAfter: true, Limit: limit}, history.Query{Around: n, Limit: limit})
		}
		for _, q := range queries {
			p := mustRead(t, ctx, store, "lobby", q)
			first, last, more := q.Range(head)
			var want []chat.Event
			if first <= last {
				want = log[first-1 : last]
			}
			if p.Head != head || p.More != more {
				t.Fatalf("%+v: head %d more %v, want %d %v", q, p.Head, p.More, head, more)
			}
			checkSame(t, fmt.Sprintf("%+v", q), p.Events, want)
		}
	}
}

func (s *suite) testEmptyRoom(t *testing.T) {
	ctx, store := s.start(t)
	mustAppend(t, ctx, store, "lobby", messages(user(1), "m", 3)...)
	for _, q := range []history.Query{{Limit: 50}, {Before: 7, Limit: 50}, {IsAfter: true, Limit: 50}, {IsAfter: true, After: 7, Limit: 50}, {Around: 7, Limit: 50}} {
		p := mustRead(t, ctx, store, "nobody-was-here", q)
		if p.Head != 0 || p.More || len(p.Events) != 0 {
			t.Errorf("%+v of an empty room: %+v", q, p)
		}
	}
	rooms, err := store.Rooms(ctx, "", 10)
	if err != nil || len(rooms) != 1 {
		t.Errorf("a room that was only read is listed: %v, %v", rooms, err)
	}
}

// testBackwards scrolls up from the newest page to the start, as a client does.
func (s *suite) testBackwards(t *testing.T) {
	ctx, store := s.start(t)
	log := mustAppend(t, ctx, store, "lobby", messages(user(1), "m", 120)...)
	p := mustRead(t, ctx, store, "lobby", history.Query{Limit: 50})
	seen := p.Events
	for p.More {
		p = mustRead(t, ctx, store, "lobby", history.Query{Before: seen[0].Seq, Limit: 50})
		if len(p.Events) == 0 {
			t.Fatal("more was promised and nothing came")
		}
		seen = slices.Concat(p.Events, seen)
	}
	checkSame(t, "scrolled up", seen, log)
}
