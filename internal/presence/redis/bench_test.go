package redis

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"salon/internal/chat"
	"salon/internal/redistest"
)

const users = 10_000

// filled opens a store with 10,000 users in the lobby.
func filled(b *testing.B) (*Store, *redistest.Server) {
	b.Helper()
	server := redistest.Start(b)
	s := newWorld(server.URL(), patient).open(b, "a")
	mustBeat(b, s)
	const workers = 64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := w; n < users; n += workers {
				if _, err := s.Join(context.Background(), "lobby", someone(n)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return s, server
}

// One session joins and leaves a room of 10,000.
func BenchmarkJoinLeave(b *testing.B) {
	s, _ := filled(b)
	next := atomic.Int64{}
	next.Store(users)
	b.ResetTimer()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		who := someone(int(next.Add(1)))
		for pb.Next() {
			if _, err := s.Join(context.Background(), "lobby", who); err != nil {
				b.Error(err)
			}
			if _, err := s.Leave(context.Background(), "lobby", who.ID); err != nil {
				b.Error(err)
			}
		}
	})
}

// A page of 100 from the middle of a room of 10,000.
func BenchmarkMembers(b *testing.B) {
	s, _ := filled(b)
	for b.Loop() {
		m, err := s.Members(context.Background(), "lobby", "u_05000", 100)
		if err != nil || len(m.Users) != 100 || m.Count != users {
			b.Fatal(len(m.Users), m.Count, err)
		}
	}
}

// A beat of a node with 10,000 sessions in 5,000 rooms and nothing to repair.
func BenchmarkBeat(b *testing.B) {
	server := redistest.Start(b)
	s := newWorld(server.URL(), patient).open(b, "a")
	mustBeat(b, s)
	for n := range users {
		mustJoin(b, s, chat.RoomID("room-"+strconv.Itoa(n/2)), n)
	}
	for b.Loop() {
		mustBeat(b, s)
	}
}

// The beat that puts 10,000 sessions of one room back after Redis was emptied.
func BenchmarkRefill(b *testing.B) {
	s, server := filled(b)
	for b.Loop() {
		b.StopTimer()
		server.FlushAll()
		b.StartTimer()
		mustBeat(b, s)
		b.StopTimer()
		if n := count(b, s, "lobby"); n != users {
			b.Fatalf("%d put back", n)
		}
		b.StartTimer()
	}
}
