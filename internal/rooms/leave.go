package rooms

import (
	"context"

	"salon/internal/chat"
	"salon/internal/hub"
)

// Leave takes the session out of a room.
type Leave struct{ Room string }

// Left answers [Leave].
type Left struct{ Room chat.RoomID }

func (*Leave) action() action { return leaveRoom }
func (c *Leave) room() string { return c.Room }

func (c *Leave) do(_ context.Context, a *Actor, in *hub.Member, reply Reply) error {
	in.Leave(true)
	a.remove(in)
	reply(Left{in.Room()}, nil)
	return nil
}
