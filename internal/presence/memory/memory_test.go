package memory

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/presence/presencetest"
)

func TestPresence(t *testing.T) {
	presencetest.Run(t, func(*testing.T) presencetest.World {
		shared, clock, away := New(), &presencetest.Clock{}, &atomic.Bool{}
		shared.now = clock.Now
		return presencetest.World{
			Lease:   presence.Lease,
			Advance: func(_ *testing.T, d time.Duration) { clock.Advance(d) },
			Open:    func(_ *testing.T, node string) presence.Store { return unreachable{shared.Node(node), away} },
			Empty:   func(*testing.T) { shared.empty() },
			Away: func(*testing.T) func() {
				away.Store(true)
				return func() { away.Store(false) }
			},
		}
	})
}

// empty makes the store lose everything, as a store of another engine may.
func (s *Shared) empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms, s.nodes, s.emptiedAt = map[chat.RoomID]*room{}, map[string]*Node{}, s.now()
}

// unreachable is a node whose calls fail while away is true, since their time is up.
type unreachable struct {
	*Node
	away *atomic.Bool
}

func (u unreachable) context(ctx context.Context) context.Context {
	if u.away.Load() {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return ended
	}
	return ctx
}

func (u unreachable) Join(ctx context.Context, room chat.RoomID, s presence.Session) (presence.Change, error) {
	return u.Node.Join(u.context(ctx), room, s)
}

func (u unreachable) Leave(ctx context.Context, room chat.RoomID, session string) (presence.Change, error) {
	return u.Node.Leave(u.context(ctx), room, session)
}

func (u unreachable) Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (presence.Members, error) {
	return u.Node.Members(u.context(ctx), room, cursor, limit)
}

func (u unreachable) Counts(ctx context.Context, rooms []chat.RoomID) ([]int, error) {
	return u.Node.Counts(u.context(ctx), rooms)
}

func (u unreachable) Digests(ctx context.Context, rooms []chat.RoomID) ([]presence.Digest, error) {
	return u.Node.Digests(u.context(ctx), rooms)
}

func (u unreachable) Rooms(ctx context.Context, limit int) (map[chat.RoomID]int, error) {
	return u.Node.Rooms(u.context(ctx), limit)
}

func (u unreachable) Beat(ctx context.Context) ([]presence.Departure, error) {
	return u.Node.Beat(u.context(ctx))
}

// With the contract's own times, in virtual time: a dead node's sessions are gone within 10 s.
func TestDeadWithinTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := New()
		alive, dead := shared.Node("alive"), shared.Node("dead")
		s := presence.Session{ID: "s1", User: chat.User{ID: "u_1", Name: "Ada"}}
		if _, err := dead.Join(t.Context(), "lobby", s); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for {
			departures, err := alive.Beat(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(departures) == 1 {
				break
			}
			if time.Since(start) > 10*time.Second {
				t.Fatal("still there after 10 s")
			}
			time.Sleep(presence.BeatEvery)
		}
	})
}

// The whole process was stopped. The node that beats first must not consider the others dead.
func TestStoppedProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := New()
		nodes := []*Node{shared.Node("a"), shared.Node("b")}
		for i, n := range nodes {
			s := presence.Session{ID: fmt.Sprint(i), User: chat.User{ID: chat.UserID(fmt.Sprint(i))}}
			if _, err := n.Join(t.Context(), "lobby", s); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		for range 2 {
			for _, n := range nodes {
				if departures, err := n.Beat(t.Context()); err != nil || len(departures) > 0 {
					t.Errorf("Beat: %v, %v", departures, err)
				}
			}
		}
	})
}

func BenchmarkJoinLeave(b *testing.B) {
	node := New().Node("a")
	ctx := context.Background()
	for i := range 10_000 {
		id := fmt.Sprint(i)
		node.Join(ctx, "lobby", presence.Session{ID: id, User: chat.User{ID: chat.UserID(id)}})
	}
	s := presence.Session{ID: "s", User: chat.User{ID: "5000x"}}
	b.ReportAllocs()
	for b.Loop() {
		node.Join(ctx, "lobby", s)
		node.Leave(ctx, "lobby", "s")
	}
}
