package client

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Pauses before the client reconnects.
const (
	firstPause      = 500 * time.Millisecond
	longestPause    = 30 * time.Second
	restartPause    = 250 * time.Millisecond // the longest pause when the server asks the client to come back at once
	unspecifiedWait = 5 * time.Second        // when the server asks for a pause and does not say how long
	goodConnection  = 3 * time.Second        // a connection that lasted this long resets the pauses
)

// Pauses before the client repeats a send that the server refused for now without saying how long.
const (
	firstResend   = 500 * time.Millisecond
	longestResend = 10 * time.Second
)

// growingPauses returns pauses that double from first to longest. Each is random: between least, a fraction of its full
// length, and its full length. With least 0 it is the "full jitter" of "Exponential Backoff And Jitter", AWS Architecture
// Blog, 2015.
func growingPauses(first, longest time.Duration, least float64) *backoff.ExponentialBackOff {
	// The library draws from interval*(1±factor).
	middle := (1 + least) / 2
	return &backoff.ExponentialBackOff{
		InitialInterval: time.Duration(float64(first) * middle), MaxInterval: time.Duration(float64(longest) * middle),
		Multiplier: 2, RandomizationFactor: (1 - least) / (1 + least),
	}
}

// reconnect decides whether and when to reconnect after a connection failed.
type reconnect struct {
	pauses   *backoff.ExponentialBackOff
	failures int // in a row
}

func newReconnect() *reconnect { return &reconnect{pauses: growingPauses(firstPause, longestPause, 0)} }

func (r *reconnect) reset() {
	r.failures = 0
	r.pauses.Reset()
}

// after returns the pause after a connection failed with err; permanent says that there is no use in coming back. The
// hundreds of a close code decide: 40xx stay away, 41xx come back after a pause, 42xx come back at once. A server that
// answers 42xx again and again is treated like any other failure.
func (r *reconnect) after(err error) (pause time.Duration, permanent bool) {
	r.failures++
	pause = r.pauses.NextBackOff()
	var closed *CloseError
	var refused *Error
	var dial *DialError
	switch {
	case errors.As(err, &closed):
		switch closed.Code / 100 {
		case 40:
			return 0, true
		case 41:
			return requestedPause(closed.RetryAfter), false
		case 42:
			if r.failures == 1 {
				return closed.RetryAfter + upTo(restartPause), false
			}
		}
	case errors.As(err, &refused):
		if !refused.Temporary {
			return 0, true
		}
		return max(refused.RetryAfter, pause), false
	case errors.As(err, &dial) && dial.permanent():
		return 0, true
	}
	return pause, false
}

// requestedPause adds up to a quarter to the pause that the server asked for, so that not all clients come back together.
func requestedPause(d time.Duration) time.Duration {
	if d <= 0 {
		d = unspecifiedWait
	}
	return d + upTo(d/4)
}

// upTo returns a random duration from 0 to d.
func upTo(d time.Duration) time.Duration { return rand.N(d + 1) }
