package client

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// model is a server in memory that keeps the promises of the wire and nothing more: it cuts connections, loses answers,
// loses, repeats and reorders live events, refuses for now and lags, all by the chances that the test gives it.
type model struct {
	pageSize int
	limits   chat.Limits
	chance   func(what string) bool // under mu

	mu    sync.Mutex
	logs  map[chat.RoomID][]chat.Event
	users map[string]chat.User // by token
	conns map[*modelConn]bool
	seen  []protocol.Request
	dials int
}

func newModel() *model {
	return &model{
		pageSize: chat.MaxPage, chance: func(string) bool { return false },
		limits: chat.Limits{Text: 100, Rooms: 10, Frame: 1000},
		logs:   map[chat.RoomID][]chat.Event{}, users: map[string]chat.User{}, conns: map[*modelConn]bool{},
	}
}

func chances(r *rand.Rand, of map[string]float64) func(string) bool {
	return func(what string) bool { return r.Float64() < of[what] }
}

func (m *model) dial(context.Context, string) (Conn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dials++
	if m.chance("unreachable") {
		return nil, &DialError{Err: io.ErrUnexpectedEOF}
	}
	c := &modelConn{m: m, out: make(chan []byte, 100_000), dead: make(chan struct{}), rooms: map[chat.RoomID]bool{}}
	m.conns[c] = true
	return c, nil
}

// say stores an event as if another had sent it.
func (m *model) say(room chat.RoomID, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.store(chat.Event{Room: room, Kind: chat.KindMessage, User: chat.User{ID: "u_other", Name: "other"}, Text: text})
}

func (m *model) store(e chat.Event) chat.Event {
	e.Seq, e.At = uint64(len(m.logs[e.Room])+1), time.Now()
	m.logs[e.Room] = append(m.logs[e.Room], e)
	for c := range m.conns {
		if !c.rooms[e.Room] || m.chance("lose") {
			continue
		}
		if m.chance("lag") {
			delete(c.rooms, e.Room)
			c.put(protocol.Marshal(protocol.Lag{Type: "lag", Room: e.Room, Seq: e.Seq - 1}))
			continue
		}
		line := protocol.AppendEvent(nil, &e)
		switch {
		case m.chance("late"):
			c.late = append(c.late, line)
			continue
		case m.chance("repeat"):
			c.put(line)
		}
		c.put(line)
		for _, l := range c.late {
			c.put(l)
		}
		c.late = nil
	}
	return e
}

func (m *model) cutAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		c.cut(io.ErrUnexpectedEOF)
	}
}

func (m *model) page(room chat.RoomID, after, upTo uint64) [][]byte {
	var lines [][]byte
	for i := after; i < upTo; i++ {
		lines = append(lines, protocol.AppendEvent(nil, &m.logs[room][i]))
	}
	return lines
}

// modelConn is one connection to the model.
type modelConn struct {
	m    *model
	out  chan []byte
	dead chan struct{}
	once sync.Once
	err  error

	// Under m.mu:
	user  *chat.User
	rooms map[chat.RoomID]bool
	late  [][]byte
}

func (c *modelConn) put(line []byte) { c.out <- line }

func (c *modelConn) Read() ([]byte, error) {
	select {
	case b := <-c.out:
		return b, nil
	default:
	}
	select {
	case b := <-c.out:
		return b, nil
	case <-c.dead:
		return nil, c.err
	}
}

func (c *modelConn) cut(err error) {
	c.once.Do(func() { c.err = err; close(c.dead) })
	delete(c.m.conns, c)
}

func (c *modelConn) Kill() {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.cut(io.ErrUnexpectedEOF)
}

func (c *modelConn) Close(int, string)     { c.Kill() }
func (c *modelConn) Done() <-chan struct{} { return c.dead }

func (c *modelConn) Write(line []byte) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if !c.m.conns[c] {
		return
	}
	q, err := protocol.Decode(line)
	if err != nil {
		panic(err)
	}
	c.m.seen = append(c.m.seen, q)
	if c.m.chance("cut before") {
		c.cut(io.ErrUnexpectedEOF)
		return
	}
	c.answer(&q)
	if c.m.chance("cut after") {
		c.cut(io.ErrUnexpectedEOF)
	}
}

