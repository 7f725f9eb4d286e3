package accounts

import (
	"context"
	"fmt"
	"time"

	"salon/internal/chat"
)

// Rename gives a person's user another name, on all its sessions, and gives the user as it is then. The old name stays held
// for its time, so that nobody slips into it. A name that is empty or the present one changes nothing. Errors:
// [chat.CodeInvalidName], [chat.CodeNameTaken], [ErrUnavailable], [ErrClosed].
func (d *Directory) Rename(ctx context.Context, p *Person, typed string) (chat.User, error) {
	user := p.User()
	name, err := p.Renames(typed)
	if name == "" || err != nil {
		return user, err
	}
	was := user
	user.Name = name
	until, err := d.claim(ctx, user.ID, name, p.Guest())
	if err == nil {
		err = d.change(ctx, p.entry, user, until)
	}
	if err != nil {
		return was, err
	}
	return user, nil
}

// change stores a user's new name, which was claimed until then, and tells of it. Of guests nothing is stored.
func (d *Directory) change(ctx context.Context, e *entry, user chat.User, until time.Time) error {
	d.table.storing(e)
	var err error
	if !e.guest {
		err = d.store.PutUser(ctx, Identity{User: user, Created: e.created})
	}
	d.table.stored(e, user, until, err != nil)
	d.table.notices.tell(user.ID)
	if err != nil {
		return fmt.Errorf("keep name: %w", err)
	}
	return nil
}
