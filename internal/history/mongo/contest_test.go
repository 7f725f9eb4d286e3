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
					stores = append(stores, openOn(b, uri, db, nil))
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
		stats := s.Stats()
		conflicts, appends = conflicts+stats.Conflicts, appends+stats.Appends
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
		s := openOn(t, uri, db, nil)
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
		t.Logf("node %d: %+v", n, s.Stats())
	}
}

// TestFloor takes the steps of a floor one by one: taking it, leaving it to another, going on as if alone.
func TestFloor(t *testing.T) {
	t.Parallel()
	uri, db := mongotest.Start(t), mongotest.Database()
	a, b := openOn(t, uri, db, nil), openOn(t, uri, db, nil)
	wait := func(s *Store, want bool) {
		t.Helper()
		if waited, err := s.floors.wait(t.Context(), "hot"); err != nil || waited != want {
			t.Fatalf("waited %v, want %v, %v", waited, want, err)
		}
	}
	wait(a, false) // nobody competes
	a.floors.seek("hot")
	wait(a, true) // to take it
	if doc, err := b.floors.read(t.Context(), "hot"); err != nil || doc.Node != a.floors.node || doc.Turn != 1 {
		t.Fatalf("the floor is %+v, %v", doc, err)
	}
	wait(b, false) // b does not know yet
	if err := b.floors.look(t.Context(), []chat.RoomID{"other", "hot"}); err != nil {
		t.Fatal(err)
	}
	wait(b, true) // until a's slot is over
	if doc, err := a.floors.read(t.Context(), "hot"); err != nil || doc.Node != b.floors.node || doc.Turn != 2 {
		t.Fatalf("the floor is %+v, %v", doc, err)
	}
	wait(a, true) // and back
	sought := func() bool {
		a.floors.mu.Lock()
		defer a.floors.mu.Unlock()
		return a.floors.of["hot"].sought
	}
	for sought() { // nobody else wants it: in the end a goes on as if alone
		if _, err := a.floors.wait(t.Context(), "hot"); err != nil {
			t.Fatal(err)
		}
		if err := sleep(t.Context(), floorPoll); err != nil {
			t.Fatal(err)
		}
	}
	wait(a, false)
}

// TestFloorGoesRound has a node that wants a room see turns of others: it asks to be next the sooner the longer it has
// waited, takes the floor when the slot ends, and leaves it to another who asked first, if that one is there.
func TestFloorGoesRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &floors{node: "c"}
		f.seek("hot")
		expect := func(doc floorDoc, want step, within time.Duration) {
			t.Helper()
			if now, wait := f.next("hot", doc); now != want || wait > within {
				t.Fatalf("at turn %d of %s it does %d after %v, want %d within %v", doc.Turn, doc.Node, now, wait, want, within)
			}
		}
		soon := 2 * floorPoll
		expect(floorDoc{}, stepTake, 0) // nobody has it

		expect(floorDoc{Node: "a", Turn: 1}, stepAsk, 0) // it never had it
		expect(floorDoc{Node: "a", Turn: 1, Next: "b", After: 1}, stepLook, floorSlot)
		time.Sleep(floorSlot + floorPoll)
		expect(floorDoc{Node: "a", Turn: 1, Next: "b", After: 1}, stepLook, soon) // it is b's
		time.Sleep(floorYield)
		expect(floorDoc{Node: "a", Turn: 1, Next: "b", After: 1}, stepTake, 0) // but b does not come

		expect(floorDoc{Node: "c", Turn: 2, Next: "b", After: 1}, stepLook, 0)
		if f.mustWait("hot") {
			t.Error("it waits in its own slot")
		}
		time.Sleep(floorSlot)
		if !f.mustWait("hot") {
			t.Error("it does not wait when its slot is over")
		}
		expect(floorDoc{Node: "c", Turn: 2, Next: "a", After: 2}, stepLook, soon)

		expect(floorDoc{Node: "a", Turn: 3, Next: "a", After: 2}, stepLook, floorSlot/2) // b may ask before it
		time.Sleep(floorSlot / 2)
		expect(floorDoc{Node: "a", Turn: 3, Next: "a", After: 2}, stepAsk, 0) // nobody has
		expect(floorDoc{Node: "a", Turn: 3, Next: "c", After: 3}, stepLook, floorSlot/2)
		time.Sleep(floorSlot / 2)
		expect(floorDoc{Node: "a", Turn: 3, Next: "c", After: 3}, stepTake, 0)

		time.Sleep(2 * floorSlot) // it has not looked for long, and does not know when this turn began
		expect(floorDoc{Node: "b", Turn: 5, Next: "a", After: 5}, stepLook, soon)
		expect(floorDoc{Node: "a", Turn: 3, Next: "c", After: 3}, stepLook, soon) // an answer that comes late is no turn
		if f.of["hot"].turn != 5 {
			t.Errorf("it is at turn %d", f.of["hot"].turn)
		}

		expect(floorDoc{Node: "c", Turn: 50, Next: "a", After: 49}, stepLook, 0)
		time.Sleep(2 * floorSlot)
		expect(floorDoc{Node: "a", Turn: 1}, stepAsk, 0) // the collection was emptied, and a was quicker
	})
}
