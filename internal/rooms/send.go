package rooms

import (
	"context"

	"salon/internal/chat"
	"salon/internal/hub"
)

// Send says a text in a room. It is answered when the text is stored.
type Send struct {
	Room string
	CID  string
	Text string
}

// Stored answers [Send]: the event as it is stored.
type Stored struct{ *chat.Event }

func (*Send) action() action { return sendText }
func (c *Send) room() string { return c.Room }

func (c *Send) do(_ context.Context, a *Actor, in *hub.Member, reply Reply) error {
	if err := chat.CheckCID(c.CID); err != nil {
		return err
	}
	if err := chat.CheckText(c.Text, a.rooms.config.Limits.Text); err != nil {
		return err
	}
	if err := a.limits.send(); err != nil {
		return err
	}
	a.limits.waiting.Add(1)
	ev := chat.Event{Kind: chat.KindMessage, User: a.User(), CID: c.CID, Text: c.Text}
	in.Send(ev, func(stored *chat.Event, err error) {
		a.limits.waiting.Add(-1)
		if err != nil {
			reply(nil, a.rooms.problem(c, err))
			return
		}
		reply(Stored{stored}, nil)
	})
	return nil
}
