package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"salon/internal/chat"
)

// Claim is what a connection says of who it is.
type Claim struct {
	Name   string // as it was typed; with a Token it may be empty
	Token  string // brings a user back
	Secret string // chosen by a new user's client, so that the claim can be repeated when its answer was lost
	Guest  bool   // a new user of text mode: it gets no token, and nothing is stored of it but its name
}

// Attempt keeps the ID reserved for a new user of one connection, across its retries: a name that was claimed by a try whose
// answer was lost is then the user's own. The zero Attempt is ready for use.
type Attempt struct{ id chat.UserID }

// Welcome is what Identify tells besides the Person. With an error it means nothing.
type Welcome struct {
	Token string // brings the new user back; "" for a known user and for a guest
	Back  bool   // the user came back by its token
}

// Identify makes a connection's session one of a user's: of the one whose token the claim has, under the name it has, or of a
// new one. Errors: [chat.CodeInvalidName], [chat.CodeNameTaken], [chat.CodeInvalidToken],
// [chat.CodeBadRequest], [ErrUnavailable], [ErrClosed].
func (d *Directory) Identify(ctx context.Context, a *Attempt, c Claim) (*Person, Welcome, error) {
	h := d.table.begin()
	defer d.table.end(h)
	if c.Token != "" {
		known, err := d.store.UserByToken(ctx, chat.HashToken(c.Token))
		switch {
		case errors.Is(err, ErrNotFound):
			return nil, Welcome{}, chat.Errorf(chat.CodeInvalidToken, "this token is unknown or was revoked")
		case err != nil:
			return nil, Welcome{}, fmt.Errorf("find user: %w", err)
		}
		p, err := d.resume(ctx, h, known, c.Name)
		return p, Welcome{Back: true}, err
	}
	name, err := chat.ParseName(c.Name)
	if err != nil {
		return nil, Welcome{}, err
	}
	if c.Secret != "" {
		return d.enrolAgain(ctx, h, name, c)
	}
	if a.id == "" {
		a.id = chat.NewUserID()
	}
	token := ""
	if !c.Guest {
		token = chat.NewToken()
	}
	p, err := d.enrol(ctx, h, a.id, name, token)
	return p, Welcome{Token: token}, err
}

// enrolAgain is enrol for a client that may have said this hello before, and never got the answer. The secret gives the same
// user and the same token each time.
func (d *Directory) enrolAgain(ctx context.Context, h *hello, name string, c Claim) (*Person, Welcome, error) {
	if n := len(c.Secret); n < chat.MinSecret || n > chat.MaxSecret {
		return nil, Welcome{}, chat.Errorf(chat.CodeBadRequest, "a secret has from %d to %d bytes", chat.MinSecret, chat.MaxSecret)
	}
	id, token := chat.IdentityOf(c.Secret)
	known, err := d.store.UserByToken(ctx, chat.HashToken(token))
	var p *Person
	switch {
	case errors.Is(err, ErrNotFound):
		p, err = d.enrol(ctx, h, id, name, token)
	case err != nil:
		err = fmt.Errorf("find user: %w", err)
	default:
		p, err = d.resume(ctx, h, known, name)
	}
	return p, Welcome{Token: token}, err
}

// enrol makes the session a new user's; without a token the user is a guest.
func (d *Directory) enrol(ctx context.Context, h *hello, id chat.UserID, name, token string) (*Person, error) {
	guest := token == ""
	until, err := d.claim(ctx, id, name, guest)
	if err != nil {
		return nil, err
	}
	u := Identity{
		User:    chat.User{ID: id, Name: name, Color: chat.ColorOf(id)},
		Created: time.Now().UTC().Truncate(time.Millisecond),
	}
	e := d.table.join(u, guest, chat.NameKey(name), until)
	if !guest {
		if err := d.keep(ctx, u, token); err != nil {
			d.leave(e, true)
			return nil, err
		}
	}
	d.table.found(e, h, u.User, until)
	d.table.notices.tell(id)
	return &Person{d, e}, nil
}

// keep stores a new user with its token.
func (d *Directory) keep(ctx context.Context, u Identity, token string) error {
	if err := d.store.PutUser(ctx, u); err != nil {
		return fmt.Errorf("keep user: %w", err)
	}
	if err := d.store.AddToken(ctx, chat.HashToken(token), u.User.ID, u.Created); err != nil {
		return fmt.Errorf("keep token: %w", err)
	}
	return nil
}

// resume makes the session one of a known user's, as the store gave it, under the name that was typed if that is another.
func (d *Directory) resume(ctx context.Context, h *hello, known Identity, typed string) (*Person, error) {
	user := known.User
	if strings.TrimSpace(typed) != "" {
		name, err := newName(typed, user.Name)
		if err != nil {
			return nil, err
		}
		if name != "" {
			user.Name = name
		}
	}
	until, err := d.claim(ctx, user.ID, user.Name, false)
	if err != nil {
		return nil, err
	}
	e := d.table.join(known, false, chat.NameKey(user.Name), until)
	if user == known.User {
		d.table.found(e, h, user, until)
		d.table.notices.tell(user.ID)
	} else if err := d.change(ctx, e, user, until); err != nil {
		d.leave(e, false)
		return nil, err
	}
	return &Person{d, e}, nil
}
