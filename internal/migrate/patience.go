package migrate

import (
	"context"
	"errors"
	"time"

	"salon/internal/history"
)

const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
	patience   = time.Minute // a store that answers nothing for so long ends the copy
)

// patiently repeats f while a store does not answer. Everything that is done here may be done twice.
func patiently(ctx context.Context, f func() error) error {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := f()
		if !errors.Is(err, history.ErrUnavailable) || ctx.Err() != nil || time.Since(began) > patience {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}
