package rooms

import (
	"context"
	"time"

	"salon/internal/hub"
)

// Typing tells the others in a room that the user writes. It has no answer.
type Typing struct{ Room string }

func (*Typing) action() action { return showTyping }
func (c *Typing) room() string { return c.Room }

func (c *Typing) do(_ context.Context, a *Actor, in *hub.Member, _ Reply) error {
	if a.limits.typing(time.Now()) {
		in.Typing(a.User())
	}
	return nil
}
