package hub

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"salon/internal/chat"
	"salon/internal/history"
)

// lateStore stores, but its answer comes too late: so does a disk that stalls for longer than a call may take. For a while the
// heads cannot be read either.
type lateStore struct {
	history.Store
	late  atomic.Bool
	blind atomic.Int32 // so many reads of heads fail
}

var errLate = fmt.Errorf("%w: %w", history.ErrUnavailable, context.DeadlineExceeded)

func (s *lateStore) Append(ctx context.Context, room chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	got, err := s.Store.Append(ctx, room, events)
	if err == nil && s.late.Load() {
		return nil, errLate
	}
	return got, err
}

func (s *lateStore) Heads(ctx context.Context, rooms []chat.RoomID) ([]uint64, error) {
	if s.blind.Add(-1) >= 0 {
		return nil, errLate
	}
	return s.Store.Heads(ctx, rooms)
}

func TestStoredWithoutAnAnswer(t *testing.T) {
	for _, shared := range []bool{true, false} {
		t.Run(map[bool]string{true: "one of several", false: "alone"}[shared], func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				store := &lateStore{Store: w.history}
				h := w.with(t, "n", shared, func(c *setup) { c.History = store })
				ada, _ := join(t, h, "ada", From{})
				_, bob := join(t, h, "bob", From{})
				say(t, ada, "ada", 3)
				store.late.Store(true)
				store.blind.Store(1)
				done := make(chan error, 1)
				ada.Send(chat.Event{Kind: chat.KindMessage, User: user("ada"), CID: "late", Text: "stored"}, func(_ *chat.Event, err error) { done <- err })
				if err := <-done; chat.CodeOf(err) != chat.CodeUnavailable {
					t.Fatalf("refused with %v", err)
				}
				store.late.Store(false)
				ada.Leave(true) // and does not say it again
				eventually(t, "bob sees it", func() bool { return bob.last() == 4 })
				bob.dense(t, 1, 4)
				if _, eve := join(t, h, "eve", From{Last: 50}); eve.last() != 4 {
					t.Errorf("who joins now is shown up to %d", eve.last())
				}
			})
		})
	}
}
