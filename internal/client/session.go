package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

const helloTimeout = 10 * time.Second // for the dial, and again from there to the welcome

// session is what outlives a connection: who the client is, its rooms and its outbox. Its methods do no I/O: what has to be
// written or told goes into effects.
type session struct {
	opts Options

	mu       sync.Mutex // guards what follows
	ended    error      // why Run has returned; nothing works after that
	changed  chan struct{}
	waiters  int // how many goroutines wait for changed
	link     *link
	identity identity
	rooms    rooms
	outbox   outbox
	degraded bool // as told last
}

func newSession(o Options) *session {
	s := &session{
		opts: o, changed: make(chan struct{}), link: newLink(nil),
		identity: identity{name: o.Name, unconfirmed: true, token: o.Token},
		rooms:    rooms{byID: map[chat.RoomID]*room{}},
		outbox:   outbox{limit: o.Pending, lang: o.Lang},
	}
	for _, id := range o.Rooms {
		s.addRoom(id)
	}
	return s
}

// addRoom returns the room and adds it when it is new.
func (s *session) addRoom(id chat.RoomID) *room {
	if r, ok := s.rooms.byID[id]; ok {
		return r
	}
	r := &room{id: id, last: s.opts.Last, rooms: &s.rooms, gate: gate{known: s.opts.FromStart}, sends: newSendQueue(&s.outbox)}
	s.rooms.byID[id] = r
	s.rooms.order = append(s.rooms.order, r)
	return r
}

// announce wakes the goroutines that wait for a change. The caller holds mu.
func (s *session) announce() {
	if s.waiters > 0 {
		close(s.changed)
		s.changed, s.waiters = make(chan struct{}), 0
	}
}

// await waits until done returns true. The caller holds mu, and holds it again afterwards. done runs under mu.
// Errors: ctx's, [ErrEnded].
func (s *session) await(ctx context.Context, done func() bool) error {
	for !done() {
		if s.ended != nil {
			return s.ended
		}
		changed := s.changed
		s.waiters++
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// attach makes conn the present connection and returns the hello for it.
func (s *session) attach(conn Conn) (l *link, hello []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = newLink(conn)
	fx := effects{link: s.link}
	s.hello(&fx)
	return s.link, fx.lines[0]
}

// detach forgets the present connection, which ended with err. What was asked on it stays unanswered; what was sent will be
// sent again. It returns the reason of the loss, if possible in the server's own words.
func (s *session) detach(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.link
	s.link = newLink(nil)
	close(l.lost)
	for _, r := range s.rooms.order {
		r.disconnect()
	}
	s.announce()
	var closed *CloseError
	switch {
	case l.refusal != nil:
		return l.refusal
	case l.bye != nil && (!errors.As(err, &closed) || closed.Code == l.bye.Code || closed.Code < 4000):
		return l.bye
	}
	return err
}

// dispatch changes the state by what came. The caller holds mu.
func (s *session) dispatch(p *protocol.Push, fx *effects) {
	if request, ok := fx.link.waiting[p.ID]; ok {
		delete(fx.link.waiting, p.ID)
		switch p.Type {
		case "error":
			request.refused(errorOf(p), fx)
			return
		case request.answer:
			request.answered(p, fx)
			return // whoever waits for the answer owns p now
		}
	}
	r := s.rooms.byID[p.Room]
	switch p.Type {
	case "event":
		if r != nil {
			r.onEvent(p.Event(), fx)
		}
	case "ack":
		if r != nil {
			r.onAck(p, fx)
		}
	case "presence":
		if p.Change == chat.ChangeRename && p.User.ID == s.identity.user.ID {
			s.identity.confirm(p.User)
		}
		fx.tell(Presence{p.Presence()})
	case "typing":
		fx.tell(Typing{Room: p.Room, User: p.User})
	case "lag":
		if r != nil {
			r.onLag(p.Seq, fx)
		}
	case "degraded":
		s.setDegraded(p.Degraded, fx)
	case "bye":
		fx.link.bye = closeErrorOf(p)
	case "error":
		if r != nil && p.CID != "" {
			r.onSendRefused(p.CID, errorOf(p), fx)
		} else if p.CID == "" {
			fx.tell(Complaint{errorOf(p)})
		}
	}
}

func (s *session) setDegraded(on bool, fx *effects) {
	s.degraded = on
	fx.tell(Degraded{On: on})
}

// hello introduces the client on a new connection.
func (s *session) hello(fx *effects) {
	q := s.identity.hello()
	q.Lang, q.Client = s.opts.Lang, s.opts.Agent
	fx.ask(q, pendingRequest{"welcome", s.onWelcome, s.onHelloRefused})
}

func (s *session) onWelcome(p *protocol.Push, fx *effects) {
	first := !s.identity.known
	s.onRenamed(p, fx)
	l := fx.link
	l.ready, l.limits = true, p.Limits
	l.ping = time.Duration(max(p.Ping, 1)) * time.Second
	fx.tell(Welcome{User: p.User, Back: p.Back, First: first, Session: p.Session, Limits: p.Limits})
	if p.Degraded != s.degraded {
		s.setDegraded(p.Degraded, fx)
	}
	fx.recheck = true
	for _, r := range s.rooms.order {
		r.refuseTooLarge(fx)
	}
	for _, r := range s.rooms.order {
		r.join(fx)
	}
}

// onRenamed takes what a welcome says about the user: the first on a connection, or one after a rename.
func (s *session) onRenamed(p *protocol.Push, fx *effects) {
	s.identity.confirm(p.User)
	s.identity.known = true
	if p.Token != "" {
		s.identity.token, s.identity.secret = p.Token, ""
		fx.tokens = append(fx.tokens, p.Token)
	}
}

func (s *session) onHelloRefused(err *Error, fx *effects) {
	if err.Code == chat.CodeInvalidToken && s.identity.token != "" && !s.opts.TokenOnly {
		s.identity.token = ""
		fx.tokens = append(fx.tokens, "")
		fx.tell(Forgotten{})
		s.hello(fx)
		return
	}
	fx.link.refusal = err
	fx.err = err
}

// due returns what has to be written now and when to look again; dead says that the server has been silent for too long.
func (s *session) due(now time.Time) (next time.Duration, lines [][]byte, dead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.link
	if !l.ready {
		left := l.opened.Add(helloTimeout).Sub(now)
		return max(left, shortPause), nil, left <= 0 && !l.busy
	}
	d := deadlines{now: now, next: now.Add(time.Hour)}
	fx := effects{link: l}
	if !l.busy {
		dead = d.passed(l.received.Add(2*l.ping + 5*time.Second))
	}
	latest := l.received
	if l.pinged.After(latest) {
		latest = l.pinged
	}
	if d.passed(latest.Add(l.ping)) {
		l.pinged = now
		fx.write(&protocol.Request{Type: "ping"})
		d.passed(now.Add(l.ping))
	}
	for _, r := range s.rooms.order {
		dead = r.due(&d, &fx) || dead
	}
	return d.next.Sub(now), fx.lines, dead
}
