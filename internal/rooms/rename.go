package rooms

import (
	"context"

	"salon/internal/chat"
	"salon/internal/hub"
)

// Rename gives the actor's user another name, in all its sessions. A name that is empty or the present one changes nothing.
type Rename struct{ Name string }

// Renamed answers [Rename].
type Renamed struct{ User chat.User }

func (*Rename) action() action { return changeName }
func (*Rename) room() string   { return "" }

func (c *Rename) do(ctx context.Context, a *Actor, _ *hub.Member, reply Reply) error {
	person := a.session.Person
	name, err := person.Renames(c.Name)
	if err != nil {
		return err
	}
	user := a.User()
	if name != "" {
		if err := a.limits.rename(); err != nil {
			return err
		}
		ctx, cancel := call(ctx)
		defer cancel()
		if user, err = a.rooms.accounts.Rename(ctx, person, name); err != nil {
			return err
		}
	}
	reply(Renamed{user}, nil)
	return nil
}
