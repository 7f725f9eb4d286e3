package hub

import (
	"context"
	"errors"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// JoinParams say who joins, and how it is told.
type JoinParams struct {
	Room    chat.RoomID
	Session string
	User    chat.User
	Back    bool // the user is not new: its coming is told as a coming back
	Sink    Sink
	Form    Form
	Lang    lang.Lang
	// OnLag is called in text mode when the member lags, with the number of the last event it got. It must not block, and
	// should have the member Resume once there is room.
	OnLag func(m *Member, since uint64)

	From From
	ID   string // of the request, for the answer
}

// From says which events a join begins with.
type From struct {
	Resume bool   // resume after Since; else begin with the last Last
	Since  uint64 //
	Last   int    // 0 to [chat.MaxPage]; fewer where they are too much for a page
}

// ErrLeft says that the member has left its room: who wants to be in it joins again.
var ErrLeft = errors.New("hub: the member has left")

// ErrBehind says that a member in text mode misses more than a page: lines cannot tell of a gap, so it reads pages first.
var ErrBehind = errors.New("hub: the member is more than a page behind")

// Join makes a session a member of a room and queues the answer: in JSON `joined`, in text mode the last lines. Between the
// answer and the first event delivered nothing is missing and nothing is twice. Errors: [history.ErrUnavailable].
func (h *Hub) Join(ctx context.Context, p JoinParams) (*Member, error) {
	r := h.room(p.Room)
	m := &Member{
		room: r, sink: p.Sink, session: p.Session, form: p.Form, lang: p.Lang, back: p.Back, onLag: p.OnLag,
		user: p.User, pos: -1,
	}
	if err := r.load(ctx); err != nil {
		r.releaseMember()
		return nil, err
	}
	if err := m.answer(ctx, p.From, p.ID); err != nil {
		r.releaseMember()
		return nil, err
	}
	return m, nil
}

// Resume is a join of one who is a member already: it gets what it asks for, and the room from there on. Errors:
// [history.ErrUnavailable], [ErrLeft], in text mode [ErrBehind].
func (m *Member) Resume(ctx context.Context, from From, id string) error {
	return m.answer(ctx, from, id)
}

// answer queues the events asked for and lets the room's delivery begin right behind them.
func (m *Member) answer(ctx context.Context, from From, id string) error {
	r := m.room
	if from.Resume {
		if err := r.catchUp(ctx, from.Since); err != nil {
			return err
		}
	}
	var read []entry // what the ring does not have any more
	var floor uint64 // what lies below is too much for the page
	for {
		r.mu.Lock()
		if m.left {
			r.mu.Unlock()
			return ErrLeft
		}
		first, more := from.begin(r.next - 1)
		if first < floor {
			first, more = floor, true
		}
		all, ok := r.assemble(read, first)
		entries := fitting(all)
		if more = more || len(entries) < len(all); more && from.Resume && m.form == Text {
			r.mu.Unlock()
			return ErrBehind
		}
		if ok {
			m.enter(entries, more, from, id)
			r.mu.Unlock()
			m.sink.Flush()
			return nil
		}
		head := r.next - 1
		r.mu.Unlock()

		got, err := r.hub.read(ctx, r.id, history.Query{Before: head + 1, Limit: int(head - first + 1)})
		if err != nil {
			return err
		}
		if read = newest(got.Events, maxPageBytes); len(read) < len(got.Events) {
			floor = read[0].ev.Seq
		}
	}
}

// begin gives the number of the first event to answer with when head is the last, and whether there are more before it that
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

// assemble gives the events from first to the head, those that the ring lost from read. Called with mu held.
func (r *room) assemble(read []entry, first uint64) ([]entry, bool) {
	last := r.next - 1
	if span, ok := r.ring.span(first, last); ok {
		return span, true
	}
	if len(read) == 0 || read[0].ev.Seq > first {
		return nil, false
	}
	end := read[len(read)-1].ev.Seq
	if end >= last {
		return read[first-read[0].ev.Seq : last-read[0].ev.Seq+1], true
	}
	span, ok := r.ring.span(end+1, last)
	if !ok {
		return nil, false
	}
	return append(read[first-read[0].ev.Seq:len(read):len(read)], span...), true
}

// enter queues the answer and opens the member to the room. Called with room.mu held, so that no event can pass between.
func (m *Member) enter(entries []entry, more bool, from From, id string) {
	r := m.room
	m.mu.Lock()
	next := r.next
	if from.Resume {
		next = max(next, from.Since+1) // it saw more, on another node, than has come here
	}
	m.next = next
	m.lagging = false
	user := m.user
	m.mu.Unlock()
	if m.pos < 0 {
		r.arrive(m, user)
		r.add(m)
	}
	m.mu.Lock()
	m.signals = r.signals
	m.mu.Unlock()
	if m.form == Text {
		m.enterText(entries, from.Resume, user.ID)
		return
	}
	j := protocol.Joined{Room: r.id, Head: r.next - 1, Lines: linesOf(entries), More: more}
	j.Members, j.Count, j.Crowd = r.roster.list()
	size := 256 + 96*len(j.Members)
	for _, l := range j.Lines {
		size += len(l) + 1
	}
	m.sink.Queue(ws.NewMessage(ws.Text, protocol.AppendJoined(make([]byte, 0, size), id, &j)))
}

// enterText queues the lines; one who was here already does not get what it said itself.
func (m *Member) enterText(entries []entry, resumed bool, self chat.UserID) {
	for i := range entries {
		if resumed && entries[i].ev.User.ID == self {
			continue
		}
		if msg := line(protocol.TextEvent(m.lang, &entries[i].ev)); msg != nil {
			m.sink.Queue(msg)
		}
	}
}

// Leave ends the membership. Goodbye tells that the user meant it; else the connection was lost, and its going is told
// only if it is not back within the grace.
func (m *Member) Leave(goodbye bool) {
	r := m.room
	r.mu.Lock()
	was := m.pos >= 0
	r.remove(m)
	m.left = true
	r.mu.Unlock()
	if !was {
		return
	}
	if goodbye || r.hub.grace <= 0 {
		r.depart(m)
		r.releaseMember()
		return
	}
	r.hub.afterGrace(func() {
		r.depart(m)
		r.releaseMember()
	})
}
