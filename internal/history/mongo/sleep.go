package mongo

import (
	"context"
	"math/rand/v2"
	"time"
)

// pause waits before the same is tried again for the n-th time: from a millisecond on, longer each time, to 50 ms.
func pause(ctx context.Context, n int) error {
	return sleep(ctx, jitter(min(time.Millisecond<<min(n, 10), 50*time.Millisecond)))
}

// jitter gives between a half and one and a half of d.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }

func sleep(ctx context.Context, d time.Duration) error {
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
