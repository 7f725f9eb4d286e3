// Package salon is the way in of the clients of this project: requests, answers and pushes in JSON, by the subprotocol
// salon.v1.json, which docs/PROTOCOL.md describes. Each request has one handler, in requests.go.
package salon

import (
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/edge"
	"salon/internal/hub"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// Format is how rooms are told in JSON.
var Format = &hub.Format{
	Event: func(e *chat.Event) []byte {
		return protocol.AppendEvent(make([]byte, 0, 192+len(e.Text)), e)
	},
	Change: func(room chat.RoomID, c *chat.Change) []byte { return protocol.AppendChange(nil, room, c) },
	Typing: func(room chat.RoomID, u chat.User) []byte {
		return protocol.Marshal(protocol.Typing{Type: "typing", Room: room, User: u})
	},
}

// client is a connection that speaks JSON.
type client struct{ *edge.Session }

// Open makes the dialect of a session.
func Open(s *edge.Session, _ *edge.Params) edge.Dialect { return client{s} }

// Greet says nothing: the client begins.
func (client) Greet() {}

// Handle handles the requests of a message, one a line. Before each it waits for room in the queue: one message can hold many
// requests whose answers are large.
func (c client) Handle(op ws.Opcode, payload []byte) error {
	if op != ws.Text {
		c.Slow()
		c.fail(&protocol.Request{}, chat.Errorf(chat.CodeBadRequest, "a request is a text frame"))
		return nil
	}
	for line := range protocol.Requests(payload) {
		if err := c.WaitDrain(); err != nil {
			return err
		}
		if err := c.request(line); err != nil {
			return err
		}
	}
	return nil
}

// request handles one line. The error ends the connection.
func (c client) request(line []byte) error {
	r, problem := protocol.Decode(line)
	if problem == nil && c.Actor() == nil && r.Type != "hello" && r.Type != "ping" {
		problem = chat.Errorf(chat.CodeHelloFirst, "the first request is hello")
	}
	if problem != nil {
		c.Slow()
		c.fail(&r, problem)
		return nil
	}
	c.Used()
	if r.Type == "send" { // counted by limits of its own
		if err := c.send(&r); err != nil {
			c.Slow()
			c.fail(&r, err)
		}
		return nil
	}
	c.Slow()
	if r.Type == "hello" {
		return c.hello(&r)
	}
	handle, ok := handlers[r.Type]
	if !ok {
		c.fail(&r, chat.Errorf(chat.CodeUnknownRequest, "this server does not know the request %q", clip(r.Type)))
		return nil
	}
	if err := handle(c, &r); err != nil {
		c.fail(&r, err)
	}
	return nil
}

// clip keeps short what is repeated to its sender, or logged.
func clip(s string) string {
	if len(s) > 32 {
		return s[:32]
	}
	return s
}

// hello finds out who the client is, or changes the name of who it is already. The error ends the connection.
func (c client) hello(r *protocol.Request) error {
	if l, ok := lang.Parse(r.Lang); ok {
		c.SetLang(l)
	}
	if c.Actor() != nil {
		if err := rename(c, r); err != nil {
			c.fail(r, err)
		}
		return nil
	}
	token, err := c.Hello(accounts.Claim{Name: r.Name, Token: r.Token, Secret: r.Secret}, clip(r.Client), c, Format)
	if err != nil {
		c.fail(r, err)
		return c.CountRefused(err)
	}
	c.welcome(r.ID, token)
	return nil
}

func (c client) welcome(id, token string) {
	a, l := c.Actor(), c.Limits()
	c.answer(protocol.Welcome{
		Type: "welcome", ID: id, Session: c.ID(), Token: token, User: a.User(), Back: a.Back(),
		Limits: l.Limits, Ping: int(l.Ping / time.Second), Degraded: l.Degraded,
	})
}

// Lagged tells the client that it gets nothing more of a room until it asks. It implements [hub.Recipient].
func (c client) Lagged(place hub.Place, last uint64) {
	c.answer(protocol.Lag{Type: "lag", Room: place.Room(), Seq: last})
}

// Bye queues why the connection ends.
func (c client) Bye(code int, why string) {
	b := protocol.Bye{Type: "bye", Code: code, Reason: why, Message: c.Lang().Text(why)}
	if code >= 4100 && code < 4200 {
		b.RetryAfterMS = 5000
	}
	c.answer(b)
}

// Degraded queues that messages to other nodes are slow for now, or no longer are, if there is room.
func (c client) Degraded(degraded bool) {
	c.TryQueue(message(protocol.Marshal(protocol.Degraded{Type: "degraded", Degraded: degraded})))
}

// answer queues one JSON object.
func (c client) answer(v any) { c.queue(protocol.Marshal(v)) }

func (c client) queue(b []byte) { c.Queue(message(b)) }

func message(b []byte) *ws.Message { return ws.NewMessage(ws.Text, b) }

// fail queues an error about a request.
func (c client) fail(r *protocol.Request, err error) { c.failed(r.ID, r.Room, r.CID, err) }

// failed queues an error about the request with this id, room and cid.
func (c client) failed(id, room, cid string, err error) {
	c.answer(protocol.NewError(id, room, cid, c.Lang().Error(err), err))
}