func (c *modelConn) fail(q *protocol.Request, code chat.Code, temporary bool) {
	e := protocol.Error{Type: "error", ID: q.ID, Room: q.Room, CID: q.CID, Code: code, Message: string(code)}
	if temporary {
		e.Temporary, e.RetryAfterMS = true, 300
	}
	c.put(protocol.Marshal(e))
}

func (c *modelConn) answer(q *protocol.Request) {
	m, room := c.m, chat.RoomID(q.Room)
	head := uint64(len(m.logs[room]))
	switch q.Type {
	case "hello":
		c.hello(q)
	case "join":
		if c.m.chance("refuse") {
			c.fail(q, chat.CodeUnavailable, true)
			return
		}
		c.rooms[room] = true
		var after uint64
		switch {
		case q.Since != nil:
			after = min(*q.Since, head)
		case q.Last != nil:
			after = head - min(head, uint64(*q.Last))
		}
		first := max(after, head-min(head, uint64(m.pageSize)))
		c.put(protocol.AppendJoined(nil, q.ID, &protocol.Joined{
			Room: room, Head: head, Lines: m.page(room, first, head), More: first > after, Count: 1}))
	case "history":
		if c.m.chance("refuse") {
			c.fail(q, chat.CodeRateLimited, true)
			return
		}
		from, to := head-min(head, uint64(*q.Limit)), head
		if q.After != nil {
			from = min(*q.After, head)
			to = min(head, from+uint64(min(*q.Limit, m.pageSize)))
		}
		c.put(protocol.AppendHistory(nil, q.ID, room, head, m.page(room, from, to), to < head))
	case "send":
		c.send(q)
	case "leave":
		delete(c.rooms, room)
		c.put(protocol.Marshal(protocol.Plain{Type: "left", ID: q.ID, Room: room}))
	case "ping":
		c.put(protocol.Marshal(protocol.Plain{Type: "pong", ID: q.ID}))
	}
}

func (c *modelConn) hello(q *protocol.Request) {
	m := c.m
	w := protocol.Welcome{Type: "welcome", ID: q.ID, Session: "s", Limits: m.limits, Ping: 25}
	user, ok := m.users[q.Token]
	switch {
	case q.Token != "" && !ok:
		c.fail(q, chat.CodeInvalidToken, false)
		return
	case m.chance("refuse"):
		c.fail(q, chat.CodeUnavailable, true)
		return
	case ok:
		w.Back = true
	case c.user != nil:
		c.user.Name = q.Name
		user = *c.user
	default:
		w.Token = fmt.Sprintf("token-%d", len(m.users))
		user = chat.User{ID: chat.UserID("u_" + q.Name), Name: q.Name}
		m.users[w.Token] = user
	}
	c.user = &user
	w.User = user
	c.put(protocol.Marshal(w))
}

func (c *modelConn) send(q *protocol.Request) {
	m, room := c.m, chat.RoomID(q.Room)
	switch {
	case m.chance("refuse"):
		c.fail(q, chat.CodeRateLimited, true)
		return
	case m.chance("not member"):
		delete(c.rooms, room)
		c.fail(q, chat.CodeNotMember, false)
		return
	case q.Text == "forbidden":
		c.fail(q, chat.CodeInvalidText, false)
		return
	}
	for _, e := range m.logs[room] {
		if e.CID == q.CID && e.User.ID == c.user.ID {
			c.put(protocol.AppendAck(nil, q.ID, &e))
			return
		}
	}
	e := m.store(chat.Event{Room: room, Kind: chat.KindMessage, User: *c.user, CID: q.CID, Text: q.Text})
	if m.chance("cut before ack") {
		c.cut(io.ErrUnexpectedEOF)
		return
	}
	c.put(protocol.AppendAck(nil, q.ID, &e))
}

func (m *model) requests(typ string) []protocol.Request {
	m.mu.Lock()
	defer m.mu.Unlock()
	var some []protocol.Request
	for _, q := range m.seen {
		if q.Type == typ {
			some = append(some, q)
		}
	}
	return some
}
