package migrate

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"salon/internal/history"
)

const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
	patience   = time.Minute // a store that answers nothing for so long ends the copy
)

// patiently repeats f while a store does not answer. Everything that is done here may be done twice.
func patiently(ctx context.Context, f func() error) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = firstPause, lastPause
	var err error
	_, timeout := backoff.Retry(ctx, func() (struct{}, error) {
		if err = f(); err != nil && !errors.Is(err, history.ErrUnavailable) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(patience))
	if timeout == nil {
		return nil
	}
	return err // the store's, also where ctx ended the pause
}
