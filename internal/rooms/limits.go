package rooms

import (
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"salon/internal/chat"
)

const (
	// A user may change its name a few times at once, then once every renameEvery, since each name stays held for some time.
	renameEvery = 10 * time.Second
	renameBurst = 5
	// typingEvery is how often a room is told that one user writes, at most.
	typingEvery = time.Second
)

const tooManyMessages = "too many messages: wait a little"

// limits counts an actor's commands. Apart from waiting, its session's worker alone uses it.
type limits struct {
	waiting atomic.Int32  // sends that are not answered yet
	most    int32         // of them
	sends   *rate.Limiter // nil without a limit
	renames *rate.Limiter // nil before the first change of name
	typed   int64         // when a room was last told that the actor's user writes, in nanoseconds since 1970
}

func (l *limits) init(c *Config) {
	l.most = int32(c.MaxOpen)
	if c.Limits.Rate > 0 {
		l.sends = rate.NewLimiter(rate.Limit(c.Limits.Rate), c.Burst)
	}
}

// send counts a send. Errors: [chat.CodeRateLimited], with the time to wait.
func (l *limits) send() error {
	if l.waiting.Load() >= l.most {
		return tooFast(tooManyMessages, time.Second)
	}
	if l.sends == nil {
		return nil
	}
	return within(l.sends, tooManyMessages)
}

// rename counts a change of name. Errors: [chat.CodeRateLimited], with the time to wait.
func (l *limits) rename() error {
	if l.renames == nil {
		l.renames = rate.NewLimiter(rate.Every(renameEvery), renameBurst)
	}
	return within(l.renames, "too many changes of name: wait a little")
}

// typing tells whether the room is to be told.
func (l *limits) typing(now time.Time) bool {
	since := now.UnixNano() - l.typed
	if 0 <= since && since < int64(typingEvery) {
		return false
	}
	l.typed = now.UnixNano()
	return true
}

// within counts one more against a limiter. Errors: [chat.CodeRateLimited], with the time to wait.
func within(l *rate.Limiter, message string) error {
	res := l.Reserve()
	wait := res.Delay()
	if wait <= 0 {
		return nil
	}
	res.Cancel()
	return tooFast(message, wait)
}

func tooFast(message string, wait time.Duration) error {
	e := chat.Errorf(chat.CodeRateLimited, message)
	e.RetryAfter = wait.Round(time.Millisecond) + time.Millisecond
	return e
}
