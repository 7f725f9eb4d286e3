package brokertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"salon/internal/broker"
	"salon/internal/chat"
)

// comeAndGo subscribes and unsubscribes from many goroutines while others publish. At the end, what was asked for last must hold.
func comeAndGo(t *testing.T, w World) {
	a, b := join(t, w), join(t, w)
	const goroutines, rounds = 8, 25
	var wg sync.WaitGroup
	for g := range goroutines {
		room := chat.RoomID(fmt.Sprintf("room-%d", g%4)) // two goroutines share each room
		wg.Go(func() {
			for range rounds {
				if err := b.Subscribe(soon(t), room); err != nil {
					t.Error(err)
				}
				if err := a.Publish(soon(t), room, []byte("x")); err != nil {
					t.Error(err)
				}
				b.Unsubscribe(room)
			}
		})
	}
	wg.Wait()
	subscribe(t, b, "room-0", "room-1")
	for i, want := range []int{1, 1, 0, 0} {
		room := chat.RoomID(fmt.Sprintf("room-%d", i))
		last := fmt.Sprintf("last in %s", room)
		publish(t, a, room, last)
		publish(t, a, "room-0", "fence after "+last)
		await(t, "the fence arrives", func() bool { return count(b.of("room-0"), "fence after "+last) == 1 })
		await(t, "messages to subscribed rooms arrive", func() bool { return count(b.of(room), last) >= want })
		if got := count(b.of(room), last); got != want {
			t.Errorf("%s: the last message came %d times, want %d", room, got, want)
		}
	}
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

func cancelledCalls(t *testing.T, w World) {
	a, b := join(t, w), join(t, w)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.Publish(ctx, "lobby", []byte("x")); err != nil && !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Publish: %v, want ErrUnavailable or nil", err)
	}
	if err := b.Subscribe(ctx, "lobby"); err != nil && !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Subscribe: %v, want ErrUnavailable or nil", err)
	}
	// The room is remembered either way.
	await(t, "the room is subscribed", func() bool {
		publish(t, a, "lobby", "y")
		return count(b.of("lobby"), "y") > 0
	})
}

func afterClose(t *testing.T, w World) {
	a := join(t, w)
	var closed, late atomic.Bool
	b := w.Join(t, func(chat.RoomID, []byte) {
		if closed.Load() {
			late.Store(true)
		}
	})
	await(t, "the node is healthy", b.Healthy)
	subscribe(t, b, "lobby")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if err := a.Publish(soon(t), "lobby", []byte("x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if err := b.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	closed.Store(true)
	wg.Wait()
	if late.Load() {
		t.Error("a handler ran after Close had returned")
	}
	if err := b.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if err := b.Publish(soon(t), "lobby", []byte("x")); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("Publish after Close: %v", err)
	}
	if err := b.Subscribe(soon(t), "lobby"); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("Subscribe after Close: %v", err)
	}
	b.Unsubscribe("lobby")
	if b.Healthy() {
		t.Error("healthy after Close")
	}
}

func awayAndBack(t *testing.T, w World) {
	if w.Cut == nil {
		t.Skip("this world cannot make the broker unreachable")
	}
	a, b := join(t, w), join(t, w)
	subscribe(t, b, "before")
	epoch := b.Epoch()
	heal := w.Cut(t, b.Broker)
	await(t, "the cut is noticed", func() bool { return !b.Healthy() })
	if err := b.Publish(soon(t), "before", []byte("x")); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Publish while away: %v", err)
	}
	if err := b.Subscribe(soon(t), "during"); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Subscribe while away: %v", err)
	}
	heal()
	await(t, "both are healthy", func() bool { return a.Healthy() && b.Healthy() })
	if b.Epoch() == epoch {
		t.Error("the epoch is the same after a loss")
	}
	for _, room := range []chat.RoomID{"before", "during"} {
		await(t, "messages come again", func() bool {
			if err := a.Publish(soon(t), room, []byte("back")); err != nil {
				return false // in some worlds the other node is cut off too
			}
			return count(b.of(room), "back") > 0
		})
	}
}
