package mongoconn

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Retry is the pause before the same is tried again: 2 ms at first, longer each time up to 50 ms, and varied so that nodes
// do not try in step. The zero value is ready.
type Retry struct{ pause *backoff.ExponentialBackOff }

// Wait pauses once, unless ctx ends first.
func (r *Retry) Wait(ctx context.Context) error {
	if r.pause == nil {
		r.pause = &backoff.ExponentialBackOff{
			InitialInterval: 2 * time.Millisecond, Multiplier: 2, RandomizationFactor: 0.5, MaxInterval: 50 * time.Millisecond,
		}
		r.pause.Reset()
	}
	return Sleep(ctx, r.pause.NextBackOff())
}

// Reset starts over with the shortest pause.
func (r *Retry) Reset() { r.pause = nil }

// Sleep waits for d, unless ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
