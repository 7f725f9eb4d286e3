package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/time/rate"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/lang"
	"salon/internal/protocol"
)

// hello finds out who it is, or changes the name of who it is already.
func (c *Session) hello(r *protocol.Request) error {
	if l, ok := lang.Parse(r.Lang); ok {
		c.mu.Lock()
		c.lang = l
		c.mu.Unlock()
	}
	if c.known() {
		return c.rename(r)
	}
	token, err := c.untimed(r)
	if err != nil {
		return c.refuseHello(r, err)
	}
	c.fresh = token != ""
	user := c.me()
	c.srv.Logger.Info("hello", "session", c.id, "user", user.ID, "name", user.Name, "address", c.address, "client", clip(r.Client))
	c.welcome(r, token)
	return nil
}

func (c *Session) welcome(r *protocol.Request, token string) {
	c.answer(protocol.Welcome{
		Type: "welcome", ID: r.ID, Session: c.id, Token: token, User: c.me(), Back: c.back,
		Limits: c.srv.Limits, Ping: int(c.srv.Ping / time.Second), Degraded: c.srv.Hub.Degraded(),
	})
}

// untimed is identify without the time to say hello running out meanwhile: how long the history takes is not the client's doing.
// One who is refused has that time anew.
func (c *Session) untimed(r *protocol.Request) (newToken string, err error) {
	c.greet.Stop()
	newToken, err = c.identify(r)
	if err != nil {
		c.greet.Reset(c.srv.Hello)
	}
	return newToken, err
}

// refuseHello tells what was wrong.
func (c *Session) refuseHello(r *protocol.Request, err error) error {
	c.fail(r, err)
	return c.countHello(err)
}

// countHello counts a hello that was refused. A connection may try another name, but not go through all there are. What was not
// its own fault does not count.
func (c *Session) countHello(err error) error {
	var coded *chat.Error
	if errors.As(translate(err), &coded) && coded.Temporary {
		return nil
	}
	if c.hellos++; c.hellos >= maxHellos {
		c.bye(protocol.CloseBadHello, "the hello was refused too often")
		return errEnded
	}
	return nil
}

// identify makes the session somebody: the user whose token it is, or a new one of that name. It gives the token of a
// new user. Errors: [chat.CodeInvalidName], [chat.CodeNameTaken], [chat.CodeInvalidToken], [chat.CodeBadRequest],
// [accounts.ErrUnavailable].
func (c *Session) identify(r *protocol.Request) (newToken string, err error) {
	ctx, cancel := c.call()
	defer cancel()
	name := norm.NFC.String(strings.TrimSpace(r.Name))
	if r.Token != "" {
		start := time.Now()
		known, err := c.srv.Users.UserByToken(ctx, chat.HashToken(r.Token))
		switch {
		case errors.Is(err, accounts.ErrNotFound):
			return "", chat.Errorf(chat.CodeInvalidToken, "this token is unknown or was revoked")
		case err != nil:
			return "", fmt.Errorf("find user: %w", err)
		}
		return "", c.resume(ctx, known, name, true, start)
	}
	if err := chat.CheckName(name); err != nil {
		return "", err
	}
	if r.Secret != "" {
		return c.enrolAgain(ctx, name, r.Secret)
	}
	if c.asNew == "" {
		c.asNew = chat.NewUserID()
	}
	return c.enrol(ctx, name, c.asNew, chat.NewToken())
}

// enrolAgain is enrol for a client that may have said this hello before and never got the answer.
func (c *Session) enrolAgain(ctx context.Context, name, secret string) (token string, err error) {
	if n := len(secret); n < chat.MinSecret || n > chat.MaxSecret {
		return "", chat.Errorf(chat.CodeBadRequest, "a secret has from %d to %d bytes", chat.MinSecret, chat.MaxSecret)
	}
	id, token := chat.IdentityOf(secret)
	start := time.Now()
	known, err := c.srv.Users.UserByToken(ctx, chat.HashToken(token))
	switch {
	case errors.Is(err, accounts.ErrNotFound):
		return c.enrol(ctx, name, id, token)
	case err != nil:
		return "", fmt.Errorf("find user: %w", err)
	}
	return token, c.resume(ctx, known, name, false, start)
}

