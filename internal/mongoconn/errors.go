package mongoconn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"salon/internal/chat"
)

// The numbers of errors are from the list of error codes in MongoDB's source (error_codes.yml).
const codeNamespaceExists = 48

// lasting are the errors that the same request will meet again. Every other error may pass: a primary that stepped down,
// a full disk, a write concern that was not met, a lock.
var lasting = []int{
	2,     // BadValue
	9,     // FailedToParse
	13,    // Unauthorized
	14,    // TypeMismatch
	18,    // AuthenticationFailed
	59,    // CommandNotFound
	72,    // InvalidOptions
	73,    // InvalidNamespace
	85,    // IndexOptionsConflict
	86,    // IndexKeySpecsConflict
	10334, // BSONObjectTooLarge
}

// HasCode reports whether err is an error of the server with one of these numbers.
func HasCode(err error, codes ...int) bool {
	var e mongo.ServerError
	return errors.As(err, &e) && slices.ContainsFunc(codes, e.HasErrorCode)
}

// Lasting reports whether the same request will meet err again.
func Lasting(err error) bool { return HasCode(err, lasting...) }

// Unsent reports whether a request found no server to go to, so that nothing of it can have happened.
func Unsent(err error) bool { return errors.As(err, &topology.ServerSelectionError{}) }

// translator makes errors of the contracts from errors of the driver.
type translator struct {
	secret  *strings.Replacer // removes the password from texts
	timeout time.Duration     // for one request
	hosts   string            // of the connection string, to be shown
}

// Translate turns err, which came from the server or from the connection to it, into an error of the contracts. ctx is the
// caller's. own are errors of the engine, which stay what they are. The text has no password, and the driver's types end
// here.
func (t translator) Translate(ctx context.Context, what string, err error, own ...error) error {
	own = append(own, chat.ErrUnavailable, chat.ErrClosed)
	switch {
	case err == nil:
		return nil
	case slices.ContainsFunc(own, func(e error) bool { return errors.Is(err, e) }):
		return fmt.Errorf("mongo: %s: %w", what, err)
	case ctx.Err() != nil:
		return fmt.Errorf("mongo: %s: %w: %w", what, chat.ErrUnavailable, ctx.Err())
	case endsWithin(ctx, t.timeout) && mongo.IsTimeout(err):
		// The driver gives up a little before a deadline that it cannot meet.
		return fmt.Errorf("mongo: %s: %w: %w", what, chat.ErrUnavailable, context.DeadlineExceeded)
	case Lasting(err):
		return fmt.Errorf("mongo: %s: %s", what, t.Redact(err))
	}
	if plain := away(t.hosts, err); plain != nil {
		return fmt.Errorf("mongo: %s: %w", what, plain)
	}
	return fmt.Errorf("mongo: %s: %w: %s", what, chat.ErrUnavailable, t.Redact(err))
}

// Redact returns err's text without the password.
func (t translator) Redact(err error) string { return t.secret.Replace(err.Error()) }

// endsWithin reports whether ctx has a deadline less than d away.
func endsWithin(ctx context.Context, d time.Duration) bool {
	end, ok := ctx.Deadline()
	return ok && time.Until(end) < d
}
