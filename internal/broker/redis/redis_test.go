package redis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"salon/internal/broker"
	"salon/internal/broker/brokertest"
	"salon/internal/chat"
	"salon/internal/redisconn"
	"salon/internal/redistest"
)

func openAs(tb testing.TB, url, node string, h broker.Handler) *Broker {
	tb.Helper()
	return openIn(tb, url, "h_test", node, h)
}

// openIn opens a node that writes the history of that name.
func openIn(tb testing.TB, url, history, node string, h broker.Handler) *Broker {
	tb.Helper()
	target, err := redisconn.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	b := Open(target, node, h, Options{History: history, Log: slog.New(slog.DiscardHandler)})
	tb.Cleanup(func() { b.Close() })
	return b
}

func await(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("waited in vain: %s", what)
		}
	}
}

// beside names another room of the same partition: one goroutine brings both their messages.
func beside(room chat.RoomID) chat.RoomID {
	for i := 0; ; i++ {
		if other := chat.RoomID(fmt.Sprintf("beside-%d", i)); partitionOf(other) == partitionOf(room) {
			return other
		}
	}
}

func TestBroker(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	brokertest.Run(t, func(t *testing.T) brokertest.World {
		return brokertest.World{
			Join: func(t *testing.T, h broker.Handler) broker.Broker {
				return openAs(t, server.URL(), chat.NewNodeID(), h)
			},
			Cut: func(*testing.T, broker.Broker) func() {
				server.Kill()
				return server.Restart
			},
			Beside: beside,
		}
	})
}

func TestBrokerInCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	brokertest.Run(t, func(t *testing.T) brokertest.World {
		return brokertest.World{
			Join: func(t *testing.T, h broker.Handler) broker.Broker {
				return openAs(t, cluster.URL(), chat.NewNodeID(), h)
			},
			Beside: beside,
		}
	})
}

// inbox counts what comes.
type inbox struct {
	mu  sync.Mutex
	got map[string]int
}

func (i *inbox) take(_ chat.RoomID, msg []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.got == nil {
		i.got = map[string]int{}
	}
	i.got[string(msg)]++
}

func (i *inbox) has(msg string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.got[msg]
}

// pair opens two nodes, the second subscribed to the rooms.
func pair(tb testing.TB, url string, rooms ...chat.RoomID) (from, to *Broker, box *inbox) {
	tb.Helper()
	box = &inbox{}
	from = openAs(tb, url, "from", func(chat.RoomID, []byte) {})
	to = openAs(tb, url, "to", box.take)
	await(tb, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	for _, room := range rooms {
		if err := to.Subscribe(context.Background(), room); err != nil {
			tb.Fatal(err)
		}
	}
	return from, to, box
}

// reaches publishes until something arrives that was published by this very call.
func reaches(tb testing.TB, from *Broker, box *inbox, room chat.RoomID) {
	tb.Helper()
	msg := chat.NewCID()
	await(tb, fmt.Sprintf("a message in %s arrives", room), func() bool {
		from.Publish(context.Background(), room, []byte(msg))
		return box.has(msg) > 0
	})
}
