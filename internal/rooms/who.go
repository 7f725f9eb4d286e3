package rooms

import (
	"context"

	"salon/internal/chat"
	"salon/internal/hub"
	"salon/internal/roster"
)

// Who lists who is in a room, a page at a time.
type Who struct {
	Room   string
	Cursor string // the Next of the page before; "" for the first
	Limit  int    // at least 1
}

// Members answers [Who].
type Members struct {
	Room chat.RoomID
	roster.Page
}

func (*Who) action() action { return listMembers }
func (c *Who) room() string { return c.Room }

func (c *Who) do(ctx context.Context, _ *Actor, in *hub.Member, reply Reply) error {
	reply(Members{in.Room(), in.Who(ctx, c.Cursor, c.Limit)}, nil)
	return nil
}
