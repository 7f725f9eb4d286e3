package rooms

import (
	"context"
	"time"

	"salon/internal/chat"
	"salon/internal/hub"
)

// storeTimeout bounds the calls to stores of one command.
const storeTimeout = 10 * time.Second

// Command is what an actor asks for, whatever the way in. The commands are the types of this package with a do method.
type Command interface {
	action() action
	room() string // that the command is about, as the actor named it; "" for none
	// do carries out the command, which is permitted. In is the actor's place in the command's room, nil if it has none. do
	// calls reply with the answer, now or later, or returns why the command is refused.
	do(ctx context.Context, a *Actor, in *hub.Member, reply Reply) error
}

// Answer is what a command is answered with: one of the answer types of this package, by command.
type Answer any

// Reply is called once with a command's answer, or with why it failed. It must not block, and must not keep the answer. It may
// run under a room's lock, and on another goroutine.
type Reply func(Answer, *chat.Error)

// Do carries out a command for an actor, whose rights are looked up each time. A command that is refused at once returns the
// error, and reply is not called. Otherwise reply is called once: before Do returns, or later for a command that waits for a
// store.
func (s *Rooms) Do(ctx context.Context, a *Actor, c Command, reply Reply) *chat.Error {
	in, err := s.permit(a, c)
	if err == nil {
		err = c.do(ctx, a, in, reply)
	}
	if err != nil {
		return s.problem(c, err)
	}
	return nil
}

// call bounds the calls to stores of one command.
func call(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, storeTimeout)
}
