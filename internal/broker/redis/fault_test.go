package redis

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"salon/internal/broker"
	"salon/internal/chat"
	"salon/internal/redistest"
)

func TestUnreachableAtStart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	box := &inbox{}
	from := patient(server.URL()).open(t, "from", box.take)
	to := patient(server.URL()).open(t, "to", box.take)
	if from.Healthy() {
		t.Error("healthy without a server")
	}
	if err := to.Subscribe(t.Context(), "lobby"); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Subscribe: %v", err)
	}
	if err := from.Publish(t.Context(), "lobby", []byte("x")); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Publish: %v", err)
	}
	epoch := to.Epoch()
	server.Restart()
	reaches(t, from, box, "lobby")
	redistest.Await(t, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	if to.Epoch() == epoch {
		t.Error("a subscription that came late has not changed the epoch")
	}
}

// A server that stands still keeps its connections and answers nothing.
func TestPausedServer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, box := hasty(server.URL()).pair(t, "lobby")
	epoch := to.Epoch()
	server.Pause()
	began := time.Now()
	if err := from.Publish(t.Context(), "lobby", []byte("x")); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Publish: %v", err)
	}
	if took := time.Since(began); took > redistest.Patience { // bounded, or callers would wait forever
		t.Errorf("Publish took %v", took)
	}
	redistest.Await(t, "both nodes notice it", func() bool { return !from.Healthy() && !to.Healthy() })
	redistest.Await(t, "the connection is given up", func() bool { return to.Epoch() != epoch })
	server.Resume()
	redistest.Await(t, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	reaches(t, from, box, "lobby")
}

func TestCloseWhilePaused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, _ := hasty(server.URL()).pair(t, "lobby")
	server.Pause()
	defer server.Resume()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		from.Close()
		to.Close()
	}()
	select {
	case <-closed:
	case <-time.After(redistest.Patience):
		t.Fatal("Close waits for a server that stands still")
	}
}

// The slot of a partition moves to another primary. The server ends the subscription, and the node subscribes there.
func TestReshardedUnderASubscription(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	from, to, box := patient(cluster.URL()).pair(t, "lobby")
	reaches(t, from, box, "lobby")
	epoch := to.Epoch()
	slot := cluster.SlotOf(channelOf(partitionOf("lobby")))
	for range 2 {
		cluster.Move(slot, (cluster.OwnerOf(slot)+1)%3)
		redistest.Await(t, "the epoch changes", func() bool { return to.Epoch() > epoch })
		reaches(t, from, box, "lobby")
		redistest.Await(t, "healthy again", to.Healthy)
		epoch = to.Epoch()
	}
}

// The primary of a partition dies and its replica takes over.
func TestFailoverUnderASubscription(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	from, to, box := patient(cluster.URL()).pair(t, "lobby", "other")
	epoch := to.Epoch()
	cluster.Failover(cluster.OwnerOf(cluster.SlotOf(channelOf(partitionOf("lobby")))))
	reaches(t, from, box, "lobby")
	reaches(t, from, box, "other")
	redistest.Await(t, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	if to.Epoch() == epoch {
		t.Error("messages may have been lost and the epoch is the same")
	}
}

// A partition stays subscribed for a while after its last room, and then its subscription ends.
func TestUnwantedPartitionEnds(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, box := patient(server.URL()).pair(t, "lobby")
	channel := channelOf(partitionOf("lobby"))
	subscribers := func() int64 {
		answer, err := server.Do("PUBSUB", "SHARDNUMSUB", channel).ToArray()
		if err != nil || len(answer) != 2 {
			t.Fatal(answer, err)
		}
		n, err := answer[1].AsInt64()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := subscribers(); n != 1 {
		t.Fatalf("%d subscribers, want 1", n)
	}
	epoch := to.Epoch()
	to.Unsubscribe("lobby")
	redistest.Await(t, "the server has no subscriber", func() bool { return subscribers() == 0 })
	if !to.Healthy() || to.Epoch() != epoch {
		t.Errorf("the end of an unwanted subscription counts as a loss: healthy %v, epoch %d, before %d", to.Healthy(), to.Epoch(), epoch)
	}
	if err := to.Subscribe(t.Context(), "lobby"); err != nil {
		t.Fatal(err)
	}
	reaches(t, from, box, "lobby")
	if to.Epoch() != epoch {
		t.Error("subscribing again counts as a loss")
	}
}

// The server cuts every connection of a node. The node connects again, with another epoch.
func TestConnectionCut(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, box := patient(server.URL()).pair(t, "lobby", "other")
	for range 3 {
		epoch := to.Epoch()
		server.Must("CLIENT", "KILL", "SKIPME", "yes", "TYPE", "pubsub")
		redistest.Await(t, "the epoch changes", func() bool { return to.Epoch() > epoch })
		reaches(t, from, box, "lobby")
		reaches(t, from, box, "other")
		redistest.Await(t, "healthy again", to.Healthy)
	}
}

// The server has a subscription on which nothing arrives, not even probes. The node notices that and renews it.
func TestSubscriptionWithoutMessages(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, box := patient(server.URL()).pair(t, "lobby")
	p := to.partitions[partitionOf("lobby")]
	epoch := to.Epoch()
	if to.watcher.healthy(time.Now().Add(to.times.staleAfter)) {
		t.Error("healthy although no message has come back for staleAfter")
	}
	p.mu.Lock()
	p.heard = time.Now().Add(-3 * to.times.staleAfter)
	p.mu.Unlock()
	redistest.Await(t, "the subscription is renewed", func() bool { return to.Epoch() > epoch })
	redistest.Await(t, "healthy again", to.Healthy)
	reaches(t, from, box, "lobby")
}

func TestPartitionsSpreadOverPrimaries(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	var share [3]int
	for i := range partitions {
		share[cluster.OwnerOf(cluster.SlotOf(channelOf(i)))]++
	}
	if slices.Min(share[:]) < partitions/6 {
		t.Errorf("partitions on the primaries: %v", share)
	}
}

func BenchmarkPublish(b *testing.B) {
	server := redistest.Start(b)
	from := patient(server.URL()).open(b, "from", func(chat.RoomID, []byte) {})
	arrived := make(chan struct{}, 1<<16)
	to := patient(server.URL()).open(b, "to", func(chat.RoomID, []byte) { arrived <- struct{}{} })
	redistest.Await(b, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	if err := to.Subscribe(context.Background(), "lobby"); err != nil {
		b.Fatal(err)
	}
	msg := make([]byte, 512)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := from.Publish(context.Background(), "lobby", msg); err != nil {
				b.Error(err)
			}
			<-arrived
		}
	})
}
