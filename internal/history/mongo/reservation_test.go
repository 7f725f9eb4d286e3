package mongo

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
	"salon/internal/mongotest"
)

// BenchmarkHotRoom has nodes write in one room as fast as they are acknowledged, each batch of what a busy hub collects
// while the one before is stored, and tells what all got through and how evenly. Against the test server it compares
// one node with three; it says nothing about MongoDB's speed.
func BenchmarkHotRoom(b *testing.B) {
	uri := mongotest.Start(b)
	for _, batch := range []int{5, 50} {
		for _, nodes := range []int{1, 3} {
			b.Run(fmt.Sprintf("batch=%d/nodes=%d", batch, nodes), func(b *testing.B) {
				db := mongotest.Database()
				var stores []*Store
				for range nodes {
					stores = append(stores, openOn(b, uri, db))
				}
				hammer(b, stores, batch)
			})
		}
	}
}

func hammer(b *testing.B, stores []*Store, batch int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	got := make([]int, len(stores))
	var mu sync.Mutex
	total := 0
	b.ResetTimer()
	var wait sync.WaitGroup
	for n, s := range stores {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := 0; ctx.Err() == nil; i++ {
				if _, err := s.Append(ctx, "hot", batchOf(n, i, batch)); err != nil {
					if ctx.Err() == nil {
						b.Error(err)
					}
					return
				}
				mu.Lock()
				got[n] += batch
				if total += batch; total >= b.N {
					cancel()
				}
				mu.Unlock()
			}
		}()
	}
	wait.Wait()
	b.StopTimer()
	var conflicts, appends uint64
	least, most := got[0], got[0]
	for n, s := range stores {
		conflicts, appends = conflicts+s.counts.conflicts.Load(), appends+s.counts.appends.Load()
		least, most = min(least, got[n]), max(most, got[n])
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(conflicts)/float64(max(appends, 1)), "conflicts/batch")
	b.ReportMetric(float64(most)/float64(max(least, 1)), "most/least")
}

// batchOf gives what user number n sends as its i-th batch.
func batchOf(n, i, size int) []chat.Event {
	id := chat.UserID(fmt.Sprintf("u_node%011d", n))
	events := make([]chat.Event, size)
	for k := range events {
		events[k] = chat.Event{Kind: chat.KindMessage, User: chat.User{ID: id, Name: fmt.Sprint("node ", n), Color: chat.ColorOf(id)},
			CID: fmt.Sprintf("%d-%d", i, k), Text: fmt.Sprintf("batch %d, text %d", i, k)}
	}
	return events
}

