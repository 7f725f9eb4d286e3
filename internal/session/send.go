package session

import (
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/time/rate"

	"salon/internal/chat"
	"salon/internal/hub"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// send checks a send and hands it to its room; the ack comes when it is stored.
func (c *Session) send(r *protocol.Request) error {
	m, ev, err := c.check(r)
	if err != nil {
		c.slow() // refused sends are paced like other requests
		return err
	}
	c.open.Add(1)
	id, cid := r.ID, r.CID
	m.Send(ev, func(stored chat.Event, err error) {
		c.open.Add(-1)
		if err != nil {
			c.fail(&protocol.Request{ID: id, Room: string(m.Room()), CID: cid, Type: "send"}, err)
			return
		}
		c.queue(protocol.AppendAck(make([]byte, 0, 160), id, &stored))
	})
	return nil
}

func (c *Session) check(r *protocol.Request) (*hub.Member, chat.Event, error) {
	m, err := c.member(r.Room)
	if err != nil {
		return nil, chat.Event{}, err
	}
	if err := chat.CheckCID(r.CID); err != nil {
		return nil, chat.Event{}, err
	}
	if err := c.checkText(r.Text); err != nil {
		return nil, chat.Event{}, err
	}
	if err := c.maySend(); err != nil {
		return nil, chat.Event{}, err
	}
	return m, chat.Event{Kind: chat.KindMessage, User: c.me(), CID: r.CID, Text: r.Text}, nil
}

// checkText says what is wrong with a text. Errors: [chat.CodeInvalidText], [chat.CodeTooLarge].
func (c *Session) checkText(text string) error {
	switch {
	case strings.TrimSpace(text) == "" || !utf8.ValidString(text):
		return chat.Errorf(chat.CodeInvalidText, "the text is empty")
	case len(text) > c.srv.Limits.Text:
		return chat.Errorf(chat.CodeTooLarge, "the text has %d bytes, at most %d are allowed", len(text), c.srv.Limits.Text)
	}
	return nil
}

// maySend counts a send against the limits. Errors: [chat.CodeRateLimited], with the time to wait.
func (c *Session) maySend() error {
	if int(c.open.Load()) >= c.srv.MaxOpen {
		return tooFast(tooManyMessages, time.Second)
	}
	if c.sends == nil {
		return nil
	}
	return within(c.sends, tooManyMessages)
}

const tooManyMessages = "too many messages: wait a little"

// within counts one more against a limiter. Errors: [chat.CodeRateLimited], with the time to wait.
func within(l *rate.Limiter, message string) error {
	res := l.Reserve()
	wait := res.Delay()
	if wait <= 0 {
		return nil
	}
	res.Cancel()
	return tooFast(message, wait)
}

func tooFast(message string, wait time.Duration) error {
	e := chat.Errorf(chat.CodeRateLimited, message)
	e.RetryAfter = wait.Round(time.Millisecond) + time.Millisecond
	return e
}

func (c *Session) queue(b []byte) { c.conn.Queue(ws.NewMessage(ws.Text, b)) }

// ParseRoom is [chat.ParseRoom], and composed Unicode: what looks the same must be the same room.
func ParseRoom(s string) (chat.RoomID, error) {
	id, err := chat.ParseRoom(s)
	if err == nil && !norm.NFC.IsNormalString(s) {
		err = chat.Errorf(chat.CodeInvalidRoom, "a room's name is in Unicode's composed form (NFC)")
	}
	return id, err
}

// enter joins a room.
func (c *Session) enter(id chat.RoomID, from hub.From, reqID string) (*hub.Member, error) {
	if len(c.rooms) >= c.srv.Limits.Rooms {
		return nil, chat.Errorf(chat.CodeTooManyRooms, "at most %d rooms at once", c.srv.Limits.Rooms)
	}
	ctx, cancel := c.call()
	defer cancel()
	p := hub.JoinParams{
		Room: id, Session: c.id, User: c.me(), Back: c.back, Sink: c.conn, Lang: c.language(), From: from, ID: reqID,
	}
	if c.text {
		p.Form = hub.Text
		p.OnLag = c.catchUp
	}
	m, err := c.srv.Hub.Join(ctx, p)
	if err != nil {
		return nil, err
	}
	c.setRooms(append(c.rooms, m))
	c.catchName(m, p.User)
	return m, nil
}

// catchName tells a room the user's name, if that changed while the room was not among the session's.
func (c *Session) catchName(m *hub.Member, known chat.User) {
	for user := c.me(); user != known; user = c.me() { // again, since another change may have come in between
		m.Rename(user, true)
		known = user
	}
}
