package redis

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/redistest"
)

func TestUnreachableAtStart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	s := openAnyway(t, server.URL(), "a")
	if _, err := s.Join(t.Context(), "lobby", someone(1)); !errors.Is(err, presence.ErrUnavailable) {
		t.Errorf("Join: %v", err)
	}
	if _, err := s.Beat(t.Context()); !errors.Is(err, presence.ErrUnavailable) {
		t.Errorf("Beat: %v", err)
	}
	server.Restart()
	await(t, "a beat does what was wished", func() bool {
		_, err := s.Beat(t.Context())
		return err == nil && count(t, s, "lobby") == 1
	})
}

// The server stands still for longer than a lease. All leases have ended when it goes on, and nobody may be taken for dead.
func TestPausedServer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := open(t, server.URL(), "a"), open(t, server.URL(), "b")
	mustBeat(t, a)
	mustBeat(t, b)
	mustJoin(t, a, "lobby", 1)
	mustJoin(t, b, "lobby", 2)
	server.Pause()
	began := time.Now()
	if _, err := a.Join(t.Context(), "lobby", someone(3)); !errors.Is(err, presence.ErrUnavailable) {
		t.Errorf("Join: %v", err)
	}
	// Bounded, or nothing that waits for presence would ever end: 2 s are the limit, the rest is for a loaded machine.
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a call to a server that stands still took %v", took)
	}
	await(t, "the leases have ended", func() bool { return time.Since(began) > testLease*5/4 })
	server.Resume()
	await(t, "a beats again", func() bool {
		gone, err := a.Beat(t.Context())
		if len(gone) > 0 {
			t.Fatalf("taken for dead: %v", gone)
		}
		return err == nil
	})
	await(t, "b beats again", func() bool {
		gone, err := b.Beat(t.Context())
		if len(gone) > 0 {
			t.Fatalf("taken for dead: %v", gone)
		}
		return err == nil
	})
	mustBeat(t, a)
	if n := count(t, b, "lobby"); n != 3 {
		t.Errorf("%d in the room, want 3: what was asked meanwhile counts", n)
	}
}

// Redis answers nobody for less than a lease. The node that beat first has lost its lease by then, the one that beat after it has
// not, and must not take the first for dead.
func TestGapShorterThanALease(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := open(t, server.URL(), "a"), open(t, server.URL(), "b")
	a.lease, b.lease = 2*testLease, 2*testLease
	// remains tells how much of a node's lease does, by Redis's clock.
	remains := func(node string) time.Duration {
		now, err := server.Do("TIME").AsIntSlice()
		if err != nil {
			t.Fatal(err)
		}
		ends, err := server.Do("ZSCORE", leasesKey, node).AsFloat64()
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(int64(ends)-now[0]*1000-now[1]/1000) * time.Millisecond
	}
	mustJoin(t, b, "lobby", 2)
	await(t, "the mercy of the start is over", func() bool {
		mustBeat(t, a)
		mustBeat(t, b)
		return time.Now().After(a.mercy)
	})
	await(t, "a has beaten well after b", func() bool {
		mustBeat(t, a)
		return remains("b") < b.lease*3/4
	})
	await(t, "b's lease is over", func() bool { return remains("b") < 0 })
	if gone := mustBeat(t, a); len(gone) > 0 {
		t.Fatalf("taken for dead: %v", gone)
	}
	mustBeat(t, b)
	if n := count(t, a, "lobby"); n != 1 {
		t.Errorf("%d in the room, want 1", n)
	}
	// One that is dead goes, while beats come in time.
	await(t, "b goes", func() bool { return len(mustBeat(t, a)) == 1 })
}

// A call whose answer never came was done all the same. Asked again, it tells what it did.
func TestRepeatedAfterUnknownOutcome(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.URL(), "a")
	mustBeat(t, s)
	mustJoin(t, s, "warm", 0) // so that the server knows the scripts
	if _, err := s.Leave(t.Context(), "warm", someone(0).ID); err != nil {
		t.Fatal(err)
	}
	// given calls f while the server stands still, so that the command reaches it and the answer comes too late.
	given := func(f func(context.Context) error) {
		t.Helper()
		server.Pause()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := f(ctx); !errors.Is(err, presence.ErrUnavailable) {
			t.Errorf("an answer from a server that stands still: %v", err)
		}
		server.Resume()
	}
	given(func(ctx context.Context) error {
		_, err := s.Join(ctx, "lobby", someone(1))
		return err
	})
	await(t, "it was done", func() bool { return count(t, s, "lobby") == 1 })
	if c, err := s.Join(t.Context(), "lobby", someone(1)); err != nil || !c.Edge || c.Count != 1 {
		t.Errorf("Join again: %+v, %v; want an edge", c, err)
	}
	if c, err := s.Join(t.Context(), "lobby", someone(1)); err != nil || c.Edge {
		t.Errorf("a third Join: %+v, %v; want none", c, err)
	}
	given(func(ctx context.Context) error {
		_, err := s.Leave(ctx, "lobby", someone(1).ID)
		return err
	})
	await(t, "it was done", func() bool { return count(t, s, "lobby") == 0 })
	if c, err := s.Leave(t.Context(), "lobby", someone(1).ID); err != nil || !c.Edge || c.Count != 0 {
		t.Errorf("Leave again: %+v, %v; want an edge", c, err)
	}
	if c, err := s.Leave(t.Context(), "lobby", someone(1).ID); err != nil || c.Edge {
		t.Errorf("a third Leave: %+v, %v; want none", c, err)
	}
}