// TestHotRoom has three nodes write in one room without a pause. Each gets its batches in, and the log is whole.
func TestHotRoom(t *testing.T) {
	t.Parallel()
	const batches, size = 40, 10
	uri, db := mongotest.Start(t), mongotest.Database()
	var stores []*Store
	var g errgroup.Group
	for n := range 3 {
		s := openOn(t, uri, db)
		stores = append(stores, s)
		for half := range 2 { // two callers of each
			g.Go(func() error {
				for i := range batches / 2 {
					if _, err := s.Append(t.Context(), "hot", batchOf(n, 2*i+half, size)); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	checkLog(t, stores[0], "hot", true, map[int]int{0: batches * size, 1: batches * size, 2: batches * size})
	for n, s := range stores {
		heads, err := s.Heads(t.Context(), []chat.RoomID{"hot"})
		if err != nil || heads[0] != 3*batches*size {
			t.Errorf("node %d sees head %v, %v", n, heads, err)
		}
		t.Logf("node %d: %d conflicts in %d appends", n, s.counts.conflicts.Load(), s.counts.appends.Load())
	}
}

// TestReservation takes the steps of a reservation one by one: a node reserves a room, leaves it to another, and goes on as
// if alone. Time passes only where a node waits.
func TestReservation(t *testing.T) {
	t.Parallel()
	uri, db := mongotest.Start(t), mongotest.Database()
	now := time.Now()
	node := func() *reservations {
		rs := openOn(t, uri, db).reservations
		rs.now = func() time.Time { return now }
		rs.sleep = func(ctx context.Context, d time.Duration) error {
			now = now.Add(d)
			return ctx.Err()
		}
		return rs
	}
	a, b := node(), node()
	wait := func(rs *reservations, want bool) {
		t.Helper()
		if waited, err := rs.wait(t.Context(), "hot"); err != nil || waited != want {
			t.Fatalf("waited %v, want %v, %v", waited, want, err)
		}
	}
	wait(a, false) // nobody competes
	a.contest("hot")
	wait(a, true) // to become the holder
	if doc, err := b.read(t.Context(), "hot"); err != nil || doc.Holder != a.node || doc.Number != 1 {
		t.Fatalf("the reservation is %+v, %v", doc, err)
	}
	wait(b, false) // b does not know yet
	if err := b.look(t.Context(), []chat.RoomID{"other", "hot"}); err != nil {
		t.Fatal(err)
	}
	wait(b, true) // until a's time is over
	if doc, err := a.read(t.Context(), "hot"); err != nil || doc.Holder != b.node || doc.Number != 2 {
		t.Fatalf("the reservation is %+v, %v", doc, err)
	}
	wait(a, true) // and back
	contested := func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.rooms["hot"].contested
	}
	for contested() { // nobody else wants the room: in the end a goes on as if alone
		if _, err := a.wait(t.Context(), "hot"); err != nil {
			t.Fatal(err)
		}
		if err := a.sleep(t.Context(), lookEvery); err != nil {
			t.Fatal(err)
		}
	}
	wait(a, false)
}

// TestReservationGoesRound has a node that wants a room see other holders. It asks to be next the sooner the longer it has
// waited, takes the reservation when the holder's time is over, and leaves it to another node that asked first, if that one
// is there.
func TestReservationGoesRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rs := &reservations{node: "c", now: time.Now}
		rs.contest("hot")
		expect := func(doc reservationDoc, want step, within time.Duration) {
			t.Helper()
			if now, wait := rs.next("hot", doc); now != want || wait > within {
				t.Fatalf("at number %d of %s it does %d after %v, want %d within %v", doc.Number, doc.Holder, now, wait, want, within)
			}
		}
		soon := 2 * lookEvery
		expect(reservationDoc{}, stepTake, 0) // nobody has it

		expect(reservationDoc{Holder: "a", Number: 1}, stepAsk, 0) // it never had it
		expect(reservationDoc{Holder: "a", Number: 1, Next: "b", After: 1}, stepLook, holdFor)
		time.Sleep(holdFor + lookEvery)
		expect(reservationDoc{Holder: "a", Number: 1, Next: "b", After: 1}, stepLook, soon) // it is b's
		time.Sleep(yieldFor)
		expect(reservationDoc{Holder: "a", Number: 1, Next: "b", After: 1}, stepTake, 0) // but b does not come

		expect(reservationDoc{Holder: "c", Number: 2, Next: "b", After: 1}, stepLook, 0)
		if rs.mustWait("hot") {
			t.Error("it waits while it is the holder")
		}
		time.Sleep(holdFor)
		if !rs.mustWait("hot") {
			t.Error("it does not wait when its time is over")
		}
		expect(reservationDoc{Holder: "c", Number: 2, Next: "a", After: 2}, stepLook, soon)

		expect(reservationDoc{Holder: "a", Number: 3, Next: "a", After: 2}, stepLook, holdFor/2) // b may ask before it
		time.Sleep(holdFor / 2)
		expect(reservationDoc{Holder: "a", Number: 3, Next: "a", After: 2}, stepAsk, 0) // nobody has
		expect(reservationDoc{Holder: "a", Number: 3, Next: "c", After: 3}, stepLook, holdFor/2)
		time.Sleep(holdFor / 2)
		expect(reservationDoc{Holder: "a", Number: 3, Next: "c", After: 3}, stepTake, 0)

		time.Sleep(2 * holdFor) // it has not looked for long, and does not know when the holder changed
		expect(reservationDoc{Holder: "b", Number: 5, Next: "a", After: 5}, stepLook, soon)
		expect(reservationDoc{Holder: "a", Number: 3, Next: "c", After: 3}, stepLook, soon) // an answer that comes late is no change
		if n := rs.rooms["hot"].number; n != 5 {
			t.Errorf("it is at number %d", n)
		}

		expect(reservationDoc{Holder: "c", Number: 50, Next: "a", After: 49}, stepLook, 0)
		time.Sleep(2 * holdFor)
		expect(reservationDoc{Holder: "a", Number: 1}, stepAsk, 0) // the collection was emptied, and a was quicker
	})
}
