package redis

import (
	"context"
	"slices"
	"testing"

	"salon/internal/chat"
	"salon/internal/redistest"
)

// A slot moves to another primary while sessions come and go in it.
func TestClusterMovesABucket(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	s := newWorld(cluster.URL(), patient).open(t, "a")
	mustBeat(t, s)
	for n := range 250 {
		mustJoin(t, s, "lobby", n)
	}
	slot := cluster.SlotOf(roomsKey(bucketOf("lobby")))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 250; ; n++ {
			select {
			case <-stop:
				return
			default: // may fail while the slot moves; the beat repairs what then differs
				s.Join(context.Background(), "lobby", someone(n))
				s.Leave(context.Background(), "lobby", someone(n).ID)
			}
		}
	}()
	cluster.Move(slot, (cluster.OwnerOf(slot)+1)%3)
	close(stop)
	<-stopped
	redistest.Await(t, "all are in the room", func() bool {
		_, err := s.Beat(t.Context())
		counts, countErr := s.Counts(t.Context(), []chat.RoomID{"lobby"})
		return err == nil && countErr == nil && counts[0] == 250
	})
}

// The primary of a bucket dies and its replica takes over.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	s := newWorld(cluster.URL(), patient).open(t, "a")
	mustBeat(t, s)
	for n := range 50 {
		mustJoin(t, s, "lobby", n)
	}
	cluster.Failover(cluster.OwnerOf(cluster.SlotOf(roomsKey(bucketOf("lobby")))))
	redistest.Await(t, "a Join and a beat succeed", func() bool {
		_, joinErr := s.Join(t.Context(), "lobby", someone(50))
		departures, err := s.Beat(t.Context())
		if len(departures) > 0 {
			t.Fatalf("departures %v", departures)
		}
		return joinErr == nil && err == nil && count(t, s, "lobby") == 51
	})
}

func TestBucketsSpreadOverPrimaries(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	var share [3]int
	for bucket := range buckets {
		share[cluster.OwnerOf(cluster.SlotOf(roomsKey(bucket)))]++
	}
	if slices.Min(share[:]) < buckets/6 {
		t.Errorf("buckets on the primaries: %v", share)
	}
}
