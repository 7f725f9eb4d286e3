package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/broker/memory"
	"salon/internal/chat"
)

// The first events of a quiet room go at once. What a busy room says goes together, each 25 ms.
func TestPace(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		room.Events(events(1, 1))
		time.Sleep(PublishEvery / 50) // so that nothing is said at the very moment of a message
		for seq := uint64(2); seq <= 100; seq++ {
			room.Events(events(seq, seq))
			time.Sleep(PublishEvery / 25)
		}
		time.Sleep(PublishEvery)
		synctest.Wait()
		if got := b.heard.seqs(); !slices.Equal(got, numbers(events(1, 100))) {
			t.Errorf("got %v", got)
		}
		if want := []int{1, 25, 25, 25, 24}; !slices.Equal(b.heard.batches, want) {
			t.Errorf("messages of %v events, want %v", b.heard.batches, want)
		}
		time.Sleep(time.Second)
		start := time.Now()
		room.Events(events(101, 101))
		synctest.Wait()
		if n := len(b.heard.seqs()); n != 101 || elapsed(start) != 0 {
			t.Errorf("a quiet room waited: %d events after %v", n, elapsed(start))
		}
	})
}

func TestWaitIsForWhatWasGiven(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		start := time.Now()
		if err := room.Wait(t.Context()); err != nil || elapsed(start) != 0 {
			t.Errorf("waited %v for nothing, %v", elapsed(start), err)
		}
		room.Events(events(1, 1))
		synctest.Wait()
		room.Events(events(2, 3))
		if err := room.Wait(t.Context()); err != nil || elapsed(start) != PublishEvery {
			t.Errorf("waited %v, %v", elapsed(start), err)
		}
		if n := a.Stats().Published.Load(); n != 2 {
			t.Errorf("%d messages", n)
		}
		room.Events(events(4, 4))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := room.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// A node that is stopping does not wait for more events to send with the last, nor with those that wait already.
func TestDrain(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		start := time.Now()
		for seq := uint64(1); seq <= 3; seq++ {
			room.Events(events(seq, seq))
			synctest.Wait()
		}
		a.Drain()
		a.Drain()
		for seq := uint64(4); seq <= 6; seq++ {
			room.Events(events(seq, seq))
			if err := room.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := b.heard.seqs(); !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 6}) || elapsed(start) != 0 {
			t.Errorf("got %v after %v", got, elapsed(start))
		}
	})
}

// What waits for the broker is bounded: the events over it are left to the comparison of heads.
func TestEventsThatWaitAreBounded(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		room.Events(events(1, 1))
		synctest.Wait()
		large := sample(2)
		large.Text = strings.Repeat("x", 1<<20)
		for range 10 {
			room.Events([]chat.Event{large, large})
		}
		room.mu.Lock()
		waiting, capacity := len(room.waiting), cap(room.waiting)
		room.mu.Unlock()
		if waiting > maxPublish+recordSize(&large) || capacity > 3*maxPublish {
			t.Errorf("%d bytes wait, in %d", waiting, capacity)
		}
		time.Sleep(PublishEvery)
		synctest.Wait()
		room.Events(events(7, 7))
		time.Sleep(PublishEvery)
		synctest.Wait()
		if got := b.heard.seqs(); !slices.Equal(got, []uint64{1, 2, 2, 2, 2, 7}) {
			t.Errorf("got %v", got)
		}
	})
}

// While the broker takes nothing, the oldest changes and typings are dropped, and events are not.
func TestUpdatesThatWaitAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := memory.NewNet()
		a, b := startNode(t, net, "a"), startNode(t, net, "b")
		b.Room("lobby").Subscribe()
		room := a.Room("lobby")
		release := make(chan struct{})
		a.do(&room.updates, func() { <-release })
		synctest.Wait()
		for range maxUpdates {
			room.Change(join)
		}
		for range maxUpdates {
			room.Typing(zoe)
		}
		room.Events(events(1, 1))
		synctest.Wait()
		if got := b.heard.seqs(); len(got) != 1 {
			t.Errorf("got events %v", got)
		}
		close(release)
		synctest.Wait()
		if got := b.heard.told; len(got) != maxUpdates || got[0] != "lobby: Zoë 🎈 writes" {
			t.Errorf("told %d, first %q", len(got), got[0])
		}
	})
}

// With the broker away what is said fails and is counted, and no goroutine stays.
func TestBrokerAway(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		a.broker.SetAway(true)
		room.Events(events(1, 1))
		room.Change(join)
		a.UserChanged(ada)
		synctest.Wait()
		if s := a.Stats(); s.Published.Load() != 3 || s.PubFailed.Load() != 3 {
			t.Errorf("published %d, failed %d", s.Published.Load(), s.PubFailed.Load())
		}
		a.broker.SetAway(false)
		room.Events(events(2, 2))
		time.Sleep(PublishEvery)
		synctest.Wait()
		if got := b.heard.seqs(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("got %v", got)
		}
	})
}
