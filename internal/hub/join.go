package hub

import (
	"context"
	"errors"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/roster"
)

// Join says who joins a room, and how it is told.
type Join struct {
	Room    chat.RoomID
	Session string
	User    chat.User
	Back    bool // the user is not new: its coming is told as a coming back
	To      Recipient
	Format  *Format
	From    From
	// Answer queues the answer. It is called once, under the room's lock: the first event pushed comes right behind it.
	Answer func(*Joined)
}

// From says which events a join begins with.
type From struct {
	Resume bool   // resume after Since; otherwise begin with the last Last
	Since  uint64 //
	Last   int    // 0 to [chat.MaxPage]; fewer where they are too much for a page
	// NoGap has a resume fail with ErrBehind, rather than leave out what is too much for a page.
	NoGap bool
}

// Joined is what a room answers to a join.
type Joined struct {
	Page
	roster.List
}

// ErrLeft says that the member has left its room. A session that wants to be in it joins again.
var ErrLeft = errors.New("hub: the member has left")

// ErrBehind says that a member misses more than a page, which cannot be left out: it reads pages first.
var ErrBehind = errors.New("hub: the member is more than a page behind")

// Join makes a session a member of a room and has the answer queued. Between the answer and the first event delivered nothing
// is missing and nothing is twice. Errors: [history.ErrUnavailable].
func (h *Hub) Join(ctx context.Context, j Join) (*Member, error) {
	r := h.rooms.use(j.Room)
	m := &Member{room: r, session: j.Session}
	m.receiver = receiver{place: m, to: j.To, format: j.Format, user: j.User.ID, lags: &h.stats.Lags, index: outside}
	err := r.load(ctx)
	if err == nil {
		err = m.answer(ctx, j.From, func(joined *Joined) {
			if m.index == outside {
				r.out.add(&m.receiver)
				h.stats.Members.Add(1)
				r.roster.ArriveLocked(j.Session, j.User, j.Back)
			}
			joined.List = r.roster.ListLocked()
			j.Answer(joined)
		})
	}
	if err != nil {
		r.releaseMember()
		return nil, err
	}
	return m, nil
}

// Resume is a join by one who is a member already: it gets what it asks for, and the room from there on. Answer is as in
// [Join]. Errors: [history.ErrUnavailable], [ErrLeft], [ErrBehind].
func (m *Member) Resume(ctx context.Context, from From, answer func(*Joined)) error {
	return m.answer(ctx, from, func(joined *Joined) {
		joined.List = m.room.roster.ListLocked()
		answer(joined)
	})
}

// answer collects the events asked for and calls enter with them, under the room's lock, so that no event can pass between
// the answer and the first push.
func (m *Member) answer(ctx context.Context, from From, enter func(*Joined)) error {
	r := m.room
	if from.Resume {
		if err := r.catchUp(ctx, from.Since); err != nil {
			return err
		}
	}
	var read []entry  // what the ring does not have any more
	var lowest uint64 // what lies below is too much for the page
	for {
		first, head, err := m.tryAnswer(from, read, lowest, enter)
		if err != nil || first == 0 {
			m.to.Flush()
			return err
		}
		got, err := r.node.read(ctx, r.id, history.Query{Before: head + 1, Limit: int(head - first + 1)})
		if err != nil {
			return err
		}
		if read = r.node.newest(got.Events, maxPageBytes); len(read) < len(got.Events) {
			lowest = read[0].ev.Seq
		}
	}
}

// tryAnswer answers with what memory and read hold. If that is not enough, it returns which events are missing.
func (m *Member) tryAnswer(from From, read []entry, lowest uint64, enter func(*Joined)) (first, head uint64, err error) {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.left {
		return 0, 0, ErrLeft
	}
	head = r.gate.head()
	first, more := from.begin(head)
	if first < lowest {
		first, more = lowest, true
	}
	all, ok := r.gate.assemble(read, first)
	entries := fitting(all)
	if more = more || len(entries) < len(all); more && from.Resume && from.NoGap {
		return 0, 0, ErrBehind
	}
	if !ok {
		return first, head, nil
	}
	enter(&Joined{Page: Page{Head: head, More: more, entries: entries}})
	next := r.gate.next
	if from.Resume {
		next = max(next, from.Since+1) // it saw more, on another node, than has come here
	}
	m.begin(next, r.out.notices)
	return 0, 0, nil
}

// begin returns the number of the first event to answer with when head is the last, and whether there are more before it that
// were asked for (resume) or that can be asked for (last).
func (f From) begin(head uint64) (first uint64, more bool) {
	want := uint64(max(0, min(f.Last, chat.MaxPage)))
	if f.Resume {
		if f.Since >= head {
			return head + 1, false
		}
		if head-f.Since <= chat.MaxPage {
			return f.Since + 1, false
		}
		want = chat.MaxPage
	}
	if head <= want {
		return 1, false
	}
	return head - want + 1, true
}

// assemble returns the events from first to the head, taking from read what fell out of memory.
func (g *gate) assemble(read []entry, first uint64) ([]entry, bool) {
	last := g.head()
	if span, ok := g.recent.span(first, last); ok {
		return span, true
	}
	if len(read) == 0 || read[0].ev.Seq > first {
		return nil, false
	}
	end := read[len(read)-1].ev.Seq
	if end >= last {
		return read[first-read[0].ev.Seq : last-read[0].ev.Seq+1], true
	}
	span, ok := g.recent.span(end+1, last)
	if !ok {
		return nil, false
	}
	return append(read[first-read[0].ev.Seq:len(read):len(read)], span...), true
}
