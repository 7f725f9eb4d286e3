package redis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"salon/internal/broker"
	"salon/internal/broker/brokertest"
	"salon/internal/chat"
	"salon/internal/redisconn"
	"salon/internal/redistest"
)

// setup says how a test opens its nodes.
type setup struct {
	url      string
	history  string
	timeouts redisconn.Timeouts
	times    times
}

// patient is a setup for tests in which Redis answers, however slowly.
func patient(url string) setup {
	long := redisconn.Timeouts{
		Dial: redistest.Patience, Idle: redistest.Patience, Answer: redistest.Patience, Call: redistest.Patience,
	}
	times := defaultTimes()
	times.probeEvery, times.staleAfter, times.subscribe = redistest.Patience/4, redistest.Patience, redistest.Patience
	return setup{url: url, history: "h_test", timeouts: long, times: times}
}

// hasty is a setup with the real times, for tests in which a node must notice that Redis does not answer. On a slow machine a
// node may notice that for no reason, so these tests wait for conditions that hold again and again.
func hasty(url string) setup { return setup{url: url, history: "h_test"} }

func (s setup) open(tb testing.TB, node string, h broker.Handler) *Broker {
	tb.Helper()
	target, err := redisconn.ParseURL(s.url)
	if err != nil {
		tb.Fatal(err)
	}
	target.Timeouts = s.timeouts
	b := Open(target, node, h, Options{History: s.history, Log: slog.New(slog.DiscardHandler), times: s.times})
	tb.Cleanup(func() { b.Close() })
	return b
}

// beside names another room of the same partition. One goroutine handles both rooms' messages.
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
				return patient(server.URL()).open(t, chat.NewNodeID(), h)
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
				return patient(cluster.URL()).open(t, chat.NewNodeID(), h)
			},
			Beside: beside,
		}
	})
}

// inbox counts the messages that arrive.
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

func (i *inbox) count(msg string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.got[msg]
}

// pair opens two nodes, of which the second is subscribed to the rooms.
func (s setup) pair(tb testing.TB, rooms ...chat.RoomID) (from, to *Broker, box *inbox) {
	tb.Helper()
	box = &inbox{}
	from = s.open(tb, "from", func(chat.RoomID, []byte) {})
	to = s.open(tb, "to", box.take)
	redistest.Await(tb, "both are healthy", func() bool { return from.Healthy() && to.Healthy() })
	for _, room := range rooms {
		redistest.Await(tb, "subscribed", func() bool { return to.Subscribe(context.Background(), room) == nil })
	}
	return from, to, box
}

// reaches publishes a message that is new until it arrives.
func reaches(tb testing.TB, from *Broker, box *inbox, room chat.RoomID) {
	tb.Helper()
	msg := chat.NewCID()
	redistest.Await(tb, fmt.Sprintf("a message in %s arrives", room), func() bool {
		from.Publish(context.Background(), room, []byte(msg))
		return box.count(msg) > 0
	})
}
