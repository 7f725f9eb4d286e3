// Package mongoconn connects to one MongoDB deployment and holds what the engines on MongoDB share: the client with its
// connections, the settings for reads and writes, the translation of errors, and the pause before another try.
//
// A [DB] owns the client. The engines share it; whichever of them is closed closes it for all.
//
// Locks: gate.mu, never held while waiting.
package mongoconn

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// Options are what may be chosen; the zero value works.
type Options struct {
	Database string        // default: that of the connection string, else "salon"
	Timeout  time.Duration // for one request to the server; default 5 s
	// Selection is how long a request waits for a server to write to before the deployment counts as unavailable; default
	// 2.5 s. An election of a new primary may take longer. Callers keep what they have to store, and try again.
	Selection time.Duration
	Log       *slog.Logger // default: slog.Default()
}

// DB is one database of a MongoDB-compatible server. It is safe for concurrent use.
type DB struct {
	Log     *slog.Logger
	Timeout time.Duration // for one request

	gate
	translator

	client *mongo.Client
	db     *mongo.Database
	before []func() // see BeforeClose
	close  func() error
}

// Open connects to the server that uri names (mongodb:// or mongodb+srv://) and logs what the server is. Whatever uri says
// of write concern, read concern, read preference and retried writes is replaced: the engines need majority, majority,
// primary, and retry by themselves. No error holds the password. Errors: [chat.ErrUnavailable], after at most some seconds.
func Open(ctx context.Context, uri string, o Options) (*DB, error) {
	o = o.withDefaults()
	client, t, err := connect(uri, o.Selection)
	if err != nil {
		return nil, err
	}
	t.timeout = o.Timeout
	db := &DB{
		Log: o.Log, Timeout: o.Timeout, translator: t,
		client: client, db: client.Database(databaseName(uri, o.Database)),
	}
	bounded, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	found, err := inspect(bounded, db.db)
	if err != nil {
		err = db.Translate(ctx, "connect", err)
		_ = db.disconnect() // nothing is under way
		return nil, err
	}
	db.close = sync.OnceValue(db.stop)
	found.report(o.Log, db.Name())
	return db, nil
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Selection <= 0 {
		o.Selection = 2500 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// connect makes the client; nothing is sent yet. What the parser says of a bad string may quote the password, so it is
// not passed on.
func connect(uri string, selection time.Duration) (client *mongo.Client, t translator, err error) {
	o := options.Client().ApplyURI(uri)
	a := parseAddress(uri)
	if err := o.Validate(); err != nil {
		return nil, t, notValid(a, err)
	}
	if err := a.wrongOption(); err != nil {
		return nil, t, err
	}
	// Retried writes are off: the engines find out by themselves what an unknown outcome stored. That works on servers
	// without retried writes too, and one way is tested better than two.
	o.SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary()).
		SetRetryWrites(false).SetServerSelectionTimeout(selection).SetConnectTimeout(selection).SetAppName("salon")
	t.secret, t.hosts = redacter(uri, o), strings.Join(o.Hosts, ", ")
	if client, err = mongo.Connect(o); err != nil {
		return nil, t, fmt.Errorf("mongo: %s", t.Redact(err))
	}
	return client, t, nil
}

// Name returns the database's name.
func (db *DB) Name() string { return db.db.Name() }

// Collection returns a collection of the database.
func (db *DB) Collection(name string, o ...options.Lister[options.CollectionOptions]) *mongo.Collection {
	return db.db.Collection(name, o...)
}

// Collections lists what the server says of the collection with this name, if it exists.
func (db *DB) Collections(ctx context.Context, name string) ([]mongo.CollectionSpecification, error) {
	ctx, cancel := context.WithTimeout(ctx, db.Timeout)
	defer cancel()
	return db.db.ListCollectionSpecifications(ctx, bson.D{{Key: "name", Value: name}})
}

// Create makes a collection if it does not exist.
func (db *DB) Create(ctx context.Context, name string, o ...options.Lister[options.CreateCollectionOptions]) error {
	ctx, cancel := context.WithTimeout(ctx, db.Timeout)
	defer cancel()
	if err := db.db.CreateCollection(ctx, name, o...); err != nil && !HasCode(err, codeNamespaceExists) {
		return fmt.Errorf("make the collection %s: %w", name, err)
	}
	return nil
}

// Index makes an ascending index if it does not exist.
func (db *DB) Index(ctx context.Context, in *mongo.Collection, name string, unique bool, keys ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 12*db.Timeout) // the collection may be large, and its index dropped by somebody
	defer cancel()
	var ascending bson.D
	for _, key := range keys {
		ascending = append(ascending, bson.E{Key: key, Value: 1})
	}
	model := mongo.IndexModel{Keys: ascending, Options: options.Index().SetName(name).SetUnique(unique)}
	if _, err := in.Indexes().CreateOne(ctx, model); err != nil {
		return fmt.Errorf("make the index %s of %s: %w", name, in.Name(), err)
	}
	return nil
}

// Call runs one request of an engine's method. It bounds the request in time and translates its error.
func (db *DB) Call(ctx context.Context, what string, request func(context.Context) error, own ...error) error {
	if err := db.Enter(); err != nil {
		return err
	}
	defer db.Leave()
	bounded, cancel := context.WithTimeout(ctx, db.Timeout)
	defer cancel()
	return db.Translate(ctx, what, request(bounded), own...)
}

// BeforeClose has Close call f when no call is under way any more and requests can still be sent. It is not safe for
// concurrent use.
func (db *DB) BeforeClose(f func()) { db.before = append(db.before, f) }

// Close waits for the calls under way and disconnects. Calls after it give [chat.ErrClosed], except for Close, which then
// does nothing.
func (db *DB) Close() error { return db.close() }

func (db *DB) stop() error {
	db.gate.close()
	for _, f := range db.before {
		f()
	}
	return db.disconnect()
}

func (db *DB) disconnect() error {
	ctx, cancel := context.WithTimeout(context.Background(), db.Timeout)
	defer cancel()
	if err := db.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("mongo: disconnect: %s", db.Redact(err))
	}
	return nil
}
