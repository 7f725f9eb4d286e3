package hub

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

// said makes the entries from first to last.
func said(first, last uint64) (entries []entry) {
	for seq := first; seq <= last; seq++ {
		entries = append(entries, entryOf(seq, 10))
	}
	return entries
}

// entryOf makes an entry whose encoding has size bytes.
func entryOf(seq uint64, size int) entry {
	return entry{ev: chat.Event{Seq: seq, Kind: chat.KindMessage, User: user("ada")}, line: bytes.Repeat([]byte("x"), size)}
}

// passed collects what goes through a gate.
type passed []uint64

func (p *passed) pass(e entry) { *p = append(*p, e.ev.Seq) }

func (p *passed) expect(t *testing.T, what string, want ...uint64) {
	t.Helper()
	if !slices.Equal(*p, want) {
		t.Errorf("%s: %v went through, want %v", what, *p, want)
	}
	*p = nil
}

func TestGateOrder(t *testing.T) {
	var g gate
	var p passed
	g.start(nil, 0)
	g.offer(said(1, 3), p.pass)
	p.expect(t, "in order", 1, 2, 3)
	g.offer(said(2, 4), p.pass)
	p.expect(t, "seen in part", 4)
	g.offer(said(1, 4), p.pass)
	p.expect(t, "seen")
	g.offer(said(7, 8), p.pass)
	p.expect(t, "ahead")
	if !g.behind() || g.head() != 4 {
		t.Errorf("behind %t, head %d", g.behind(), g.head())
	}
	g.offer(said(5, 5), p.pass)
	p.expect(t, "a part of what is missing", 5)
	if !g.behind() {
		t.Error("6 is missing, and nobody reads it")
	}
	g.offer(said(6, 6), p.pass)
	p.expect(t, "the rest of what is missing", 6, 7, 8)
	if g.behind() || g.head() != 8 || len(g.ahead) != 0 || g.aheadBytes != 0 {
		t.Errorf("behind %t, head %d, %d ahead of %d bytes", g.behind(), g.head(), len(g.ahead), g.aheadBytes)
	}
	e := said(9, 11)
	slices.Reverse(e)
	g.offer(e, p.pass)
	p.expect(t, "backwards", 9, 10, 11)
	g.expect(5)
	if g.behind() {
		t.Error("behind a number that went through")
	}
	g.expect(12)
	if !g.behind() {
		t.Error("not behind what history is known to have")
	}
	if span, ok := g.recent.span(1, 11); !ok || len(span) != 11 {
		t.Errorf("the ring has %d", len(span))
	}
}

// What comes while the room is being loaded waits for the head to be known.
func TestGateStarts(t *testing.T) {
	for _, c := range []struct {
		name        string
		early       []entry
		newest      []entry
		head        uint64
		want        []uint64 // goes through at the start
		next, known uint64
	}{
		{"empty", nil, nil, 0, nil, 1, 0},
		{"empty, and all come early", said(1, 2), nil, 0, []uint64{1, 2}, 3, 2},
		{"a page up to the head", nil, said(5, 9), 9, nil, 10, 9},
		{"some came early that are in the page", said(8, 11), said(5, 9), 9, []uint64{10, 11}, 12, 11},
		{"one is missing", said(12, 12), said(5, 9), 9, nil, 10, 12},
		// A head that was read after the page counts events that the page does not have.
		{"a head beyond the page", nil, said(5, 9), 11, nil, 10, 11},
		{"a head beyond the page, and the rest came early", said(10, 11), said(5, 9), 11, []uint64{10, 11}, 12, 11},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g gate
			var p passed
			g.offer(c.early, p.pass)
			p.expect(t, "before the start")
			if g.behind() {
				t.Error("behind before the head is known")
			}
			g.start(c.newest, c.head)
			g.release(p.pass)
			p.expect(t, "at the start", c.want...)
			if g.next != c.next || g.known != c.known || g.behind() != (c.known >= c.next) {
				t.Errorf("next %d, known %d, behind %t", g.next, g.known, g.behind())
			}
			for seq := range g.ahead {
				if seq < g.next {
					t.Errorf("%d is kept for ever", seq)
				}
			}
			g.offer(said(1, 15), p.pass)
			if n := len(p); n == 0 || p[0] != c.next || p[n-1] != 15 || n != int(15-c.next+1) {
				t.Errorf("then %v went through", p)
			}
		})
	}
}

