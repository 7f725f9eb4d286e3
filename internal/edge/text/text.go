// Package text is the way in for people and small scripts: each frame is one line, without a subprotocol. The first frame
// names the user, every later one is a message or a command, and every frame that comes is one line to show. The lines are in
// the language of the connection; docs/PROTOCOL.md describes them.
package text

import (
	"encoding/json"
	"strings"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/edge"
	"salon/internal/hub"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/rooms"
	"salon/internal/ws"
)

// formats is how rooms are told in lines, by language.
var formats = [...]*hub.Format{lang.French: format(lang.French), lang.English: format(lang.English)}

func format(l lang.Lang) *hub.Format {
	return &hub.Format{
		Event:    func(e *chat.Event) []byte { return []byte(protocol.TextEvent(l, e)) },
		Change:   func(_ chat.RoomID, c *chat.Change) []byte { return []byte(protocol.TextChange(l, c)) },
		Typing:   func(chat.RoomID, chat.User) []byte { return nil },
		OneByOne: true, NoEcho: true,
	}
}

// person is a connection that speaks text mode. It is in one room at a time.
type person struct {
	*edge.Session
	room chat.RoomID // where it is, or will be after hello
	last int         // how many earlier messages a room begins with
}

// Open makes the dialect of a session.
func Open(s *edge.Session, p *edge.Params) edge.Dialect {
	return &person{Session: s, room: p.Room, last: p.Last}
}

// Greet asks for the name.
func (p *person) Greet() { p.say("Your name? Send it alone, or as Hello|name") }

// Handle handles a frame: the name first, then messages and commands. The error ends the connection.
func (p *person) Handle(op ws.Opcode, payload []byte) error {
	if op != ws.Text {
		p.Slow()
		p.refuse(chat.Errorf(chat.CodeBadRequest, "a message is a text frame"))
		return nil
	}
	if p.Actor() == nil {
		return p.hello(string(payload))
	}
	line := strings.TrimRight(string(payload), "\r\n")
	switch {
	case strings.TrimSpace(line) == "":
		return nil
	case strings.HasPrefix(line, "//"):
		p.send(line[1:])
	case strings.HasPrefix(line, "/"):
		p.Slow()
		return p.command(line[1:])
	default:
		p.send(line)
	}
	return nil
}

// hello takes the name and goes to the first room. The error ends the connection.
func (p *person) hello(frame string) error {
	p.Slow()
	var err *chat.Error
	if looksLikeJSON(frame) {
		err = chat.Errorf(chat.CodeBadRequest, "this is text mode; for JSON connect with the subprotocol %s", protocol.Subprotocol)
	} else {
		_, err = p.Hello(accounts.Claim{Name: parseHello(frame), Guest: true}, "text", p, formats[p.Lang()])
	}
	if err != nil {
		p.refuse(err)
		return p.CountRefused(err)
	}
	p.say("Welcome %s, you are in %s. /help lists the commands.", p.Actor().User().Name, p.room)
	from := hub.From{Last: p.last}
	if err := p.Do(&rooms.Join{Room: string(p.room), From: from}, p.show); err != nil {
		p.refuse(err)
		p.Close(protocol.CloseUnavailable, "the history does not answer: try again")
		return edge.ErrEnded
	}
	return nil
}

// parseHello reads the first frame, "Hello|<name>" in any case or just the name.
func parseHello(frame string) (name string) {
	frame = strings.TrimSpace(frame)
	if head, name, ok := strings.Cut(frame, "|"); ok && strings.EqualFold(strings.TrimSpace(head), "hello") {
		return strings.TrimSpace(name)
	}
	return frame
}

// looksLikeJSON tells that the first frame is a request of a client that forgot to ask for the subprotocol.
func looksLikeJSON(frame string) bool {
	frame = strings.TrimSpace(frame)
	return strings.HasPrefix(frame, "{") && json.Valid([]byte(frame))
}

// send says a text in the room. Only what goes wrong is answered.
func (p *person) send(text string) {
	err := p.Do(&rooms.Send{Room: string(p.room), CID: chat.NewCID(), Text: text}, func(_ rooms.Answer, err *chat.Error) {
		if err != nil {
			p.refuse(err)
		}
	})
	if err != nil {
		p.Slow()
		p.refuse(err)
	}
}

// show shows the events of a room that answers a join or a page.
func (p *person) show(a rooms.Answer, _ *chat.Error) {
	switch a := a.(type) {
	case rooms.Joined:
		p.lines(a.Events(), "")
	case rooms.Page:
		p.lines(a.Events(), "")
	}
}

// lines queues events, except for those of one user.
func (p *person) lines(events []chat.Event, except chat.UserID) {
	for i := range events {
		if except != "" && events[i].User.ID == except {
			continue
		}
		if line := protocol.TextEvent(p.Lang(), &events[i]); line != "" {
			p.line(line)
		}
	}
}

// say queues a line of the server's own.
func (p *person) say(format string, args ...any) { p.line(p.Lang().Text(format, args...)) }

func (p *person) line(s string) { p.Queue(ws.NewMessage(ws.Text, []byte(s))) }

// refuse queues why something was refused.
func (p *person) refuse(err *chat.Error) {
	p.say("Error: %s", protocol.Visible(p.Lang().Error(err)))
}

// Bye queues why the connection ends.
func (p *person) Bye(_ int, why string) { p.say(why) }

// Degraded says nothing: it is of no use to people.
func (*person) Degraded(bool) {}
