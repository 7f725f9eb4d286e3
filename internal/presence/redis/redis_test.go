package redis

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/presence/presencetest"
	"salon/internal/redisconn"
	"salon/internal/redistest"
)

const testLease = 1500 * time.Millisecond

// open opens a store and waits until it is connected.
func open(tb testing.TB, url, node string) *Store {
	tb.Helper()
	s := openAnyway(tb, url, node)
	await(tb, "connected", func() bool {
		_, err := s.conn.Client()
		return err == nil
	})
	return s
}

func openAnyway(tb testing.TB, url, node string) *Store {
	tb.Helper()
	target, err := redisconn.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	s := Open(target, node, Options{Lease: testLease, Log: slog.New(slog.DiscardHandler)})
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		s.Close(ctx)
	})
	return s
}

func await(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	presencetest.Run(t, func(t *testing.T) presencetest.World {
		server.FlushAll()
		return presencetest.World{
			Lease: testLease,
			Open:  func(t *testing.T, node string) presence.Store { return open(t, server.URL(), node) },
			Empty: func(*testing.T) { server.FlushAll() },
			Away: func(*testing.T) func() {
				server.Kill()
				return server.Restart
			},
		}
	})
}

func TestPresenceInCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	presencetest.Run(t, func(t *testing.T) presencetest.World {
		cluster.FlushAll()
		return presencetest.World{
			Lease: testLease,
			Open:  func(t *testing.T, node string) presence.Store { return open(t, cluster.URL(), node) },
			Empty: func(*testing.T) { cluster.FlushAll() },
		}
	})
}

func someone(n int) presence.Session {
	id := chat.UserID(fmt.Sprintf("u_%05d", n))
	u := chat.User{ID: id, Name: fmt.Sprintf("user %d", n), Color: chat.ColorOf(id)}
	return presence.Session{ID: fmt.Sprintf("s_%05d", n), User: u}
}

func mustJoin(tb testing.TB, s *Store, room chat.RoomID, n int) {
	tb.Helper()
	if _, err := s.Join(context.Background(), room, someone(n)); err != nil {
		tb.Fatal(err)
	}
}

func mustBeat(tb testing.TB, s *Store) []presence.Departure {
	tb.Helper()
	gone, err := s.Beat(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return gone
}

func count(tb testing.TB, s *Store, room chat.RoomID) int {
	tb.Helper()
	counts, err := s.Counts(context.Background(), []chat.RoomID{room})
	if err != nil {
		tb.Fatal(err)
	}
	return counts[0]
}
