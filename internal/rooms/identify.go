package rooms

import (
	"context"

	"salon/internal/accounts"
	"salon/internal/chat"
)

// Identify makes a session an actor, in no room: the user that the claim names. Token brings a new user back. End the actor
// when the session ends.
func (s *Rooms) Identify(ctx context.Context, attempt *accounts.Attempt, claim accounts.Claim, session Session) (a *Actor, token string, _ *chat.Error) {
	person, welcome, err := s.accounts.Identify(ctx, attempt, claim)
	if err != nil {
		e := Problem(err)
		if e.Code == chat.CodeInternal {
			s.log.Error("hello failed", "session", session.ID, "err", err)
		}
		return nil, "", e
	}
	session.Person, session.Back = person, welcome.Back
	a = &Actor{session: session, rooms: s}
	a.limits.init(&s.config)
	return a, welcome.Token, nil
}