// What is kept ahead is bounded. What is beyond the bound is known to exist, and read when it is its turn.
func TestGateBounds(t *testing.T) {
	t.Run("events", func(t *testing.T) {
		var g gate
		var p passed
		g.start(nil, 0)
		g.offer(said(2, maxAhead+100), p.pass)
		if len(g.ahead) != maxAhead || g.known != maxAhead+100 {
			t.Errorf("%d are kept, known is %d", len(g.ahead), g.known)
		}
		g.offer(said(2, 5), p.pass) // again: counted once
		p.expect(t, "ahead")
		g.offer(said(1, 1), p.pass)
		if len(p) != maxAhead+1 || !g.behind() || g.head() != maxAhead+1 {
			t.Errorf("%d went through, head %d, behind %t", len(p), g.head(), g.behind())
		}
	})
	t.Run("bytes", func(t *testing.T) {
		const size = maxAheadBytes / 8
		var g gate
		var p passed
		g.start(nil, 0)
		for seq := uint64(2); seq < 100; seq++ {
			g.offer([]entry{entryOf(seq, size)}, p.pass)
		}
		if g.aheadBytes > maxAheadBytes+size || g.aheadBytes != len(g.ahead)*size || len(g.ahead) != 9 {
			t.Errorf("%d are kept, of %d bytes", len(g.ahead), g.aheadBytes)
		}
		g.offer([]entry{entryOf(1, 1)}, p.pass)
		if len(p) != 10 || g.aheadBytes != 0 || !g.behind() {
			t.Errorf("%d went through, %d bytes are kept, behind %t", len(p), g.aheadBytes, g.behind())
		}
	})
}

// Chunks in any order, some of them more than once, go through as 1 to n, each once and in order.
func TestGateAnyOrder(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := uint64(1 + r.IntN(maxAhead)) // what comes ahead fits
		head := uint64(r.IntN(int(n) + 1))
		var chunks [][]entry
		for first := head + 1; first <= n; {
			last := min(n, first+uint64(r.IntN(20)))
			chunks = append(chunks, said(first, last))
			if first > 1 && r.IntN(3) == 0 { // again, and another cut
				chunks = append(chunks, said(first-1, min(n, last+uint64(r.IntN(3)))))
			}
			first = last + 1
		}
		r.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
		opens := 0 // before which chunk the room is loaded
		if len(chunks) > 0 {
			opens = r.IntN(len(chunks))
		}
		var g gate
		var p passed
		for i := 0; i <= len(chunks); i++ {
			if i == opens {
				g.start(said(1, head), head)
				g.release(p.pass)
			}
			if i < len(chunks) {
				g.offer(chunks[i], p.pass)
			}
		}
		if len(p) != int(n-head) || !slices.IsSorted(p) || len(p) > 0 && (p[0] != head+1 || p[len(p)-1] != n) {
			t.Fatalf("seed %d: %d to %d were said, %v went through", seed, head+1, n, p)
		}
		if g.behind() || len(g.ahead) != 0 || g.aheadBytes != 0 {
			t.Fatalf("seed %d: behind %t, %d ahead of %d bytes", seed, g.behind(), len(g.ahead), g.aheadBytes)
		}
	}
}

func TestRing(t *testing.T) {
	var g ring
	if _, ok := g.span(1, 1); ok {
		t.Error("an empty ring has an event")
	}
	if span, ok := g.span(5, 4); !ok || span != nil {
		t.Error("nothing is not in an empty ring")
	}
	const n = ringEvents + 50
	for _, e := range said(1, n) {
		g.push(e)
	}
	for _, c := range []struct {
		first, last uint64
		ok          bool
	}{
		{n - ringEvents + 1, n, true}, {n - ringEvents, n, false}, {n, n, true}, {n, n + 1, false}, {n + 1, n + 1, false}, {60, 70, true},
		{1, 1, false},
	} {
		span, ok := g.span(c.first, c.last)
		if ok != c.ok {
			t.Errorf("%d to %d: %t", c.first, c.last, ok)
		}
		if ok && (uint64(len(span)) != c.last-c.first+1 || span[0].ev.Seq != c.first) {
			t.Errorf("%d to %d: %d from %d", c.first, c.last, len(span), span[0].ev.Seq)
		}
	}
	if g.bytes != 10*ringEvents {
		t.Errorf("%d bytes of %d events", g.bytes, len(g.entries))
	}
}

