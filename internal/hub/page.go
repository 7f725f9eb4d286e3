package hub

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"salon/internal/chat"
	"salon/internal/history"
)

// maxPageBytes bounds a page, in bytes of its encodings; one event is always in it. The ring never has more.
const maxPageBytes = ringBytes

// Page is a part of a room's log.
type Page struct {
	Head uint64 // the log's last number
	More bool   // see [history.Page]; also where what was asked for is more than a page holds

	entries []entry
}

// Lines returns the events in the hub's page format, oldest first.
func (p *Page) Lines() [][]byte {
	lines := make([][]byte, len(p.entries))
	for i := range p.entries {
		lines[i] = p.entries[i].line
	}
	return lines
}

// Events returns the events, oldest first.
func (p *Page) Events() []chat.Event {
	events := make([]chat.Event, len(p.entries))
	for i := range p.entries {
		events[i] = p.entries[i].ev
	}
	return events
}

// Last returns the number of the last event, 0 where there is none.
func (p *Page) Last() uint64 {
	if len(p.entries) == 0 {
		return 0
	}
	return p.entries[len(p.entries)-1].ev.Seq
}

// read reads a page from history. Callers that want the same page at once share one read. Errors: [history.ErrUnavailable].
func (n *node) read(ctx context.Context, id chat.RoomID, q history.Query) (history.Page, error) {
	key := fmt.Sprintf("%s\x00%d %d %d %t %d", id, q.Before, q.After, q.Around, q.IsAfter, q.Limit)
	ch := n.reads.DoChan(key, func() (any, error) {
		n.stats.PageReads.Add(1)
		ctx, cancel := context.WithTimeout(n.life, storeTimeout) // not the caller's: others wait for it too
		defer cancel()
		return n.history.Read(ctx, id, q)
	})
	select {
	case res := <-ch:
		if res.Err != nil {
			return history.Page{}, res.Err
		}
		return res.Val.(history.Page), nil
	case <-ctx.Done():
		return history.Page{}, fmt.Errorf("read %s: %w", id, history.ErrUnavailable)
	}
}

// page answers q from the recent events, if those hold all of it. Alone tells that no other node can have stored more.
func (g *gate) page(q history.Query, alone bool) (p Page, ok bool) {
	if !g.open || q.Around != 0 {
		return Page{}, false
	}
	p.Head = g.head()
	if q.IsAfter && q.After >= p.Head {
		return p, alone
	}
	first, last, more := q.Range(p.Head)
	span, ok := g.recent.span(first, last)
	p.entries, p.More = append([]entry(nil), span...), more
	return p, ok
}

// fit makes a page of what history gave for q. Where that is too much, the end farther from what was asked for is cut off.
func (n *node) fit(got history.Page, q history.Query) Page {
	p := Page{Head: got.Head}
	switch {
	case q.IsAfter:
		p.entries = n.oldest(got.Events, maxPageBytes)
		p.More = got.More || len(p.entries) < len(got.Events)
	case q.Around > 0:
		at, _ := slices.BinarySearchFunc(got.Events, q.Around, func(ev chat.Event, seq uint64) int { return cmp.Compare(ev.Seq, seq) })
		from := n.oldest(got.Events[at:], maxPageBytes/2)
		before := n.newest(got.Events[:at], maxPageBytes-sizeOf(from))
		if len(from) > 0 && sizeOf(before)+sizeOf(from) > maxPageBytes {
			before = nil
		}
		p.entries = append(before, from...)
		p.More = got.More || len(before) < at
	default:
		p.entries = n.newest(got.Events, maxPageBytes)
		p.More = got.More || len(p.entries) < len(got.Events)
	}
	return p
}

// oldest encodes the first of events, as many as most bytes hold, and at least one.
func (n *node) oldest(events []chat.Event, most int) []entry {
	entries := make([]entry, 0, len(events))
	for i := range events {
		e := entry{ev: events[i], line: n.format.Event(&events[i])}
		if most -= len(e.line); most < 0 && i > 0 {
			break
		}
		entries = append(entries, e)
	}
	return entries
}

// newest encodes the last of events, as many as most bytes hold, and at least one.
func (n *node) newest(events []chat.Event, most int) []entry {
	entries := make([]entry, len(events))
	for i := len(events) - 1; i >= 0; i-- {
		entries[i] = entry{ev: events[i], line: n.format.Event(&events[i])}
		if most -= len(entries[i].line); most < 0 && i < len(events)-1 {
			return entries[i+1:]
		}
	}
	return entries
}

// fitting returns the last of entries, as many as a page holds.
func fitting(entries []entry) []entry {
	most := maxPageBytes
	for i := len(entries) - 1; i >= 0; i-- {
		if most -= len(entries[i].line); most < 0 && i < len(entries)-1 {
			return entries[i+1:]
		}
	}
	return entries
}

func sizeOf(entries []entry) (n int) {
	for i := range entries {
		n += len(entries[i].line)
	}
	return n
}
