package client

import (
	"errors"
	"time"
)

// Pauses between tries: exponential with full jitter, see "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	restartPause = 250 * time.Millisecond // at most, when the server asks to come back at once
	askedPause   = 5 * time.Second        // when the server asks for a pause and does not say how long
	steadyAfter  = 3 * time.Second        // a welcomed connection that held so long was a good one
)

// backoff counts the tries that failed one after the other.
type backoff struct{ tries int }

func (b *backoff) reset() { b.tries = 0 }

// after says how long to wait after err, or that there is no use in coming back. The hundreds of a close code decide:
// 40xx stay away, 41xx come back after a pause, 42xx come back at once, if that is not all the server ever says.
func (b *backoff) after(err error, random func() float64) (pause time.Duration, final bool) {
	b.tries++
	jittered := time.Duration(random() * float64(ceiling(b.tries)))
	var closed *CloseError
	var refused *Error
	var dial *DialError
	switch {
	case errors.As(err, &closed):
		switch closed.Code / 100 {
		case 40:
			return 0, true
		case 41:
			return asked(closed.RetryAfter, random), false
		case 42:
			if b.tries == 1 {
				return closed.RetryAfter + time.Duration(random()*float64(restartPause)), false
			}
		}
	case errors.As(err, &refused):
		if !refused.Temporary {
			return 0, true
		}
		return max(refused.RetryAfter, jittered), false
	case errors.As(err, &dial) && dial.final():
		return 0, true
	}
	return jittered, false
}

// ceiling is the longest pause after so many tries.
func ceiling(tries int) time.Duration {
	if tries > 7 { // 500 ms << 6 is past the longest
		return longestPause
	}
	return min(longestPause, firstPause<<(tries-1))
}

// asked is the pause the server asked for and up to a quarter more, so that not all come back together.
func asked(d time.Duration, random func() float64) time.Duration {
	if d <= 0 {
		d = askedPause
	}
	return d + time.Duration(random()*float64(d)/4)
}
