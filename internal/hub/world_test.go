package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"salon/internal/broker"
	brokermem "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/cluster"
	"salon/internal/history"
	"salon/internal/history/sqlite"
	"salon/internal/presence/memory"
	"salon/internal/protocol"
	"salon/internal/roster"
	"salon/internal/sqliteconn"
	"salon/internal/ws"
)

// world is what the nodes of a test share.
type world struct {
	history  history.Store
	presence *memory.Shared
	net      *brokermem.Net
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &world{history: sqlite.New(db), presence: memory.New(), net: brokermem.NewNet()}
}

// grace is how long a lost connection may come back in these tests.
const grace = 50 * time.Millisecond

// testNode is a node in a test.
type testNode struct {
	*Hub
	name  string
	peers *cluster.Cluster
}

// inbox passes on what other nodes say.
type inbox struct {
	hub  *Hub
	keep *roster.Keeper
}

func (b *inbox) Events(id chat.RoomID, events []chat.Event) { b.hub.Events(id, events) }
func (b *inbox) Change(id chat.RoomID, c chat.Change)       { b.keep.Receive(id, c) }
func (b *inbox) Typing(id chat.RoomID, u chat.User)         { b.hub.Typing(id, u) }
func (b *inbox) UserChanged(u chat.User)                    { b.keep.UserChanged(u, false) }
func (b *inbox) Degraded(bool)                              {}

// setup is what a test may change in a node.
type setup struct {
	Config
	roster roster.Config
	broker func(broker.Handler) (broker.Broker, error)
}

// node makes one of several nodes; alone makes the only one.
func (w *world) node(t testing.TB, name string) *testNode {
	return w.with(t, name, true, func(*setup) {})
}
func (w *world) alone(t testing.TB) *testNode { return w.with(t, "alone", false, func(*setup) {}) }

// with makes a node with another configuration.
func (w *world) with(t testing.TB, name string, shared bool, change func(*setup)) *testNode {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	c := setup{
		Config: Config{History: w.history, CompareEvery: time.Second, Logger: log, Format: jsonFormat},
		roster: roster.Config{Presence: w.presence.Node(name), Grace: grace, Logger: log},
	}
	if shared {
		c.broker = func(h broker.Handler) (broker.Broker, error) { return w.net.Join(h), nil }
	}
	change(&c)
	in := &inbox{}
	peers, err := cluster.Open(cluster.Config{Node: name, OpenBroker: c.broker, Logger: log}, in)
	if err != nil {
		t.Fatal(err)
	}
	c.Cluster, c.roster.Cluster = peers, peers
	in.keep = roster.NewKeeper(c.roster)
	c.Rosters = in.keep
	h := New(c.Config)
	in.hub = h
	peers.Start()
	in.keep.Start()
	h.Start()
	n := &testNode{Hub: h, name: name, peers: peers}
	t.Cleanup(n.close)
	return n
}

// close closes the node, as often as it is called.
func (n *testNode) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n.peers.Close()
	n.rosters.Close(ctx)
	n.Close(ctx)
}

// jsonFormat is the JSON that clients of salon.v1.json get.
var jsonFormat = &Format{
	Event:  func(e *chat.Event) []byte { return protocol.AppendEvent(nil, e) },
	Change: func(id chat.RoomID, c *chat.Change) []byte { return protocol.AppendChange(nil, id, c) },
	Typing: func(id chat.RoomID, u chat.User) []byte {
		return protocol.Marshal(protocol.Typing{Type: "typing", Room: id, User: u})
	},
}

// lineFormat is lines for people, for members that must miss nothing.
var lineFormat = &Format{
	Event:    func(e *chat.Event) []byte { return []byte(e.User.Name + ": " + e.Text) },
	Change:   func(chat.RoomID, *chat.Change) []byte { return nil },
	Typing:   func(chat.RoomID, chat.User) []byte { return nil },
	OneByOne: true, NoEcho: true,
}

// screen is a member's connection in a test: what it would show.
type screen struct {
	mu    sync.Mutex
	full  bool // takes nothing within the bound
	onLag func(last uint64)
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

func (s *screen) Lagged(m Place, last uint64) {
	if s.onLag != nil {
		s.onLag(last)
		return
	}
	s.put(string(protocol.Marshal(protocol.Lag{Type: "lag", Room: m.Room(), Seq: last})))
}

// answer shows what a room answers to a join.
func (s *screen) answer(j *Joined) {
	s.put(string(protocol.AppendJoined(nil, "", &protocol.Joined{
		Room: "r", Head: j.Head, Lines: j.Lines(), More: j.More, Members: j.Members, Count: j.Count, Crowd: j.Crowd,
	})))
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

func join(t *testing.T, n *testNode, name string, from From) (*Member, *screen) {
	t.Helper()
	s := &screen{}
	return joinWith(t, n, s, Join{Session: "s_" + name + n.name, User: user(name), From: from}), s
}

// joinWith joins the room r, unless j names another.
func joinWith(t *testing.T, n *testNode, s *screen, j Join) *Member {
	t.Helper()
	if j.Room == "" {
		j.Room = "r"
	}
	if j.Format == nil {
		j.Format = jsonFormat
	}
	j.To, j.Answer = s, s.answer
	m, err := n.Join(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// say sends texts and waits for each to be acknowledged.
func say(t *testing.T, m *Member, name string, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		m.Send(chat.Event{Kind: chat.KindMessage, User: user(name), CID: fmt.Sprintf("%s-%d-%s", name, i, chat.NewCID()), Text: "x"},
			func(_ *chat.Event, err error) {
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
