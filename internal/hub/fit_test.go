package hub

import (
	"slices"
	"strings"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

// TestFit cuts pages of history that are too much, at the end that is farther from what was asked for.
func TestFit(t *testing.T) {
	n := &node{format: &Format{Event: func(e *chat.Event) []byte { return []byte(e.Text) }}}
	// all are events 11, 12, …, whose encodings are so many tenths of what a page holds.
	events := func(tenths ...int) (all []chat.Event) {
		for i, size := range tenths {
			all = append(all, chat.Event{Seq: uint64(11 + i), Text: strings.Repeat("x", size*maxPageBytes/10)})
		}
		return all
	}
	after, before, around := history.Query{After: 10, IsAfter: true}, history.Query{Before: 99}, func(seq uint64) history.Query { return history.Query{Around: seq} }
	for _, c := range []struct {
		name        string
		q           history.Query
		sizes       []int
		first, last uint64 // 0: nothing
		more        bool
	}{
		{"after, all fit", after, []int{3, 3, 3}, 11, 13, false},
		{"after, the last are too much", after, []int{3, 3, 3, 3}, 11, 13, true},
		{"after, exactly a page", after, []int{5, 5, 1}, 11, 12, true},
		{"after, one too large", after, []int{11, 1}, 11, 11, true},
		{"after, nothing", after, nil, 0, 0, false},
		{"before, all fit", before, []int{3, 3, 3}, 11, 13, false},
		{"before, the first are too much", before, []int{3, 3, 3, 3}, 12, 14, true},
		{"before, one too large", before, []int{1, 11}, 12, 12, true},
		{"before, nothing", before, nil, 0, 0, false},
		{"around, all fit", around(12), []int{2, 2, 2}, 11, 13, false},
		{"around, the first are too much", around(13), []int{5, 3, 2, 2}, 12, 14, true},
		{"around, the last are too much", around(12), []int{1, 3, 3, 3}, 11, 12, false},
		{"around, one too large", around(12), []int{1, 11, 1}, 12, 12, true},
		{"around, it is behind the last", around(99), []int{3, 3, 3, 3}, 12, 14, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, beyond := range []bool{false, true} { // history has more than it gave
				p := n.fit(history.Page{Head: 50, More: beyond, Events: events(c.sizes...)}, c.q)
				var first uint64
				if len(p.entries) > 0 {
					first = p.entries[0].ev.Seq
				}
				if p.Head != 50 || first != c.first || p.Last() != c.last || p.More != (c.more || beyond) {
					t.Errorf("%d to %d, more %t; want %d to %d, more %t", first, p.Last(), p.More, c.first, c.last, c.more || beyond)
				}
				if !slices.EqualFunc(p.Events(), p.Lines(), func(ev chat.Event, line []byte) bool { return ev.Text == string(line) }) {
					t.Error("an event has the encoding of another")
				}
				if len(p.entries) > 1 && sizeOf(p.entries) > maxPageBytes {
					t.Errorf("%d bytes", sizeOf(p.entries))
				}
			}
		})
	}
}
