package client

import (
	"slices"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

const (
	shortPause    = time.Second      // before the client asks again for what should have come
	answerTimeout = 30 * time.Second // for join, history and send: after it the connection counts as dead

	// maxStale is how often in a row the head must be below the client's position before the client believes it.
	maxStale = 3
)

// rooms are the rooms that the client is in or was asked to join, in the order in which it was asked.
type rooms struct {
	byID  map[chat.RoomID]*room
	order []*room
}

func (rs *rooms) remove(r *room) {
	if rs.byID[r.id] == r {
		delete(rs.byID, r.id)
		rs.order = slices.DeleteFunc(rs.order, func(other *room) bool { return other == r })
	}
	r.dropped = true
}

// room is a room that this client wants to be in. Its methods are called under session.mu.
type room struct {
	id      chat.RoomID
	last    int // events to begin with
	rooms   *rooms
	dropped bool // the client no longer wants to be in the room

	gate  gate
	sends sendQueue

	joined      bool // on the present connection
	joinedOnce  bool // on this or an earlier connection
	refusal     *Error
	joinAt      time.Time // send join no earlier; zero when there is nothing to ask
	joinSent    time.Time // zero while no join is on its way
	stale       int       // answers in a row with a head below the client's position
	historySent time.Time // when the missing events were asked for; zero while no request is on its way
	historyAt   time.Time // ask for the missing events no earlier
	typingSent  time.Time
}

// disconnect forgets what was under way on a connection that is lost.
func (r *room) disconnect() {
	r.joined = false
	r.joinAt, r.joinSent, r.historySent, r.historyAt, r.sends.sentAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
}

func (r *room) join(fx *effects) {
	q := &protocol.Request{Type: "join", Room: string(r.id)}
	if r.gate.known {
		q.Since = new(r.gate.last)
	} else {
		q.Last = new(max(r.last, 0))
	}
	r.joinSent, r.joinAt = time.Now(), time.Time{}
	fx.ask(q, pendingRequest{"joined", r.onJoined, r.onJoinRefused})
}

func (r *room) onJoined(p *protocol.Push, fx *effects) {
	if r.dropped {
		return
	}
	r.joinSent, r.joined = time.Time{}, true
	if r.gate.known && p.Head < r.gate.last {
		r.onStale(p.Head, fx)
		return
	}
	r.stale = 0
	fx.tell(Joined{Room: r.id, Head: p.Head, Members: p.Members, Count: p.Count, Again: r.joinedOnce})
	page := p.Page(r.id)
	switch {
	case !r.gate.known:
		r.gate.begin(page, p.Head)
	case !r.joinedOnce:
		r.gate.pastUpTo = p.Head
	}
	r.joinedOnce = true
	r.gate.head = max(r.gate.head, p.Head)
	r.take(page, fx)
	r.fetchMissing(fx)
	r.send(fx)
}

// onStale asks again when the server's head is below the client's position, and after some times starts the room over.
func (r *room) onStale(head uint64, fx *effects) {
	if r.stale++; r.stale < maxStale {
		r.joinAt, fx.recheck = time.Now().Add(shortPause), true
		r.send(fx)
		return
	}
	fx.tell(Reset{Room: r.id, Head: head})
	r.gate, r.stale = gate{}, 0
	r.join(fx)
}

func (r *room) onJoinRefused(err *Error, fx *effects) {
	r.joinSent = time.Time{}
	if r.dropped {
		return
	}
	if err.Temporary {
		r.joinAt, fx.recheck = time.Now().Add(max(err.RetryAfter, shortPause)), true
		return
	}
	r.refusal = err
	r.rooms.remove(r)
	for _, m := range r.sends.removeAll(func(*outgoing) bool { return true }) {
		fx.tell(Refused{Room: r.id, CID: m.cid, Text: m.text, Err: err})
	}
	fx.tell(Left{Room: r.id, Err: err})
}

func (r *room) take(page []chat.Event, fx *effects) {
	for _, e := range page {
		r.gate.take(e, func(e chat.Event) { fx.tell(Event{Event: e, Past: e.Seq <= r.gate.pastUpTo}) })
	}
}

func (r *room) onEvent(e chat.Event, fx *effects) {
	r.take([]chat.Event{e}, fx)
	r.fetchMissing(fx)
}

func (r *room) onLag(seq uint64, fx *effects) {
	fx.tell(Lagged{Room: r.id, Seq: seq})
	r.join(fx)
}

// fetchMissing asks for the events after the client's position when they exist, have not come and are not on their way.
func (r *room) fetchMissing(fx *effects) {
	now := time.Now()
	if !r.joined || !r.gate.missing() || !r.historySent.IsZero() || now.Before(r.historyAt) {
		return
	}
	if r.historyAt.IsZero() {
		fx.tell(Gap{Room: r.id, After: r.gate.last, Head: r.gate.head})
	}
	r.historySent, r.historyAt = now, now
	fx.ask(&protocol.Request{Type: "history", Room: string(r.id), After: new(r.gate.last), Limit: new(chat.MaxPage)},
		pendingRequest{"history", r.onMissing, r.onMissingRefused})
}

// onMissing takes the events that were missing and asks for the next ones. When a page brings nothing new, the client asks
// again a little later, since it knows that the events exist.
func (r *room) onMissing(p *protocol.Push, fx *effects) {
	if r.dropped {
		return
	}
	r.historySent = time.Time{}
	before := r.gate.last
	r.gate.head = max(r.gate.head, p.Head)
	r.take(p.Page(r.id), fx)
	switch {
	case !r.gate.missing():
		r.historyAt = time.Time{}
	case r.gate.last == before:
		r.historyAt, fx.recheck = time.Now().Add(shortPause), true
	default:
		r.fetchMissing(fx)
	}
}

func (r *room) onMissingRefused(err *Error, fx *effects) {
	r.historySent = time.Time{}
	r.historyAt, fx.recheck = time.Now().Add(max(err.RetryAfter, shortPause)), true
}

// send sends the next text when the room is joined and nothing else of it is on its way.
func (r *room) send(fx *effects) {
	if !fx.link.ready || !r.joined {
		return
	}
	m := r.sends.next(time.Now())
	if m == nil {
		return
	}
	fx.ask(&protocol.Request{Type: "send", Room: string(r.id), CID: m.cid, Text: m.text}, pendingRequest{
		answer:   "ack",
		answered: r.onAck,
		refused:  func(err *Error, fx *effects) { r.onSendRefused(m.cid, err, fx) },
	})
}

func (r *room) onAck(p *protocol.Push, fx *effects) {
	if !r.sends.isFirst(p.CID) {
		return
	}
	r.sends.removeFirst()
	fx.tell(Acked{Room: r.id, CID: p.CID, Seq: p.Seq, At: p.At})
	r.send(fx)
}

// onSendRefused keeps a send that was refused for now and gives up a send that was refused for good.
func (r *room) onSendRefused(cid string, err *Error, fx *effects) {
	if !r.sends.isFirst(cid) {
		return
	}
	switch {
	case err.Temporary:
		r.sends.postpone(err)
		fx.recheck = true
	case err.Code == chat.CodeNotMember: // the server no longer counts the client in: join again, then send again
		r.sends.sentAt, r.joined = time.Time{}, false
		r.joinAt, fx.recheck = time.Now().Add(shortPause), true
	default:
		m := r.sends.removeFirst()
		fx.tell(Refused{Room: r.id, CID: cid, Text: m.text, Err: err})
		r.send(fx)
	}
}

// refuseTooLarge gives up the sends that are over the limits, once the limits are known.
func (r *room) refuseTooLarge(fx *effects) {
	for _, m := range r.sends.removeAll(func(m *outgoing) bool { return r.sends.outbox.check(fx.link, r.id, m) != nil }) {
		fx.tell(Refused{Room: r.id, CID: m.cid, Text: m.text, Err: r.sends.outbox.check(fx.link, r.id, m)})
	}
}

// due asks and sends again what is due. It returns true when an answer has not come for too long.
func (r *room) due(d *deadlines, fx *effects) (dead bool) {
	if !r.joinAt.IsZero() && d.passed(r.joinAt) {
		r.join(fx)
	}
	if r.gate.missing() && r.historySent.IsZero() && r.joined && d.passed(r.historyAt) {
		r.fetchMissing(fx)
	}
	if !r.sends.empty() && r.sends.sentAt.IsZero() && r.joined && d.passed(r.sends.notYet) {
		r.send(fx)
	}
	for _, sent := range []time.Time{r.joinSent, r.historySent, r.sends.sentAt} {
		if !sent.IsZero() && d.passed(sent.Add(answerTimeout)) && !fx.link.busy {
			dead = true
		}
	}
	return dead
}
