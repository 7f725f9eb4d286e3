package session

import (
	"time"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/hub"
	"salon/internal/protocol"
)

// request handles one line. The error ends the connection.
func (c *Session) request(line []byte) error {
	r, err := protocol.Decode(line)
	if err == nil && !c.known() && r.Type != "hello" && r.Type != "ping" {
		err = chat.Errorf(chat.CodeHelloFirst, "the first request is hello")
	}
	if err != nil {
		c.slow()
		c.fail(&r, err)
		return nil
	}
	c.fresh = false
	if r.Type == "send" {
		err = c.send(&r)
	} else {
		c.slow()
		err = c.dispatch(&r)
	}
	if err == errEnded {
		return err
	}
	if err != nil {
		c.fail(&r, err)
	}
	return nil
}

func (c *Session) dispatch(r *protocol.Request) error {
	switch r.Type {
	case "hello":
		return c.hello(r)
	case "join":
		return c.join(r)
	case "leave":
		return c.leave(r)
	case "history":
		return c.history(r)
	case "who":
		return c.who(r)
	case "rooms":
		return c.listRooms(r)
	case "typing":
		return c.typing(r)
	case "ping":
		c.answer(protocol.Plain{Type: "pong", ID: r.ID})
		return nil
	}
	return chat.Errorf(chat.CodeUnknownRequest, "this server does not know the request %q", clip(r.Type))
}

// clip keeps what is repeated to its sender short.
func clip(s string) string {
	if len(s) > 32 {
		return s[:32]
	}
	return s
}

func (c *Session) join(r *protocol.Request) error {
	from := hub.From{Last: chat.DefaultPage}
	if r.Last != nil {
		if *r.Last < 0 {
			return chat.Errorf(chat.CodeBadRequest, "the field %q is out of range", "last")
		}
		from.Last = min(*r.Last, chat.MaxPage)
	}
	if r.Since != nil {
		from.Resume, from.Since = true, *r.Since
	}
	id, err := ParseRoom(r.Room)
	if err != nil {
		return err
	}
	ctx, cancel := c.call()
	defer cancel()
	if m, err := c.member(r.Room); err == nil {
		return m.Resume(ctx, from, r.ID)
	}
	_, err = c.enter(id, from, r.ID)
	return err
}

func (c *Session) leave(r *protocol.Request) error {
	m, err := c.member(r.Room)
	if err != nil {
		return err
	}
	m.Leave(true)
	c.dropRoom(m)
	c.answer(protocol.Plain{Type: "left", ID: r.ID, Room: m.Room()})
	return nil
}

func (c *Session) history(r *protocol.Request) error {
	m, err := c.member(r.Room)
	if err != nil {
		return err
	}
	q, err := query(r)
	if err != nil {
		return err
	}
	ctx, cancel := c.call()
	defer cancel()
	page, err := m.Page(ctx, q)
	if err != nil {
		return err
	}
	c.queue(protocol.AppendHistory(nil, r.ID, m.Room(), page.Head, page.Lines(), page.More))
	return nil
}

func query(r *protocol.Request) (history.Query, error) {
	q := history.Query{Limit: chat.DefaultPage}
	set := 0
	if r.Before != nil {
		if q.Before = *r.Before; q.Before == 0 {
			return q, chat.Errorf(chat.CodeBadRequest, "the field %q is out of range", "before")
		}
		set++
	}
	if r.After != nil {
		q.After, q.IsAfter = *r.After, true
		set++
	}
	if r.Around != nil {
		if q.Around = *r.Around; q.Around == 0 {
			return q, chat.Errorf(chat.CodeBadRequest, "the field %q is out of range", "around")
		}
		set++
	}
	if set > 1 {
		return q, chat.Errorf(chat.CodeBadRequest, "only one of before, after and around")
	}
	limit, err := limitOf(r, chat.DefaultPage)
	q.Limit = limit
	return q, err
}

// limitOf gives the limit asked for, at most [chat.MaxPage].
func limitOf(r *protocol.Request, usual int) (int, error) {
	if r.Limit == nil {
		return usual, nil
	}
	if *r.Limit < 1 {
		return 0, chat.Errorf(chat.CodeBadRequest, "the field %q is out of range", "limit")
	}
	return min(*r.Limit, chat.MaxPage), nil
}

func (c *Session) who(r *protocol.Request) error {
	m, err := c.member(r.Room)
	if err != nil {
		return err
	}
	limit, err := limitOf(r, chat.MaxPage)
	if err != nil {
		return err
	}
	ctx, cancel := c.call()
	defer cancel()
	got := m.Who(ctx, r.Cursor, limit)
	if got.Users == nil {
		got.Users = []chat.User{}
	}
	c.answer(protocol.Who{Type: "who", ID: r.ID, Room: m.Room(), Members: got.Users, Count: got.Count, Next: got.Next})
	return nil
}

func (c *Session) listRooms(r *protocol.Request) error {
	limit, err := limitOf(r, chat.MaxPage)
	if err != nil {
		return err
	}
	ctx, cancel := c.call()
	defer cancel()
	lines, next, err := c.srv.Hub.Rooms(ctx, chat.RoomID(r.Cursor), limit)
	if err != nil {
		return err
	}
	if lines == nil {
		lines = []protocol.RoomLine{}
	}
	c.answer(protocol.Rooms{Type: "rooms", ID: r.ID, Rooms: lines, Next: next})
	return nil
}

// typingEvery is how often a room is told that one user writes, at most.
const typingEvery = time.Second

func (c *Session) typing(r *protocol.Request) error {
	m, err := c.member(r.Room)
	if err != nil {
		return err
	}
	if now := time.Now(); now.Sub(c.typed) >= typingEvery {
		c.typed = now
		m.Typing()
	}
	return nil
}
