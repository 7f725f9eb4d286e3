package session

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"salon/internal/accounts"
	accountssqlite "salon/internal/accounts/sqlite"
	"salon/internal/broker"
	brokermemory "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/history"
	historysqlite "salon/internal/history/sqlite"
	"salon/internal/hub"
	"salon/internal/presence/memory"
	"salon/internal/protocol"
	"salon/internal/sqliteconn"
	"salon/internal/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const queueBytes = 64 << 10

// house is a server of sessions in a test.
type house struct {
	*Server
	url string

	mu    sync.Mutex
	conns []*ws.Conn // of its side, in the order in which they came
}

// open opens a house; users may be nil for those of the history.
func open(t *testing.T, users func(accounts.Store) accounts.Store) *house {
	t.Helper()
	return build(t, openStore(t), users, hub.Config{Node: "n", Presence: memory.New().Node("n")})
}

// openWith opens a house whose rooms' logs go through logs.
func openWith(t *testing.T, logs func(history.Store) history.Store, users func(accounts.Store) accounts.Store) *house {
	t.Helper()
	store := openStore(t)
	return build(t, store, users, hub.Config{Node: "n", History: logs(store.log), Presence: memory.New().Node("n")})
}

// openTwo opens two houses with one history, as nodes that hear each other by net.
func openTwo(t *testing.T, net *brokermemory.Net) (one, two *house) {
	t.Helper()
	store, present := openStore(t), memory.New()
	node := func(name string) *house {
		var h *house
		h = build(t, store, nil, hub.Config{
			Node: name, Presence: present.Node(name),
			OpenBroker: func(handler broker.Handler) (broker.Broker, error) { return net.Join(handler), nil },
			OnRename:   func(user chat.User) { h.Renamed(user) },
		})
		return h
	}
	return node("n1"), node("n2")
}

// stores are an embedded history's.
type stores struct {
	log   history.Store
	users accounts.Store
}

func openStore(t *testing.T) stores {
	t.Helper()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return stores{historysqlite.New(db), accountssqlite.New(db)}
}

func build(t *testing.T, store stores, users func(accounts.Store) accounts.Store, node hub.Config) *house {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	node.Logger, node.Grace = log, 50*time.Millisecond
	if node.History == nil {
		node.History = store.log
	}
	rooms, err := hub.New(node)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Hub: rooms, Users: store.users, Logger: log, Ping: time.Minute, Hello: time.Minute, Hold: time.Hour,
		Limits: chat.Limits{Text: 64 << 10, Rooms: 10, Frame: 512 << 10},
	}
	if users != nil {
		c.Users = users(store.users)
	}
	h := &house{Server: NewServer(c)}
	rooms.Start()
	options := &ws.Options{QueueBytes: queueBytes, Subprotocols: []string{protocol.Subprotocol}}
	var served sync.WaitGroup
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := ws.Upgrade(w, r, options)
		if err != nil {
			return
		}
		h.mu.Lock()
		h.conns = append(h.conns, conn)
		h.mu.Unlock()
		served.Go(func() { h.Serve(conn, Params{Room: chat.DefaultRoom}) })
	}))
	h.url = "ws" + strings.TrimPrefix(web.URL, "http")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		h.Bye(ctx)
		served.Wait()
		web.Close()
		h.Stop()
		rooms.Close()
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
	defer time.AfterFunc(20*time.Second, g.conn.Kill).Stop()
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
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestFrameOfManyRequestsFillsNoMemory(t *testing.T) {
	h := open(t, nil)
	g := visit(t, h)
	g.say(`{"type":"hello","name":"ada"}` + "\n" + `{"type":"join","room":"r"}`)
	g.next("joined")
	const texts, requests = 20, 90 // more than the sockets hold, within the burst that is not slowed down
	for i := range texts {
		g.say(`{"type":"send","room":"r","cid":"c%d","text":%q}`, i, strings.Repeat("x", 8<<10))
		g.next("ack")
	}
	page := texts * 9 << 10
	g.say("%s", strings.Repeat(`{"type":"history","room":"r"}`+"\n", requests))
	server := h.conn(0)
	most, steady := 0, 0 // nobody reads: it grows until the server waits
	eventually(t, "the server waits", func() bool {
		if n := server.Queued(); n > most {
			most, steady = n, 0
		} else if n > queueBytes/2 {
			steady++
		}
		return steady == 50
	})
	if most > queueBytes+page {
		t.Errorf("%d bytes wait for one who reads nothing", most)
	}
	defer time.AfterFunc(20*time.Second, g.conn.Kill).Stop()
	for got := 0; got < requests; { // and nothing is lost
		_, b, err := g.conn.Read()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(b), `{"type":"history"`) {
			got++
		}
	}
}

