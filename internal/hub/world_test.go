package hub

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"salon/internal/broker"
	brokermem "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/history/sqlite"
	"salon/internal/presence/memory"
	"salon/internal/sqliteconn"
	"salon/internal/ws"
)

// world is what the nodes of a test share.
type world struct {
	history  history.Store
	presence *memory.Shared
	net      *brokermem.Net
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &world{history: sqlite.New(db), presence: memory.New(), net: brokermem.NewNet()}
}

// node makes one of several nodes; alone makes the only one.
func (w *world) node(t *testing.T, name string) *Hub { return w.make(t, name, true) }
func (w *world) alone(t *testing.T) *Hub             { return w.make(t, "alone", false) }

func (w *world) make(t *testing.T, name string, shared bool) *Hub {
	t.Helper()
	return w.with(t, name, shared, func(*Config) {})
}

// with makes a node with another configuration.
func (w *world) with(t *testing.T, name string, shared bool, change func(*Config)) *Hub {
	t.Helper()
	c := Config{
		Node: name, History: w.history, Presence: w.presence.Node(name), Grace: 50 * time.Millisecond, CompareEvery: time.Second,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if shared {
		c.OpenBroker = func(h broker.Handler) (broker.Broker, error) { return w.net.Join(h), nil }
	}
	change(&c)
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	h.Start()
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// screen is a member's connection in a test: what it would show.
type screen struct {
	mu    sync.Mutex
	full  bool // takes nothing within the bound
	lines []string
	seen  []uint64 // numbers of the room, from answers and pushes, in order
	kinds []string // types of what came
}

func (s *screen) Queue(m *ws.Message) { s.put(string(m.Payload())) }
func (s *screen) Flush()              {}
func (s *screen) TryQueue(m *ws.Message) bool {
	s.mu.Lock()
	full := s.full
	s.mu.Unlock()
	if !full {
		s.put(string(m.Payload()))
	}
	return !full
}

func (s *screen) put(payload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.SplitSeq(payload, "\n") {
		s.lines = append(s.lines, line)
		var o struct {
			Type   string
			Change string
			Seq    uint64
			Events []struct{ Seq uint64 }
		}
		if json.Unmarshal([]byte(line), &o) != nil {
			continue
		}
		s.kinds = append(s.kinds, strings.TrimSuffix(o.Type+" "+o.Change, " "))
		for _, e := range o.Events {
			s.seen = append(s.seen, e.Seq)
		}
		if o.Type == "event" {
			s.seen = append(s.seen, o.Seq)
		}
	}
}

func (s *screen) setFull(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = full
}

func (s *screen) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, k := range s.kinds {
		if k == kind {
			n++
		}
	}
	return n
}

func (s *screen) last() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) == 0 {
		return 0
	}
	return s.seen[len(s.seen)-1]
}

// dense fails unless the screen has seen first to last, each once and in order.
func (s *screen) dense(t *testing.T, first, last uint64) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	want := first
	for _, seq := range s.seen {
		if seq != want {
			t.Fatalf("saw %d where %d was next (of %d to %d)", seq, want, first, last)
		}
		want++
	}
	if want != last+1 {
		t.Fatalf("saw up to %d, want %d", want-1, last)
	}
}

func user(name string) chat.User {
	return chat.User{ID: chat.UserID("u_" + name), Name: name, Color: "#000000"}
}

func join(t *testing.T, h *Hub, name string, from From) (*Member, *screen) {
	t.Helper()
	s := &screen{}
	m, err := h.Join(t.Context(), JoinParams{Room: "r", Session: "s_" + name + h.node, User: user(name), Sink: s, From: from})
	if err != nil {
		t.Fatal(err)
	}
	return m, s
}

// say sends texts and waits for each to be acknowledged.
func say(t *testing.T, m *Member, name string, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		m.Send(chat.Event{Kind: chat.KindMessage, User: user(name), CID: fmt.Sprintf("%s-%d-%s", name, i, chat.NewCID()), Text: "x"},
			func(_ chat.Event, err error) {
				if err != nil {
					t.Error(err)
				}
				wg.Done()
			})
	}
	wg.Wait()
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}
