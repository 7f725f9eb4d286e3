package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"salon/internal/accounts"
	"salon/internal/history"
)

// Codes of the server, from the list of error codes in MongoDB's source (error_codes.yml).
const codeNamespaceExists = 48

// lasting are the codes of errors that the same request will meet again; every other one may pass: a primary that
// stepped down, a full disk, a write concern that was not met, a lock.
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

// errMissing is broken data: a log has no hole.
var errMissing = errors.New("the log lacks an event that it has numbers for")

func hasCode(err error, codes ...int) bool {
	var e mongo.ServerError
	return errors.As(err, &e) && slices.ContainsFunc(codes, e.HasErrorCode)
}

// unsent says that a request found no server to go to, so that nothing of it can have happened.
func unsent(err error) bool { return errors.As(err, &topology.ServerSelectionError{}) }

// failure makes err, which came from the server or from the way to it, one of the contract's errors. ctx is the
// caller's. The text passes through the redacter; the driver's types end here.
func (s *Store) failure(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case isContract(err):
		return fmt.Errorf("mongo: %s: %w", what, err)
	case ctx.Err() != nil:
		return fmt.Errorf("mongo: %s: %w: %w", what, history.ErrUnavailable, ctx.Err())
	case endsBefore(ctx, s.timeout) && mongo.IsTimeout(err):
		// The driver gives up a little before a deadline that it cannot meet.
		return fmt.Errorf("mongo: %s: %w: %w", what, history.ErrUnavailable, context.DeadlineExceeded)
	case errors.Is(err, errMissing) || hasCode(err, lasting...):
		return fmt.Errorf("mongo: %s: %s", what, s.secret.Replace(err.Error()))
	}
	return fmt.Errorf("mongo: %s: %w: %s", what, history.ErrUnavailable, s.secret.Replace(err.Error()))
}

func isContract(err error) bool {
	for _, e := range []error{history.ErrUnavailable, history.ErrTooLarge, accounts.ErrNotFound, accounts.ErrNameTaken, history.ErrConflict, history.ErrClosed} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// endsBefore says that ctx ends within d.
func endsBefore(ctx context.Context, d time.Duration) bool {
	end, ok := ctx.Deadline()
	return ok && time.Until(end) < d
}
