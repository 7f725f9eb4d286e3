package mongo

import (
	"context"
	"fmt"
	"sync"
	"testing"

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