func TestRingIsBoundedInBytes(t *testing.T) {
	var g ring
	for seq := uint64(1); seq <= 10; seq++ {
		g.push(entryOf(seq, ringBytes/4))
	}
	if len(g.entries) != 4 || g.bytes != ringBytes {
		t.Errorf("%d events of %d bytes", len(g.entries), g.bytes)
	}
	g.push(entryOf(11, 2*ringBytes)) // the last one stays, of whatever size
	if len(g.entries) != 1 || g.bytes != 2*ringBytes || g.entries[0].ev.Seq != 11 {
		t.Errorf("%d events of %d bytes", len(g.entries), g.bytes)
	}
	g.push(entryOf(12, 1))
	if len(g.entries) != 1 || g.bytes != 1 {
		t.Errorf("%d events of %d bytes", len(g.entries), g.bytes)
	}
}

func TestRingTrim(t *testing.T) {
	var g ring
	for _, e := range said(1, 100) {
		g.push(e)
	}
	all := g.memory()
	each := all / 100
	if freed := g.trim(all); freed != 0 || len(g.entries) != 100 {
		t.Errorf("freed %d where there is room", freed)
	}
	if freed := g.trim(30 * each); freed != 70*each || len(g.entries) != 30 || g.memory() != 30*each {
		t.Errorf("freed %d of %d, %d events are left", freed, all, len(g.entries))
	}
	if span, ok := g.span(71, 100); !ok || len(span) != 30 {
		t.Error("the newest are gone")
	}
	g.push(entryOf(101, 10))
	if _, ok := g.span(71, 101); !ok {
		t.Error("nothing comes after a trim")
	}
	if g.trim(0); len(g.entries) != 0 || g.bytes != 0 || g.memory() != 0 {
		t.Errorf("%d events of %d bytes are left of nothing", len(g.entries), g.bytes)
	}
}

// A page is answered from memory if that has all of it, and else not.
func TestGatePage(t *testing.T) {
	var g gate
	if _, ok := g.page(history.Query{Limit: 1}, true); ok {
		t.Error("answered before the head is known")
	}
	g.start(said(41, 100), 100)
	for _, c := range []struct {
		q           history.Query
		ok          bool
		first, last uint64
		more        bool
	}{
		{history.Query{Limit: 5}, true, 96, 100, true},
		{history.Query{Limit: 60}, true, 41, 100, true},
		{history.Query{Limit: 61}, false, 0, 0, false},
		{history.Query{Before: 51, Limit: 10}, true, 41, 50, true},
		{history.Query{Before: 50, Limit: 10}, false, 0, 0, false},
		{history.Query{After: 40, IsAfter: true, Limit: 10}, true, 41, 50, true},
		{history.Query{After: 90, IsAfter: true, Limit: 10}, true, 91, 100, false},
		{history.Query{After: 39, IsAfter: true, Limit: 10}, false, 0, 0, false},
		{history.Query{Around: 60, Limit: 10}, false, 0, 0, false}, // always from history
	} {
		p, ok := g.page(c.q, true)
		if ok != c.ok {
			t.Errorf("%+v: answered %t", c.q, ok)
		}
		if ok && (p.entries[0].ev.Seq != c.first || p.Last() != c.last || p.More != c.more || p.Head != 100) {
			t.Errorf("%+v: %d to %d of %d, more %t", c.q, p.entries[0].ev.Seq, p.Last(), p.Head, p.More)
		}
	}
	for _, alone := range []bool{true, false} { // another node may have stored more
		if _, ok := g.page(history.Query{After: 100, IsAfter: true, Limit: 1}, alone); ok != alone {
			t.Errorf("alone %t: answered %t behind the head", alone, ok)
		}
	}
}
