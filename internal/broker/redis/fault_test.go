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
	from := openAs(t, server.URL(), "from", box.take)
	to := openAs(t, server.URL(), "to", box.take)
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
	await(t, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	if to.Epoch() == epoch {
		t.Error("a subscription that came late has not changed the epoch")
	}
}

// A server that stands still keeps its connections and answers nothing.
func TestPausedServer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, box := pair(t, server.URL(), "lobby")
	epoch := to.Epoch()
	server.Pause()
	began := time.Now()
	if err := from.Publish(t.Context(), "lobby", []byte("x")); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Publish: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second { // 2 s is the rule; the rest is for a loaded machine
		t.Errorf("Publish took %v", took)
	}
	await(t, "it is noticed", func() bool { return !from.Healthy() && !to.Healthy() })
	await(t, "the connection is given up", func() bool { return to.Epoch() != epoch })
	server.Resume()
	await(t, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	reaches(t, from, box, "lobby")
}

func TestCloseWhilePaused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, _ := pair(t, server.URL(), "lobby")
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
	case <-time.After(20 * time.Second):
		t.Fatal("Close waits for a server that stands still")
	}
}

// The slot of a partition goes to another primary: the server ends the subscription, and the node renews it there.
func TestReshardedUnderASubscription(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	from, to, box := pair(t, cluster.URL(), "lobby")
	reaches(t, from, box, "lobby")
	epoch := to.Epoch()
	slot := cluster.SlotOf(channelOf(partitionOf("lobby")))
	for range 2 {
		cluster.Move(slot, (cluster.OwnerOf(slot)+1)%3)
		await(t, "the loss is told", func() bool { return to.Epoch() > epoch })
		reaches(t, from, box, "lobby")
		await(t, "healthy again", to.Healthy)
		epoch = to.Epoch()
	}
}

// The primary of a partition dies and its replica takes over.
func TestFailoverUnderASubscription(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	from, to, box := pair(t, cluster.URL(), "lobby", "other")
	epoch := to.Epoch()
	cluster.Failover(cluster.OwnerOf(cluster.SlotOf(channelOf(partitionOf("lobby")))))
	reaches(t, from, box, "lobby")
	reaches(t, from, box, "other")
	await(t, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	if to.Epoch() == epoch {
		t.Error("the loss was not told")
	}
}

// A room's partition stays subscribed a while after its last room, and no longer.
func TestUnwantedPartitionEnds(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, box := pair(t, server.URL(), "lobby")
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
	await(t, "the server has no subscriber", func() bool { return subscribers() == 0 })
	if !to.Healthy() || to.Epoch() != epoch {
		t.Errorf("what nobody wants counts as a loss: healthy %v, epoch %d, before %d", to.Healthy(), to.Epoch(), epoch)
	}
	if err := to.Subscribe(t.Context(), "lobby"); err != nil {
		t.Fatal(err)
	}
	reaches(t, from, box, "lobby")
	if to.Epoch() != epoch {
		t.Error("subscribing again counts as a loss")
	}
}

// Every connection of a node is cut by the server; it comes back with another epoch.
func TestConnectionCut(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, box := pair(t, server.URL(), "lobby", "other")
	for range 3 {
		epoch := to.Epoch()
		server.Must("CLIENT", "KILL", "SKIPME", "yes", "TYPE", "pubsub")
		await(t, "the loss is told", func() bool { return to.Epoch() > epoch })
		reaches(t, from, box, "lobby")
		reaches(t, from, box, "other")
		await(t, "healthy again", to.Healthy)
	}
}

// A subscription that the server has but that carries nothing is noticed and renewed: here the canaries go astray.
func TestSubscribedInNameOnly(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	from, to, box := pair(t, server.URL(), "lobby")
	p := to.parts[partitionOf("lobby")]
	epoch := to.Epoch()
	p.mu.Lock()
	p.heard = time.Now().Add(-3 * staleAfter)
	p.mu.Unlock()
	if to.Healthy() {
		t.Error("healthy without having heard anything")
	}
	await(t, "it is renewed", func() bool { return to.Epoch() > epoch })
	await(t, "healthy again", to.Healthy)
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
	from := openAs(b, server.URL(), "from", func(chat.RoomID, []byte) {})
	came := make(chan struct{}, 1<<16)
	to := openAs(b, server.URL(), "to", func(chat.RoomID, []byte) { came <- struct{}{} })
	await(b, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
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
			<-came
		}
	})
}