// enrol makes the session a new user.
func (c *Session) enrol(ctx context.Context, name string, id chat.UserID, token string) (newToken string, err error) {
	user := chat.User{ID: id, Name: name, Color: chat.ColorOf(id)}
	if _, err := c.srv.names.claim(ctx, user, c.text); err != nil {
		return "", err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	if c.text { // text mode has no way to come back: nothing is kept of its users but what they said
		token = ""
	} else if err := c.keep(ctx, user, token, now); err != nil {
		c.srv.names.release(id, true)
		return "", err
	}
	c.become(user, now, false)
	return token, nil
}

// keep stores a new user with its token.
func (c *Session) keep(ctx context.Context, user chat.User, token string, now time.Time) error {
	if err := c.srv.Users.PutUser(ctx, accounts.Identity{User: user, Created: now}); err != nil {
		return fmt.Errorf("keep user: %w", err)
	}
	if err := c.srv.Users.AddToken(ctx, chat.HashToken(token), user.ID, now); err != nil {
		return fmt.Errorf("keep token: %w", err)
	}
	return nil
}

// resume makes the session a user who is known already, as read at start or later, under the name given if that is another.
func (c *Session) resume(ctx context.Context, known accounts.Identity, name string, back bool, start time.Time) error {
	user := known.User
	if name != "" && name != user.Name {
		if err := chat.CheckName(name); err != nil {
			return err
		}
		user.Name = name
	}
	worn, err := c.srv.names.claim(ctx, user, false)
	if err != nil {
		return err
	}
	if user != known.User {
		if err := c.srv.Users.PutUser(ctx, accounts.Identity{User: user, Created: known.Created}); err != nil {
			c.srv.names.wear(known.User, time.Time{})
			c.srv.names.release(user.ID, false)
			return fmt.Errorf("keep name: %w", err)
		}
	}
	c.become(user, known.Created, back)
	if user != known.User {
		c.srv.rename(user, true)
	} else if taken, ok := c.srv.names.renamedSince(user.ID, start); ok && taken != user { // while this was under way
		c.srv.rename(taken, false)
	} else if worn { // a rename elsewhere, of which this node was not told
		c.srv.rename(user, false)
	}
	return nil
}

func (c *Session) become(user chat.User, created time.Time, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.user, c.created, c.back, c.guest = user, created, back, c.text
}

// rename answers a further hello: with another name, the user takes it, in all its rooms.
func (c *Session) rename(r *protocol.Request) error {
	if _, err := c.takeName(r.Name); err != nil {
		return err
	}
	c.welcome(r, "")
	return nil
}

// takeName gives the session's user another name. Errors: [chat.CodeInvalidName], [chat.CodeNameTaken],
// [accounts.ErrUnavailable].
func (c *Session) takeName(name string) (chat.User, error) {
	user := c.me()
	was := user
	name = norm.NFC.String(strings.TrimSpace(name))
	if name == "" || name == user.Name {
		return user, nil
	}
	if err := chat.CheckName(name); err != nil {
		return user, err
	}
	if c.names == nil {
		c.names = rate.NewLimiter(rate.Every(renameEvery), renameBurst)
	}
	if err := within(c.names, "too many changes of name: wait a little"); err != nil {
		return user, err
	}
	ctx, cancel := c.call()
	defer cancel()
	user.Name = name
	if err := c.srv.names.change(ctx, user, c.guest); err != nil {
		return user, err
	}
	if !c.guest {
		if err := c.srv.Users.PutUser(ctx, accounts.Identity{User: user, Created: c.created}); err != nil {
			c.srv.names.wear(was, time.Time{})
			return was, fmt.Errorf("keep name: %w", err)
		}
	}
	c.srv.rename(user, true)
	return user, nil
}
