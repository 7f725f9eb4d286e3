package historytest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
	"salon/internal/history"
)

func (s *suite) testConcurrent(t *testing.T) {
	s.leaf(t, "OneRoom", func(t *testing.T) { s.testWriters(t, 1) })
	s.leaf(t, "ManyRooms", func(t *testing.T) { s.testWriters(t, 17) })
	s.leaf(t, "ReadersWhileWriting", s.testReadWhileWriting)
	s.leaf(t, "Cancelled", s.testCancelled)
}

// testWriters has writers append batches of their own to rooms all at once, with a send now and then repeated, and
// compares every answer with the logs.
func (s *suite) testWriters(t *testing.T, rooms int) {
	ctx, store := s.start(t)
	const writers = 16
	batches := max(s.events/writers/3, 2) // of 3 on average
	acked := make([][]chat.Event, writers)
	var g errgroup.Group
	for w := range writers {
		random := rand.New(rand.NewPCG(1, uint64(w)))
		g.Go(func() error {
			for b := range batches {
				room := chat.RoomID(fmt.Sprintf("room-%d", random.IntN(rooms)))
				batch := messages(user(w), fmt.Sprint(b), 1+random.IntN(5))
				for range 1 + random.IntN(8)/7 { // one in eight is sent again
					got, err := store.Append(ctx, room, batch)
					if err != nil {
						return fmt.Errorf("writer %d: %w", w, err)
					}
					acked[w] = append(acked[w], got...)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}

	logs, total := map[chat.RoomID][]chat.Event{}, 0
	for i := range rooms {
		room := chat.RoomID(fmt.Sprintf("room-%d", i))
		logs[room] = wholeLog(t, ctx, store, room)
		total += len(logs[room])
	}
	stored := map[chat.Event]bool{}
	for w := range acked {
		for _, e := range acked[w] {
			if e.Seq > uint64(len(logs[e.Room])) || !same(logs[e.Room][e.Seq-1], e) {
				t.Fatalf("writer %d was told %+v, which is not in the log", w, e)
			}
			e.At = time.Time{}
			stored[e] = true
		}
	}
	if len(stored) != total {
		t.Fatalf("%d events were acknowledged, %d are stored", len(stored), total)
	}
}

// testReadWhileWriting looks at a log that grows: what was seen stays, no page has a hole, the head never goes back and
// is never behind what was acknowledged.
func (s *suite) testReadWhileWriting(t *testing.T) {
	ctx, store := s.start(t)
	var acked, running atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for w := range 4 {
		running.Add(1)
		g.Go(func() error {
			defer running.Add(-1)
			for i := range max(s.events/40, 5) {
				got, err := store.Append(ctx, "lobby", messages(user(w), fmt.Sprint(i), 2))
				if err != nil {
					return err
				}
				for last := int64(got[1].Seq); ; {
					was := acked.Load()
					if was >= last || acked.CompareAndSwap(was, last) {
						break
					}
				}
			}
			return nil
		})
	}
	for range 3 {
		g.Go(func() error { return watch(ctx, store, "lobby", &acked, &running) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

func watch(ctx context.Context, store history.Store, room chat.RoomID, acked, running *atomic.Int64) error {
	var head uint64
	for done := false; !done; {
		done = running.Load() == 0
		known := uint64(acked.Load())
		p, err := store.Read(ctx, room, history.Query{Limit: 20})
		if err != nil {
			return err
		}
		if p.Head < known || p.Head < head {
			return fmt.Errorf("head %d after %d was acknowledged and %d seen", p.Head, known, head)
		}
		head = p.Head
		for i, e := range p.Events {
			if want := p.Events[0].Seq + uint64(i); e.Seq != want || e.Seq > p.Head {
				return fmt.Errorf("a page with head %d has %d where %d should be", p.Head, e.Seq, want)
			}
		}
		if n := len(p.Events); p.Head > 0 && (n == 0 || uint64(n) < min(20, known)) {
			return fmt.Errorf("the newest page of %d events has %d", p.Head, n)
		}
	}
	return nil
}

// testCancelled ends contexts in the middle of appends and then sends the same again, as clients do when they do not
// know: each is stored once.
func (s *suite) testCancelled(t *testing.T) {
	ctx, store := s.start(t)

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := store.Append(ended, "lobby", messages(user(99), "ended", 1))
	if !errors.Is(err, history.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("append with an ended context: %v", err)
	}
	if _, err := store.Read(ended, "lobby", history.Query{Limit: 1}); !errors.Is(err, history.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("read with an ended context: %v", err)
	}

	const writers = 8
	n := max(s.events/writers/10, 3)
	var g errgroup.Group
	for w := range writers {
		random := rand.New(rand.NewPCG(2, uint64(w)))
		g.Go(func() error {
			for i := range n {
				batch := messages(user(w), fmt.Sprint(i), 2)
				short, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(2000))*time.Microsecond)
				_, err := store.Append(short, "race", batch)
				cancel()
				if err != nil && !errors.Is(err, history.ErrUnavailable) {
					return fmt.Errorf("cut short: %w", err)
				}
				if _, err := store.Append(ctx, "race", batch); err != nil {
					return fmt.Errorf("sent again: %w", err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if log := wholeLog(t, ctx, store, "race"); len(log) != writers*n*2 {
		t.Fatalf("%d events are stored, want %d", len(log), writers*n*2)
	}
}
