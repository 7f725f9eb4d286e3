package edge

import (
	"context"
	"errors"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/hub"
	"salon/internal/protocol"
	"salon/internal/rooms"
)

// storeTimeout bounds the calls to stores of one hello.
const storeTimeout = 10 * time.Second

// maxHellos bounds the tries of one connection to find a name.
const maxHellos = 10

// ErrEnded ends the reading of a connection to which goodbye has been said.
var ErrEnded = errors.New("edge: ended by the server")

// Hello makes the session's connection somebody, who is told what happens in its rooms by to, encoded in a format. Client is
// what the client calls itself, for the log. The time that a store takes to answer does not count against the time to say
// hello, since it is not the client's doing; a hello that was refused may be tried again in the same time.
func (s *Session) Hello(claim accounts.Claim, client string, to hub.Recipient, f *hub.Format) (token string, err *chat.Error) {
	s.deadline.Stop()
	ctx, cancel := context.WithTimeout(s.node.life, storeTimeout)
	defer cancel()
	actor, token, err := s.node.Rooms.Identify(ctx, &s.attempt, claim, rooms.Session{ID: s.id, To: to, Format: f})
	if err != nil {
		s.deadline.Reset(s.node.Hello)
		return "", err
	}
	s.actor.Store(actor)
	s.unused = token != ""
	user := actor.User()
	s.Log().Info("hello", "session", s.id, "user", user.ID, "name", user.Name, "address", s.address, "client", client)
	return token, nil
}

// CountRefused counts a hello that was refused and has been told so. A connection may try another name, but not go through
// all there are. A temporary error does not count, since it is not the client's fault. The error ends the connection.
func (s *Session) CountRefused(err *chat.Error) error {
	if err.Temporary {
		return nil
	}
	if s.hellos++; s.hellos >= maxHellos {
		s.Bye(protocol.CloseBadHello, "the hello was refused too often")
		return ErrEnded
	}
	return nil
}

// Limits are told to every client that says hello.
type Limits struct {
	Limits   chat.Limits
	Ping     time.Duration
	Degraded bool // messages to other nodes are slow for now
}

// Limits returns what holds for the session.
func (s *Session) Limits() Limits {
	r := s.node.Rooms
	return Limits{Limits: r.Limits(), Ping: s.node.Ping, Degraded: r.Peers().Degraded()}
}
