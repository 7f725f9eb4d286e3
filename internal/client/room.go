package client

import (
	"slices"
	"time"

	"salon/internal/chat"
)

const (
	fillPage  = chat.MaxPage
	soon      = time.Second // before asking again for what should have come
	staleAsks = 3           // so often the head must be below our position before we believe it
)

// room is a room that this client wants to be in. Its methods are called with Client.mu held.
type room struct {
	id   chat.RoomID
	gate gate

	joined bool // on the present connection
	again  bool // was joined before
	err    *Error
	joinAt time.Time // ask no earlier; zero for nothing to ask
	asked  time.Time // when join was sent; zero for not on its way
	stale  int       // answers in a row with a head below our position

	fillAsked time.Time // when the missing events were asked for; zero for not on its way
	fillAt    time.Time // ask for them no earlier

	queue   []*outgoing
	sent    time.Time // when the first of queue was sent; zero for not on its way
	sendAt  time.Time // send no earlier
	refused int       // temporary refusals of the first of queue
	typed   time.Time // when "typing" was last told
}

// addRoom is called with mu held, or before Run.
func (c *Client) addRoom(id chat.RoomID) *room {
	if r, ok := c.rooms[id]; ok {
		return r
	}
	r := &room{id: id}
	if c.opts.FromStart {
		r.gate.known = true
	}
	c.rooms[id] = r
	c.order = append(c.order, id)
	return r
}

func (c *Client) dropRoom(r *room) {
	delete(c.rooms, r.id)
	c.order = slices.DeleteFunc(c.order, func(id chat.RoomID) bool { return id == r.id })
}

// detach forgets what was under way on a connection that is gone.
func (r *room) detach() {
	r.joined = false
	r.joinAt, r.asked, r.fillAsked, r.fillAt, r.sent = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
}

func (r *room) join(c *Client, fx *effects) {
	q := &request{Type: "join", Room: r.id, ID: c.ask(&answer{kind: "join", room: r})}
	if r.gate.known {
		since := r.gate.last
		q.Since = &since
	} else {
		last := max(c.opts.Last, 0)
		q.Last = &last
	}
	r.asked, r.joinAt = time.Now(), time.Time{}
	fx.write(q)
}

func (c *Client) onJoined(p *push, a *answer, fx *effects) {
	if a == nil || a.kind != "join" || c.rooms[a.room.id] != a.room {
		return
	}
	r := a.room
	r.asked, r.joined = time.Time{}, true
	if r.gate.known && p.Head < r.gate.last {
		if r.stale++; r.stale < staleAsks {
			r.joinAt, fx.look = time.Now().Add(soon), true
			r.send(c, fx)
			c.announce()
			return
		}
		fx.tell(Reset{Room: r.id, Head: p.Head})
		r.gate, r.stale = gate{}, 0
		r.join(c, fx)
		return
	}
	r.stale = 0
	fx.tell(Joined{Room: r.id, Head: p.Head, Members: p.Members, Count: p.Count, Again: r.again})
	page := p.events()
	if !r.gate.known {
		r.gate.begin(page, p.Head)
		r.gate.passed = p.Head
	} else if !r.again {
		r.gate.passed = p.Head
	}
	r.again = true
	r.gate.head = max(r.gate.head, p.Head)
	r.take(page, fx)
	r.fill(c, fx)
	r.send(c, fx)
	c.announce()
}

func (r *room) take(page []chat.Event, fx *effects) {
	for _, e := range page {
		r.gate.take(e, func(e chat.Event) { fx.tell(Event{Event: e, Past: e.Seq <= r.gate.passed}) })
	}
}

func (r *room) onJoinError(c *Client, err *Error, fx *effects) {
	r.asked = time.Time{}
	if c.rooms[r.id] != r {
		return
	}
	if err.Temporary {
		r.joinAt, fx.look = time.Now().Add(max(err.RetryAfter, soon)), true
		return
	}
	r.err = err
	c.dropRoom(r)
	for _, o := range r.queue {
		c.settle(o)
		fx.tell(Refused{Room: r.id, CID: o.cid, Text: o.text, Err: err})
	}
	r.queue = nil
	fx.tell(Left{Room: r.id, Err: err})
	c.announce()
}

func (c *Client) onEvent(p *push, fx *effects) {
	r := c.rooms[p.Room]
	if r == nil {
		return
	}
	r.take([]chat.Event{p.event.in(p.Room)}, fx)
	r.fill(c, fx)
}

func (c *Client) onLag(p *push, fx *effects) {
	r := c.rooms[p.Room]
	if r == nil {
		return
	}
	fx.tell(Lagged{Room: p.Room, Seq: p.Seq})
	r.join(c, fx)
}

// fill asks for the events after our position if they exist, are not here and are not on their way.
func (r *room) fill(c *Client, fx *effects) {
	now := time.Now()
	if !r.joined || !r.gate.missing() || !r.fillAsked.IsZero() || now.Before(r.fillAt) {
		return
	}
	if r.fillAt.IsZero() {
		fx.tell(Gap{Room: r.id, After: r.gate.last, Head: r.gate.head})
	}
	after := r.gate.last
	r.fillAsked, r.fillAt = now, now
	fx.write(&request{
		Type: "history", Room: r.id, After: &after, Limit: fillPage, ID: c.ask(&answer{kind: "fill", room: r}),
	})
}

// onFill takes the events that were missing, and asks for the next ones. A page that brings nothing new is asked for again
// a little later: what is known to exist will be there.
func (r *room) onFill(c *Client, p *push, fx *effects) {
	if c.rooms[r.id] != r {
		return
	}
	r.fillAsked = time.Time{}
	before := r.gate.last
	r.gate.head = max(r.gate.head, p.Head)
	r.take(p.events(), fx)
	switch {
	case !r.gate.missing():
		r.fillAt = time.Time{}
	case r.gate.last == before:
		r.fillAt, fx.look = time.Now().Add(soon), true
	default:
		r.fill(c, fx)
	}
}

func (r *room) onFillError(err *Error, fx *effects) {
	fx.look = true
	r.fillAsked = time.Time{}
	r.fillAt = time.Now().Add(max(err.RetryAfter, soon))
}