// snapshot remembers every key; restore makes them so again, as a replica does that took over with old data.
func snapshot(t *testing.T, server *redistest.Server) (restore func()) {
	t.Helper()
	keys, err := server.Do("KEYS", "*").AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, key := range keys {
		values[key] = server.Must("DUMP", key)
	}
	return func() {
		t.Helper()
		server.FlushAll()
		for key, value := range values {
			server.Must("RESTORE", key, "0", value)
		}
	}
}

func TestFailoverToAStaleReplica(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.URL(), "a")
	mustBeat(t, s)
	for n := range 5 {
		mustJoin(t, s, "lobby", n)
		mustJoin(t, s, "other", n)
	}
	restore := snapshot(t, server)
	mustJoin(t, s, "lobby", 5)
	renamed := someone(1)
	renamed.User.Name = "renamed"
	if _, err := s.Join(t.Context(), "lobby", renamed); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{2, 3} {
		if _, err := s.Leave(t.Context(), "lobby", someone(n).ID); err != nil {
			t.Fatal(err)
		}
	}
	restore()
	if n := count(t, s, "lobby"); n != 5 {
		t.Fatalf("%d in the room of the replica, want 5", n)
	}
	if gone := mustBeat(t, s); len(gone) > 0 {
		t.Errorf("departures %v", gone)
	}
	m, err := s.Members(t.Context(), "lobby", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range m.Users {
		names = append(names, u.Name)
	}
	if want := []string{"user 0", "renamed", "user 4", "user 5"}; !slices.Equal(names, want) {
		t.Errorf("after the repair %q, want %q", names, want)
	}
}

// A digest that is wrong by itself does not make beats repair the same bucket for ever.
func TestWrongDigest(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.URL(), "a")
	mustBeat(t, s)
	mustJoin(t, s, "lobby", 1)
	bucket := bucketOf("lobby")
	right := server.Must("HGET", digestsKey(bucket), "a")
	server.Must("HSET", digestsKey(bucket), "a", "12345")
	mustBeat(t, s)
	if got := server.Must("HGET", digestsKey(bucket), "a"); got != right {
		t.Errorf("the digest is %s, want %s", got, right)
	}
}

// A node of which only the digest is left, as by an eviction that must not be, is forgotten.
func TestDigestWithoutSessions(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server.URL(), "a")
	server.Must("HSET", digestsKey(5), "ghost", "12345")
	await(t, "the ghost is forgotten", func() bool {
		mustBeat(t, s)
		return server.Do("HGET", digestsKey(5), "ghost").Error() != nil
	})
}

// What is in Redis at the end of everything is nothing but epochs.
func TestLeavesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, dead := open(t, server.URL(), "a"), open(t, server.URL(), "dead")
	mustBeat(t, dead)
	for n := range 10 {
		mustJoin(t, dead, "lobby", n)
		mustJoin(t, a, "other", n)
	}
	if _, err := a.Leave(t.Context(), "other", someone(1).ID); err != nil {
		t.Fatal(err)
	}
	await(t, "the dead node is swept", func() bool { mustBeat(t, a); return count(t, a, "lobby") == 0 })
	dead.closed.Store(true) // its process is gone: it must not close properly
	dead.conn.Close()
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := server.Do("KEYS", "*").AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	var epochs []string
	for bucket := range buckets {
		epochs = append(epochs, epochKey(bucket))
	}
	slices.Sort(keys)
	slices.Sort(epochs)
	if !slices.Equal(keys, epochs) {
		t.Errorf("left: %q", keys)
	}
}

func TestHistoryOfTheOthers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b, c := open(t, server.URL(), "a"), open(t, server.URL(), "b"), open(t, server.URL(), "c")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	mustRefuse := func(err error) {
		t.Helper()
		if !errors.Is(err, presence.ErrOtherHistory) {
			t.Errorf("%v, want ErrOtherHistory", err)
		}
	}
	must(a.Register(t.Context(), "one"))
	must(b.Register(t.Context(), "one"))
	mustRefuse(c.Register(t.Context(), "two"))
	_, err := c.Beat(t.Context())
	mustRefuse(err)

	// Emptied at the worst moment: the stranger is there first, and still it is the one that goes.
	server.FlushAll()
	must(c.Register(t.Context(), "two"))
	mustBeat(t, a)
	_, err = c.Beat(t.Context())
	mustRefuse(err)
	mustBeat(t, b)

	// Who really moves to another history stops the nodes of the former one first.
	must(a.Close(t.Context()))
	await(t, "b counts as dead", func() bool { return c.Register(t.Context(), "two") == nil })
	mustBeat(t, c)
}

// A slot moves to another primary while sessions come and go in it.
func TestClusterMovesABucket(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	s := open(t, cluster.URL(), "a")
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
	await(t, "all are there", func() bool {
		_, err := s.Beat(t.Context())
		counts, countErr := s.Counts(t.Context(), []chat.RoomID{"lobby"})
		return err == nil && countErr == nil && counts[0] == 250
	})
}

// The primary of a bucket dies and its replica takes over.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	s := open(t, cluster.URL(), "a")
	mustBeat(t, s)
	for n := range 50 {
		mustJoin(t, s, "lobby", n)
	}
	cluster.Failover(cluster.OwnerOf(cluster.SlotOf(roomsKey(bucketOf("lobby")))))
	await(t, "a Join is taken and a beat goes well", func() bool {
		_, joinErr := s.Join(t.Context(), "lobby", someone(50))
		gone, err := s.Beat(t.Context())
		if len(gone) > 0 {
			t.Fatalf("departures %v", gone)
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
