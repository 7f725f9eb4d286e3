package edge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	accountssqlite "salon/internal/accounts/sqlite"
	"salon/internal/broker"
	brokermemory "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/edge"
	"salon/internal/edge/salon"
	"salon/internal/edge/text"
	historysqlite "salon/internal/history/sqlite"
	"salon/internal/lang"
	"salon/internal/presence/memory"
	"salon/internal/protocol"
	"salon/internal/rooms"
	"salon/internal/sqliteconn"
	"salon/internal/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	queueBytes = 64 << 10
	// patience ends a test that hangs; nothing is judged by it.
	patience = 60 * time.Second
)

// house is a server of sessions in a test.
type house struct {
	*edge.Server
	url string

	mu    sync.Mutex
	conns []*ws.Conn // of its side, in the order in which they came
}

// world is what houses have in common, and what a test changes in it.
type world struct {
	rooms.Config
	hello time.Duration
}

func newWorld(t *testing.T) world {
	t.Helper()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return world{
		Config: rooms.Config{
			Node: "n", History: historysqlite.New(db), Accounts: accountssqlite.New(db), Presence: memory.New().Node("n"),
			Format: salon.Format, Logger: slog.New(slog.DiscardHandler), CompareEvery: time.Second,
			Limits: chat.Limits{Text: 64 << 10, Rooms: 10, Frame: 512 << 10}, Hold: time.Hour, Grace: 50 * time.Millisecond,
		},
		hello: time.Minute,
	}
}

// open opens a house, which change may make another.
func open(t *testing.T, change func(*world)) *house {
	t.Helper()
	w := newWorld(t)
	if change != nil {
		change(&w)
	}
	return w.open(t)
}

// openTwo opens two houses with one history, as nodes that hear each other by net.
func openTwo(t *testing.T, net *brokermemory.Net, change func(name string, w *world)) (one, two *house) {
	t.Helper()
	w, present := newWorld(t), memory.New()
	node := func(name string) *house {
		w := w
		w.Node, w.Presence = name, present.Node(name)
		w.OpenBroker = func(handler broker.Handler) (broker.Broker, error) { return net.Join(handler), nil }
		if change != nil {
			change(name, &w)
		}
		return w.open(t)
	}
	return node("n1"), node("n2")
}

// serve makes the rooms and the server of sessions.
func (w *world) serve(t *testing.T) (*rooms.Rooms, *edge.Server) {
	t.Helper()
	all, err := rooms.New(w.Config)
	if err != nil {
		t.Fatal(err)
	}
	all.Start()
	return all, edge.NewServer(edge.Config{
		Rooms: all, Dialects: map[string]edge.Open{protocol.Subprotocol: salon.Open, "": text.Open},
		Logger: w.Logger, Ping: time.Minute, Hello: w.hello,
	})
}

func (w *world) open(t *testing.T) *house {
	t.Helper()
	all, server := w.serve(t)
	h := &house{Server: server}
	options := &ws.Options{QueueBytes: queueBytes, Subprotocols: h.Subprotocols()}
	var served sync.WaitGroup
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := ws.Upgrade(w, r, options)
		if err != nil {
			return
		}
		h.mu.Lock()
		h.conns = append(h.conns, conn)
		h.mu.Unlock()
		params := &edge.Params{Room: chat.DefaultRoom}
		params.Lang, _ = lang.Parse(r.URL.Query().Get("lang"))
		served.Go(func() { h.Serve(conn, params) })
	}))
	h.url = "ws" + strings.TrimPrefix(web.URL, "http")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		h.Bye(ctx)
		served.Wait()
		web.Close()
		h.Stop()
		all.Close()
	})
	return h
}

// conn gives the house's side of a connection.
func (h *house) conn(i int) *ws.Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conns[i]
}

// guest is a client in a test.
type guest struct {
	t    *testing.T
	conn *ws.Conn
	held []map[string]any // came, and were not asked for yet
}

func visit(t *testing.T, h *house) *guest {
	t.Helper()
	conn, err := ws.Dial(t.Context(), h.url, &ws.DialOptions{Subprotocols: []string{protocol.Subprotocol}, MaxMessage: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Kill()
		<-conn.Done()
	})
	return &guest{t: t, conn: conn}
}

func (g *guest) say(format string, args ...any) {
	g.conn.Queue(ws.NewMessage(ws.Text, fmt.Appendf(nil, format, args...)))
	g.conn.Flush()
}

// next gives the next object of one of the types.
func (g *guest) next(types ...string) map[string]any {
	g.t.Helper()
	defer time.AfterFunc(patience, g.conn.Kill).Stop()
	for {
		for i, o := range g.held {
			for _, typ := range types {
				if o["type"] == typ {
					g.held = append(g.held[:i:i], g.held[i+1:]...)
					return o
				}
			}
		}
		_, b, err := g.conn.Read()
		if err != nil {
			g.t.Fatal(err)
		}
		for line := range strings.SplitSeq(string(b), "\n") {
			var o map[string]any
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				g.t.Fatal(err)
			}
			g.held = append(g.held, o)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// line gives what comes next in text mode.
func (g *guest) line() string {
	g.t.Helper()
	defer time.AfterFunc(patience, g.conn.Kill).Stop()
	_, b, err := g.conn.Read()
	if err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}

func visitText(t *testing.T, h *house) *guest {
	t.Helper()
	conn, err := ws.Dial(t.Context(), h.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Kill()
		<-conn.Done()
	})
	return &guest{t: t, conn: conn}
}

// in says hello with what the fields say and joins a room.
func (g *guest) in(room, fields string, args ...any) (welcome map[string]any) {
	g.t.Helper()
	g.say(`{"type":"hello",`+fields+`}`, args...)
	w := g.next("welcome")
	g.say(`{"type":"join","room":%q}`, room)
	g.next("joined")
	return w
}

// speaks tells under which name the guest speaks in a room.
func (g *guest) speaks(room string) string {
	g.t.Helper()
	g.say(`{"type":"send","room":%q,"cid":%q,"text":"x"}`, room, chat.NewCID())
	return g.next("event")["user"].(map[string]any)["name"].(string)
}