// forgetful is a store of identities that does what the first claim asks, and does not answer.
type forgetful struct {
	accounts.Store
	once sync.Once
}

func (f *forgetful) ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error {
	err := f.Store.ClaimName(ctx, key, user, now, until)
	f.once.Do(func() { err = history.ErrUnavailable })
	return err
}

func TestNameClaimedWithoutAnAnswer(t *testing.T) {
	h := open(t, func(all accounts.Store) accounts.Store { return &forgetful{Store: all} })
	g := visit(t, h)
	g.say(`{"type":"hello","name":"ada"}`)
	if e := g.next("error", "welcome"); e["code"] != "unavailable" || e["temporary"] != true {
		t.Fatalf("got %v", e)
	}
	g.say(`{"type":"hello","name":"ada"}`)
	if w := g.next("error", "welcome"); w["type"] != "welcome" {
		t.Errorf("tried again: %v", w)
	}
}

func TestLostWelcome(t *testing.T) {
	h := open(t, nil)
	const secret = "made-by-chance-0123456789"
	hello := func(name string, more string) map[string]any {
		t.Helper()
		g := visit(t, h)
		g.say(`{"type":"hello","name":%q,"secret":%q%s}`, name, secret, more)
		return g.next("welcome", "error")
	}
	first := hello("ada", "") // and this answer is lost
	again := hello("ada", "")
	if again["type"] != "welcome" || again["token"] != first["token"] || again["back"] != false {
		t.Fatalf("said again: %v, first %v", again, first)
	}
	if first["user"].(map[string]any)["id"] != again["user"].(map[string]any)["id"] {
		t.Errorf("two users: %v, %v", first["user"], again["user"])
	}
	if other := hello("eve", ""); other["token"] != first["token"] || other["user"].(map[string]any)["name"] != "eve" {
		t.Errorf("said again with another name: %v", other)
	}
	g := visit(t, h)
	g.say(`{"type":"hello","token":%q}`, first["token"])
	if w := g.next("welcome", "error"); w["back"] != true || w["user"].(map[string]any)["name"] != "eve" {
		t.Errorf("with the token: %v", w)
	}
	if w := hello("bob", `,"token":"nobody's"`); w["code"] != "invalid_token" {
		t.Errorf("a token counts before a secret: %v", w)
	}
	for _, bad := range []string{"short", strings.Repeat("x", chat.MaxSecret+1)} {
		g := visit(t, h)
		g.say(`{"type":"hello","name":"bob","secret":%q}`, bad)
		if e := g.next("welcome", "error"); e["code"] != "bad_request" {
			t.Errorf("a secret of %d bytes: %v", len(bad), e)
		}
	}
}

func TestTextModeGoesToAnotherRoomWhileCatchingUp(t *testing.T) {
	h := open(t, nil)
	conn, err := ws.Dial(t.Context(), h.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		conn.Kill()
		<-conn.Done()
	}()
	read := func(want string) {
		t.Helper()
		defer time.AfterFunc(20*time.Second, conn.Kill).Stop()
		for {
			_, b, err := conn.Read()
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(b), want) {
				return
			}
		}
	}
	say := func(text string) {
		conn.Queue(ws.NewMessage(ws.Text, []byte(text)))
		conn.Flush()
	}
	say("bob")
	read("Bienvenue")
	g := visit(t, h)
	g.say(`{"type":"hello","name":"ada"}` + "\n" + `{"type":"join","room":"lobby"}`)
	g.next("joined")
	lags := h.Hub.Stats()
	for i := 0; lags.Lags.Load() == 0; i++ { // bob reads nothing
		g.say(`{"type":"send","room":"lobby","cid":"c%d","text":%q}`, i, strings.Repeat("x", 32<<10))
		g.next("ack")
	}
	say("/join garden") // waits to be read until there is room
	read("Vous êtes maintenant dans garden")
	eventually(t, "it caught up with nothing any more", func() bool { return h.conn(0).Queued() == 0 })
	say("/who")
	read("Dans garden (1)")
	if n := lags.Members.Load(); n != 2 {
		t.Errorf("%d members of two rooms with one each", n)
	}
}
