package faults

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"salon/internal/chat"
	"salon/internal/mongotest"
	"salon/internal/redistest"
	"salon/test/harness"
)

// world is all that runs: the nodes, the servers that they use, and the clients.
type world struct {
	redis    *redistest.Server
	nodes    []*node
	events   *mongo.Collection // read directly, through no proxy and no node
	clients  *clients
	watchers []*person // one at each node, which stays there
	places   places
}

// places gives each place to one fault at a time. The plan does so too, but healing a fault may take longer than planned.
type places struct {
	mu    sync.Mutex // guards what follows
	locks map[string]*sync.Mutex
}

// hold waits until the places are free and takes them; release frees them. Names are in the same order in all calls.
func (p *places) hold(names []string) (release func()) {
	var held []*sync.Mutex
	for _, name := range names {
		l := p.lock(name)
		l.Lock()
		held = append(held, l)
	}
	return func() {
		for _, l := range held {
			l.Unlock()
		}
	}
}

func (p *places) lock(name string) *sync.Mutex {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.locks == nil {
		p.locks = map[string]*sync.Mutex{}
	}
	if p.locks[name] == nil {
		p.locks[name] = &sync.Mutex{}
	}
	return p.locks[name]
}

// node is a server process with the links that it has.
type node struct {
	*harness.Server
	front, redis, store *link
}

// start starts everything. It is stopped at the test's end; the nodes' logs stay when the test failed.
func start(t *testing.T) *world {
	t.Helper()
	w := &world{redis: redistest.Start(t)}
	store, err := url.Parse(mongotest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	store.Path = mongotest.Database()
	w.open(t, store)
	proxies, logs := newProxies(), logFolder(t)
	for i := range nodes {
		n := &node{
			redis: newLink(t, proxies, fmt.Sprint("redis ", i+1), w.redis.Addr),
			store: newLink(t, proxies, fmt.Sprint("store ", i+1), store.Host),
		}
		own := *store
		own.Host, own.RawQuery = n.store.address(), "directConnection=true"
		args := []string{"--redis", "redis://" + n.redis.address(), "--mongo", own.String(),
			"--ping", "2s", "--max-rate", "0", "--log-file", filepath.Join(logs, fmt.Sprintf("node%d.log", i+1))}
		if i == 0 {
			args = append(args, "--no-poll") // both ways to wait for connections are tested
		}
		n.Server = harness.Start(t, args...)
		n.front = newLink(t, proxies, fmt.Sprint("clients ", i+1), fmt.Sprint("127.0.0.1:", n.Port))
		w.nodes = append(w.nodes, n)
	}
	return w
}

// url is where clients reach the node.
func (n *node) url() string { return "ws://" + n.front.address() + "/ws" }

// comeBack tries to start a killed node until it runs: the servers that it needs to start may be away.
func (n *node) comeBack() error {
	end := time.Now().Add(harness.Patience)
	for {
		err := n.TryRun()
		if err == nil || time.Now().After(end) {
			return err
		}
		n.Kill() // waits for the process, which has ended
	}
}

func logFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "salon-faults-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the nodes' logs are in %s", dir)
		} else {
			os.RemoveAll(dir)
		}
	})
	return dir
}

// open opens the history directly, through no proxy and no node.
func (w *world) open(t *testing.T, store *url.URL) {
	c, err := mongo.Connect(options.Client().ApplyURI(store.String()))
	if err != nil {
		t.Fatal(err)
	}
	db := c.Database(store.Path)
	w.events = db.Collection("events")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
		defer cancel()
		if err := errors.Join(db.Drop(ctx), c.Disconnect(ctx)); err != nil {
			t.Log(err)
		}
	})
}

// logs reads every room's log out of the database, as docs/SCHEMA.md describes it.
func (w *world) logs(ctx context.Context) (map[chat.RoomID][]chat.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, harness.Patience)
	defer cancel()
	cursor, err := w.events.Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	var docs []struct {
		Room string
		Seq  int64
		User struct{ ID string }
		CID  string
		Text string
	}
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	logs := map[chat.RoomID][]chat.Event{}
	for _, d := range docs {
		room := chat.RoomID(d.Room)
		logs[room] = append(logs[room], chat.Event{
			Room: room, Seq: uint64(d.Seq), User: chat.User{ID: chat.UserID(d.User.ID)}, CID: d.CID, Text: d.Text,
		})
	}
	return logs, nil
}
