// Package mongo keeps history in MongoDB, or in a server that speaks as MongoDB does, so that any number of nodes share
// it. docs/SCHEMA.md describes what is stored.
//
// It owns the client's connections, one goroutine that writes hints of the heads, and caches that can be forgotten at
// any time: what a log's next number is, the unique keys of the events decide, whoever asks.
//
// Locks: Store.mu, marks.mu, hints.mu, turns.mu and floors.mu, never two at once and never while waiting. A turn (one
// append at a time in a room of this store) is a token taken with a context, before any of them.
package mongo

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/history"
)

// Options are what may be chosen; the zero value works.
type Options struct {
	Database string           // default: that of the connection string, else "salon"
	Timeout  time.Duration    // for one request to the server, which it may be told; default 5 s
	Log      *slog.Logger     // default: slog.Default()
	Now      func() time.Time // the clock for the events' times; default time.Now
}

// selection is how long a request waits for a server to write to before the store counts as away. An election of a new
// primary may take longer; the callers keep what they have to store and ask again.
const selection = 2500 * time.Millisecond

// Store is a [history.Store] in one database of a MongoDB-compatible server.
type Store struct {
	client  *mongo.Client
	db      *mongo.Database
	log     *slog.Logger
	now     func() time.Time
	timeout time.Duration // for one request
	patient time.Duration // for one Append, all its requests together
	secret  *strings.Replacer
	server  server // what is on the other end, set at Open

	events, rooms, users, tokens, names, floor, meta *mongo.Collection

	reader reader
	turns  turns
	marks  marks
	hints  *hints
	floors floors
	counts counts
	id     atomic.Pointer[string]

	mu     sync.Mutex // guards closed, and that no call begins after it
	closed bool
	calls  sync.WaitGroup
	close  func() error
}

var (
	_ history.Store     = (*Store)(nil)
	_ accounts.Store    = (*Store)(nil)
	_ accounts.Exporter = (*Store)(nil)
	_ accounts.Importer = (*Store)(nil)
	_ history.Importer  = (*Store)(nil)
)

// Open connects to the server that uri names (mongodb:// or mongodb+srv://), makes the collections and indexes that are
// missing, and logs what the server offers of what is used. Whatever uri says of write concern, read concern, read
// preference and retried writes is replaced: the store needs majority, majority, primary, and retries by itself.
// A server that is away gives [history.ErrUnavailable] after at most some seconds. No error holds the password.
func Open(ctx context.Context, uri string, o Options) (*Store, error) { return open(ctx, uri, o, nil) }

// open is Open; a test may change what was found out about the server.
func open(ctx context.Context, uri string, o Options, change func(*server)) (*Store, error) {
	client, secret, err := connect(uri)
	if err != nil {
		return nil, err
	}
	s := newStore(client, database(uri, o.Database), secret, o)
	if err := s.prepare(ctx, change); err != nil {
		err = s.failure(ctx, "open", err)
		s.disconnect()
		return nil, err
	}
	s.server.report(s.log, s.db.Name())
	s.reader = newReader(s)
	s.hints = startHints(s)
	s.close = sync.OnceValue(s.stop)
	return s, nil
}

func newStore(client *mongo.Client, name string, secret *strings.Replacer, o Options) *Store {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	db := client.Database(name)
	s := &Store{
		client: client, db: db, log: o.Log, now: o.Now, secret: secret,
		timeout: o.Timeout, patient: 3 * o.Timeout,
		events: db.Collection("events"), rooms: db.Collection("rooms"), users: db.Collection("users"),
		tokens: db.Collection("tokens"), names: db.Collection("names"), meta: db.Collection("meta"),
		floor: db.Collection("floors"),
	}
	s.floors = floors{s: s, node: chat.NewNodeID()}
	return s
}

// connect makes the client; nothing is sent yet. What the parser says of a bad string may quote the password, so it is
// not passed on.
func connect(uri string) (*mongo.Client, *strings.Replacer, error) {
	o := options.Client().ApplyURI(uri)
	if o.Validate() != nil {
		return nil, nil, fmt.Errorf("mongo: the connection string is not valid: it is mongodb://[user:password@]host[:port][,…]/[database][?options], with the password percent-encoded")
	}
	// Retried writes: the store finds out by cid what an unknown outcome stored, which holds on servers without them
	// too, and one way is better tested than two.
	o.SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary()).
		SetRetryWrites(false).SetServerSelectionTimeout(selection).SetConnectTimeout(selection).SetAppName("salon")
	client, err := mongo.Connect(o)
	secret := redacter(uri, o)
	if err != nil {
		return nil, nil, fmt.Errorf("mongo: %s", secret.Replace(err.Error()))
	}
	return client, secret, nil
}

// redacter replaces the password of uri wherever it shows, in both its spellings.
func redacter(uri string, o *options.ClientOptions) *strings.Replacer {
	var pairs []string
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		userinfo, _, _ := strings.Cut(rest, "@")
		if _, written, ok := strings.Cut(userinfo, ":"); ok && written != "" && strings.Contains(rest, "@") {
			pairs = append(pairs, written, "…")
		}
	}
	if o.Auth != nil && o.Auth.Password != "" {
		pairs = append(pairs, o.Auth.Password, "…")
	}
	return strings.NewReplacer(pairs...)
}

// database chooses the database: the one asked for, else the one in the connection string, else "salon".
func database(uri, asked string) string {
	if asked != "" {
		return asked
	}
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	if _, name, _ := strings.Cut(rest, "/"); name != "" {
		return name
	}
	return "salon"
}

// begin lets a call in. The caller calls s.calls.Done when it is through.
func (s *Store) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return history.ErrClosed
	}
	s.calls.Add(1)
	return nil
}

// Close waits for the calls under way, writes the last hints and disconnects.
func (s *Store) Close() error { return s.close() }

func (s *Store) stop() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.calls.Wait()
	s.hints.stop()
	return s.disconnect()
}

func (s *Store) disconnect() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	if err := s.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("mongo: disconnect: %s", s.secret.Replace(err.Error()))
	}
	return nil
}
