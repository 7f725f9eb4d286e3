package hub

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

// heavy makes a room in which JSON makes each of n texts of 64 KiB six times as long.
func heavy(t *testing.T, n int) (*testNode, *Member) {
	t.Helper()
	h := newWorld(t).alone(t)
	m, _ := join(t, h, "ada", From{})
	for range n {
		sayText(t, m, strings.Repeat("\x01", 64<<10))
	}
	return h, m
}

func sayText(t *testing.T, m *Member, text string) {
	t.Helper()
	done := make(chan error, 1)
	m.Send(chat.Event{Kind: chat.KindMessage, User: user("ada"), CID: chat.NewCID(), Text: text}, func(_ *chat.Event, err error) { done <- err })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// pageOf reads a page, and sees that it is one that can be sent.
func pageOf(t *testing.T, m *Member, q history.Query) (first, last uint64, more bool) {
	t.Helper()
	p, err := m.Page(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	events := p.Events()
	if len(events) == 0 {
		t.Fatalf("%+v: nothing", q)
	}
	size := 0
	for i, line := range p.Lines() {
		size += len(line)
		if events[i].Seq != events[0].Seq+uint64(i) {
			t.Fatalf("%+v: a hole before %d", q, events[i].Seq)
		}
	}
	if size > maxPageBytes && len(events) > 1 {
		t.Errorf("%+v: %d events of %d bytes", q, len(events), size)
	}
	return events[0].Seq, events[len(events)-1].Seq, p.More
}

func TestPageIsBoundedInBytes(t *testing.T) {
	const n = 12
	_, m := heavy(t, n)
	for after := uint64(0); after < n; { // forwards
		first, last, more := pageOf(t, m, history.Query{After: after, IsAfter: true, Limit: chat.MaxPage})
		if first != after+1 || more != (last < n) {
			t.Fatalf("after %d: %d to %d, more %v", after, first, last, more)
		}
		after = last
	}
	for before := uint64(0); before != 1; { // backwards
		first, last, more := pageOf(t, m, history.Query{Before: before, Limit: chat.MaxPage})
		if before != 0 && last != before-1 || before == 0 && last != n || more != (first > 1) {
			t.Fatalf("before %d: %d to %d, more %v", before, first, last, more)
		}
		before = first
	}
	if first, last, more := pageOf(t, m, history.Query{Around: 6, Limit: chat.MaxPage}); first > 6 || last < 6 || !more {
		t.Errorf("around 6: %d to %d, more %v", first, last, more)
	}
	if first, last, _ := pageOf(t, m, history.Query{Around: n + 5, Limit: chat.MaxPage}); first > n || last != n {
		t.Errorf("around one that is not there: %d to %d", first, last)
	}
}

func TestPageHoldsOneEventOfAnySize(t *testing.T) {
	_, m := heavy(t, 0)
	for range 3 {
		sayText(t, m, strings.Repeat("\x01", maxPageBytes/5)) // six times as long in JSON: more than a page
	}
	for _, q := range []history.Query{
		{After: 0, IsAfter: true, Limit: 3}, {Before: 2, Limit: 3}, {Limit: 3}, {Around: 2, Limit: 3},
	} {
		if first, last, _ := pageOf(t, m, q); first != last {
			t.Errorf("%+v: %d to %d", q, first, last)
		}
	}
}

func TestJoinIsBoundedInBytes(t *testing.T) {
	const n = 12
	h, _ := heavy(t, n)
	for name, from := range map[string]From{"last": {Last: 50}, "since": {Resume: true, Since: 1}} {
		_, s := join(t, h, name, from)
		var joined struct {
			More   bool
			Head   uint64
			Events []struct{ Seq uint64 }
		}
		if err := json.Unmarshal([]byte(s.lines[0]), &joined); err != nil {
			t.Fatal(err)
		}
		if size := len(s.lines[0]); size > maxPageBytes+4096 || !joined.More || joined.Head != n {
			t.Errorf("%s: %d bytes, more %v, head %d", name, size, joined.More, joined.Head)
		}
		s.dense(t, joined.Events[0].Seq, n)
	}
}

// TestTextMemberReadsBeforeItResumes: what more than a page lies behind must not be skipped where nobody can be told of a gap.
func TestTextMemberReadsBeforeItResumes(t *testing.T) {
	h, ada := heavy(t, 0)
	s := &screen{}
	lagged := make(chan uint64, 1)
	s.onLag = func(last uint64) { lagged <- last }
	bob := joinWith(t, h, s, Join{Session: "s_bob", User: user("bob"), Format: lineFormat})
	s.lines = nil // the answer
	answer := func(j *Joined) {
		for _, ev := range j.Events() {
			s.put(string(lineFormat.Event(&ev)))
		}
	}
	said := chat.MaxPage + 20
	s.setFull(true)
	say(t, ada, "ada", said)
	since := <-lagged
	s.setFull(false)
	if err := bob.Resume(t.Context(), From{Resume: true, Since: since, NoGap: true}, answer); !errors.Is(err, ErrBehind) || len(s.lines) > 0 {
		t.Fatalf("resumed %d behind: %v, with %d lines", said-int(since), err, len(s.lines))
	}
	_, last, more := pageOf(t, bob, history.Query{After: since, IsAfter: true, Limit: chat.MaxPage})
	if !more {
		t.Fatalf("a page from %d to %d, and no more", since, last)
	}
	if err := bob.Resume(t.Context(), From{Resume: true, Since: last, NoGap: true}, answer); err != nil {
		t.Fatal(err)
	}
	if n := said - int(last); len(s.lines) != n {
		t.Errorf("%d lines of %d", len(s.lines), n)
	}
	for range 3 { // the same by bytes
		sayText(t, ada, strings.Repeat("\x01", 64<<10))
	}
	if err := bob.Resume(t.Context(), From{Resume: true, Since: last, NoGap: true}, answer); !errors.Is(err, ErrBehind) {
		t.Errorf("resumed more bytes behind than a page has: %v", err)
	}
}
