package memory

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/presence/presencetest"
)

func TestPresence(t *testing.T) {
	presencetest.Run(t, func(*testing.T) presencetest.World {
		shared := NewWithLease(300 * time.Millisecond)
		return presencetest.World{
			Lease: shared.lease,
			Open:  func(_ *testing.T, node string) presence.Store { return shared.Node(node) },
			Empty: func(*testing.T) { shared.Empty() },
			Away: func(*testing.T) func() {
				shared.SetAway(true)
				return func() { shared.SetAway(false) }
			},
		}
	})
}

// With the contract's own times, in a bubble where they cost nothing: a dead node is gone within 10 s.
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
			gone, err := alive.Beat(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(gone) == 1 {
				break
			}
			if time.Since(start) > 10*time.Second {
				t.Fatal("still there after 10 s")
			}
			time.Sleep(presence.BeatEvery)
		}
	})
}

// The whole process was stopped: who beats first must not take the others for dead.
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
				if gone, err := n.Beat(t.Context()); err != nil || len(gone) > 0 {
					t.Errorf("Beat: %v, %v", gone, err)
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
