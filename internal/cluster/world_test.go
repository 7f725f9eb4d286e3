package cluster

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"salon/internal/broker"
	"salon/internal/broker/memory"
	"salon/internal/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var silent = slog.New(slog.DiscardHandler)

// recorder is a handler that keeps what it was told.
type recorder struct {
	enter chan struct{} // UserChanged waits for it, if not nil

	mu       sync.Mutex // guards what follows
	events   []chat.Event
	batches  []int // the events of each call
	told     []string
	degraded []bool
}

func newRecorder() *recorder { return &recorder{} }

func (r *recorder) Events(room chat.RoomID, events []chat.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, events...)
	r.batches = append(r.batches, len(events))
}

func (r *recorder) Change(room chat.RoomID, c chat.Change) {
	r.tell(fmt.Sprintf("%s: %s %s (%s)", room, c.Kind, c.User.Name, c.Old))
}

func (r *recorder) Typing(room chat.RoomID, u chat.User) {
	r.tell(fmt.Sprintf("%s: %s writes", room, u.Name))
}

func (r *recorder) UserChanged(u chat.User) {
	if r.enter != nil {
		<-r.enter
	}
	r.tell("now " + u.Name)
}

func (r *recorder) Degraded(degraded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.degraded = append(r.degraded, degraded)
}

func (r *recorder) tell(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, s)
}

// seqs gives the numbers of the events so far.
func (r *recorder) seqs() []uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return numbers(r.events)
}

func numbers(events []chat.Event) []uint64 {
	var seqs []uint64
	for i := range events {
		seqs = append(seqs, events[i].Seq)
	}
	return seqs
}

// node is a cluster in a test, and its own end of the net.
type node struct {
	*Cluster
	heard  *recorder
	broker *memory.Node
}

// startNode starts a node on the net. The test closes it, if it has not done so itself.
func startNode(t *testing.T, net *memory.Net, name string) *node {
	t.Helper()
	n := &node{heard: newRecorder()}
	var err error
	n.Cluster, err = Open(Config{
		Node: name, Logger: silent,
		OpenBroker: func(h broker.Handler) (broker.Broker, error) {
			n.broker = net.Join(h)
			return n.broker, nil
		},
	}, n.heard)
	if err != nil {
		t.Fatal(err)
	}
	n.Start()
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// events are those with the numbers from first to last.
func events(first, last uint64) []chat.Event {
	var events []chat.Event
	for seq := first; seq <= last; seq++ {
		events = append(events, sample(seq))
	}
	return events
}

// elapsed is what the clock of a synctest bubble shows since start.
func elapsed(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }

// logTo is a logger that writes lines to b.
func logTo(b *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
