package rooms

import (
	"context"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/hub"
)

// History reads a page of a room's log.
type History struct {
	Room  string
	Query history.Query
}

// Page answers [History].
type Page struct {
	Room chat.RoomID
	hub.Page
}

func (*History) action() action { return readHistory }
func (c *History) room() string { return c.Room }

func (c *History) do(ctx context.Context, _ *Actor, in *hub.Member, reply Reply) error {
	ctx, cancel := call(ctx)
	defer cancel()
	page, err := in.Page(ctx, c.Query)
	if err != nil {
		return err
	}
	reply(Page{in.Room(), page}, nil)
	return nil
}
