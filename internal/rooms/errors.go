package rooms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"salon/internal/chat"
	"salon/internal/hub"
)

// Problem gives err the code that the actor gets. The errors of stores get their codes here and nowhere else. What has no code
// is a fault of the server.
func Problem(err error) *chat.Error {
	var coded *chat.Error
	switch {
	case errors.As(err, &coded):
		return coded
	case errors.Is(err, chat.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		e := chat.Errorf(chat.CodeUnavailable, "the history does not answer: try again")
		e.RetryAfter = time.Second
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, chat.ErrClosed):
		return chat.Errorf(chat.CodeShuttingDown, "the server is stopping")
	case errors.Is(err, hub.ErrLeft):
		return chat.Errorf(chat.CodeNotMember, "you have left the room")
	}
	return chat.Errorf(chat.CodeInternal, "something went wrong in the server")
}

// problem is Problem, and logs what is a fault of the server.
func (s *Rooms) problem(c Command, err error) *chat.Error {
	e := Problem(err)
	if e.Code == chat.CodeInternal {
		s.log.Error("command failed", "command", fmt.Sprintf("%T", c), "room", c.room(), "err", err)
	}
	return e
}
