package redis

import (
	"errors"
	"slices"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/redisconn"
	"salon/internal/redistest"
)

func TestUnreachableAtStart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	s := newWorld(server.URL(), patient).start(t, "a")
	if _, err := s.Join(t.Context(), "lobby", someone(1)); !errors.Is(err, presence.ErrUnavailable) {
		t.Errorf("Join: %v", err)
	}
	if _, err := s.Beat(t.Context()); !errors.Is(err, presence.ErrUnavailable) {
		t.Errorf("Beat: %v", err)
	}
	server.Restart()
	redistest.Await(t, "a beat does what was asked for", func() bool {
		_, err := s.Beat(t.Context())
		return err == nil && count(t, s, "lobby") == 1
	})
}

// The server stands still for longer than a lease. All leases have ended when it continues, and no node may be considered dead.
func TestPausedServer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	w := newWorld(server.URL(), redisconn.Timeouts{})
	a, b := w.open(t, "a"), w.open(t, "b")
	// A call may fail on a slow machine, since the timeouts are the real ones here. What was asked for counts all the same.
	awaitBeat := func(s *Store) {
		t.Helper()
		redistest.Await(t, "a beat", func() bool {
			departures, err := s.Beat(t.Context())
			if len(departures) > 0 {
				t.Fatalf("considered dead: %v", departures)
			}
			return err == nil
		})
	}
	awaitBeat(a)
	awaitBeat(b)
	a.Join(t.Context(), "lobby", someone(1))
	b.Join(t.Context(), "lobby", someone(2))
	server.Pause()
	began := time.Now()
	if _, err := a.Join(t.Context(), "lobby", someone(3)); !errors.Is(err, presence.ErrUnavailable) {
		t.Errorf("Join: %v", err)
	}
	// Bounded, or callers would wait forever.
	if took := time.Since(began); took > redistest.Patience {
		t.Errorf("a call to a server that stands still took %v", took)
	}
	server.Resume()
	w.advance(t, testLease*5/4)
	awaitBeat(a)
	awaitBeat(b)
	redistest.Await(t, "all who joined are in the room", func() bool {
		awaitBeat(a)
		awaitBeat(b)
		counts, err := b.Counts(t.Context(), []chat.RoomID{"lobby"})
		return err == nil && counts[0] == 3
	})
}

// Redis answers nobody for less than a lease. The node that beat first has lost its lease by then. The node that beat after it
// has not, and must not consider the first one dead.
func TestGapShorterThanALease(t *testing.T) {
	t.Parallel()
	w := newWorld(redistest.Start(t).URL(), patient)
	a, b := w.open(t, "a"), w.open(t, "b")
	mustJoin(t, b, "lobby", 2)
	for mustBeat(t, a); a.lease.inGrace(); mustBeat(t, a) {
		mustBeat(t, b)
		w.advance(t, testLease/10)
	}
	mustBeat(t, b)
	w.advance(t, testLease*3/10)
	mustBeat(t, a)
	w.advance(t, testLease*8/10) // b's lease has ended, a's has not
	if departures := mustBeat(t, a); len(departures) > 0 {
		t.Fatalf("considered dead: %v", departures)
	}
	mustBeat(t, b)
	if n := count(t, a, "lobby"); n != 1 {
		t.Errorf("%d in the room, want 1", n)
	}
	// A dead node's sessions are removed, while beats come in time.
	for steps := 0; len(mustBeat(t, a)) != 1; steps++ {
		if steps == 20 {
			t.Fatal("b is dead, and nobody removes its sessions")
		}
		w.advance(t, testLease/10)
	}
}

// snapshot copies every key. Restore sets them back, as when a replica takes over that had old data.
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
	s := newWorld(server.URL(), patient).open(t, "a")
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
	mustLeave(t, s, "lobby", 2)
	mustLeave(t, s, "lobby", 3)
	restore()
	if n := count(t, s, "lobby"); n != 5 {
		t.Fatalf("%d in the room of the replica, want 5", n)
	}
	if departures := mustBeat(t, s); len(departures) > 0 {
		t.Errorf("departures %v", departures)
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

// A digest that is wrong although the sessions are right is corrected, so that beats do not repair the bucket again and again.
func TestWrongDigest(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newWorld(server.URL(), patient).open(t, "a")
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

// A node of which only the digest is left, as by an eviction that must not happen, is forgotten.
func TestDigestWithoutSessions(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	w := newWorld(server.URL(), patient)
	s := w.open(t, "a")
	server.Must("HSET", digestsKey(5), "lost", "12345")
	for steps := 0; server.Do("HGET", digestsKey(5), "lost").Error() == nil; steps++ {
		if steps == 20 {
			t.Fatal("its digest is still there")
		}
		mustBeat(t, s)
		w.advance(t, testLease/10)
	}
}

// When all nodes have left, Redis holds nothing but epochs.
func TestLeavesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	w := newWorld(server.URL(), patient)
	a, dead := w.open(t, "a"), w.open(t, "dead")
	mustBeat(t, dead)
	for n := range 10 {
		mustJoin(t, dead, "lobby", n)
		mustJoin(t, a, "other", n)
	}
	mustLeave(t, a, "other", 1)
	for steps := 0; count(t, a, "lobby") > 0; steps++ {
		if steps == 20 {
			t.Fatal("the dead node's sessions are still there")
		}
		mustBeat(t, a)
		w.advance(t, testLease/10)
	}
	dead.closed.Store(true) // its process has died: it must not close properly
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
	w := newWorld(server.URL(), patient)
	a, b, c := w.open(t, "a"), w.open(t, "b"), w.open(t, "c")
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

	// Redis is emptied, and the node of the other history is the first to come back. It is still the one that is refused.
	server.FlushAll()
	must(c.Register(t.Context(), "two"))
	mustBeat(t, a)
	_, err = c.Beat(t.Context())
	mustRefuse(err)
	mustBeat(t, b)

	// An operator who moves to another history stops the nodes of the former one first.
	must(a.Close(t.Context()))
	w.advance(t, testLease)
	must(c.Register(t.Context(), "two"))
	mustBeat(t, c)
}
