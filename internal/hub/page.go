package hub

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"salon/internal/chat"
	"salon/internal/history"
)

// read reads a page from the history; callers that want the same page at once share one read.
func (h *Hub) read(ctx context.Context, id chat.RoomID, q history.Query) (history.Page, error) {
	key := fmt.Sprintf("%s\x00%d %d %d %t %d", id, q.Before, q.After, q.Around, q.IsAfter, q.Limit)
	ch := h.reads.DoChan(key, func() (any, error) {
		h.stats.PageReads.Add(1)
		ctx, cancel := context.WithTimeout(h.life, storeTimeout) // not the caller's: others wait for it too
		defer cancel()
		return h.history.Read(ctx, id, q)
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

// maxPageBytes bounds a page, in bytes of its lines; one event is always in it. What the ring has is never more.
const maxPageBytes = ringBytes

// Page is a part of a room's log.
type Page struct {
	Head uint64 // the log's last number
	More bool   // see [history.Page]; also where what was asked for is more than a page holds

	entries []entry
}

// Lines gives the events as every JSON client gets them, oldest first.
func (p *Page) Lines() [][]byte { return linesOf(p.entries) }

// Events gives the events, oldest first.
func (p *Page) Events() []chat.Event {
	events := make([]chat.Event, len(p.entries))
	for i := range p.entries {
		events[i] = p.entries[i].ev
	}
	return events
}

// Page gives a page of the member's room, from memory where that has all of it. Errors: [history.ErrUnavailable].
func (m *Member) Page(ctx context.Context, q history.Query) (Page, error) {
	r := m.room
	if q.Limit <= 0 || q.Limit > chat.MaxPage {
		q.Limit = chat.MaxPage
	}
	if p, ok := r.recent(q); ok {
		return p, nil
	}
	got, err := r.hub.read(ctx, r.id, q)
	if err != nil {
		return Page{}, err
	}
	return encode(got, q), nil
}

// encode makes a page of what the history gave for q. Where that is too much, the end farther from what was asked is cut off.
func encode(got history.Page, q history.Query) Page {
	p := Page{Head: got.Head}
	switch {
	case q.IsAfter:
		p.entries = oldest(got.Events, maxPageBytes)
		p.More = got.More || len(p.entries) < len(got.Events)
	case q.Around > 0:
		at, _ := slices.BinarySearchFunc(got.Events, q.Around, func(ev chat.Event, seq uint64) int { return cmp.Compare(ev.Seq, seq) })
		from := oldest(got.Events[at:], maxPageBytes/2)
		before := newest(got.Events[:at], maxPageBytes-sizeOf(from))
		if len(from) > 0 && sizeOf(before)+sizeOf(from) > maxPageBytes {
			before = nil
		}
		p.entries = append(before, from...)
		p.More = got.More || len(before) < at
	default:
		p.entries = newest(got.Events, maxPageBytes)
		p.More = got.More || len(p.entries) < len(got.Events)
	}
	return p
}

// oldest encodes the first of events, as many as most bytes hold, and at least one.
func oldest(events []chat.Event, most int) []entry {
	entries := make([]entry, 0, len(events))
	for i := range events {
		e := newEntry(events[i])
		if most -= len(e.line); most < 0 && i > 0 {
			break
		}
		entries = append(entries, e)
	}
	return entries
}

// newest encodes the last of events, as many as most bytes hold, and at least one.
func newest(events []chat.Event, most int) []entry {
	entries := make([]entry, len(events))
	for i := len(events) - 1; i >= 0; i-- {
		entries[i] = newEntry(events[i])
		if most -= len(entries[i].line); most < 0 && i < len(events)-1 {
			return entries[i+1:]
		}
	}
	return entries
}

// fitting gives the last of entries, as many as a page holds.
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

// recent answers q from the ring if that holds all of it.
func (r *room) recent(q history.Query) (p Page, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded || q.Around != 0 {
		return Page{}, false
	}
	p.Head = r.next - 1
	limit := uint64(q.Limit)
	first, last := uint64(1), p.Head
	switch {
	case q.IsAfter && q.After >= p.Head:
		return p, !r.hub.shared() // elsewhere there may be more
	case q.IsAfter:
		first, last = q.After+1, min(p.Head, q.After+limit)
		p.More = last < p.Head
	default:
		if q.Before != 0 {
			last = min(p.Head, q.Before-1)
		}
		if last > limit {
			first = last - limit + 1
		}
		p.More = first > 1
	}
	span, ok := r.ring.span(first, last)
	p.entries = append([]entry(nil), span...)
	return p, ok
}

func linesOf(entries []entry) [][]byte {
	lines := make([][]byte, len(entries))
	for i := range entries {
		lines[i] = entries[i].line
	}
	return lines
}
