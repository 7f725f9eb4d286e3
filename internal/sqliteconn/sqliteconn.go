// Package sqliteconn is what the SQLite engines have in common: one file, history.db, in a data folder, with the schema of
// all of them.
//
// One goroutine, the writer, owns the only connection that writes. It takes all jobs that wait, whatever engine they come
// from, does them in one transaction and then reports them done: one fsync for many. While the disk works, the next group
// gathers. While many rooms are written to, the group gathers for some milliseconds more. Reads go through connections of
// their own and never wait for the writer. A second goroutine, the checkpointer, copies the write-ahead log into the
// database while the writer goes on.
//
// A job that was reported done is in the file's write-ahead log and synced (synchronous=FULL), so it survives a crash of
// the process and of the machine. The folder is locked; a second process is refused.
//
// Locks: queue.mu, never while SQLite works.
package sqliteconn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"salon/internal/chat"
)

// readerCount is how many reads go on at once. SQLite reads mostly from memory, so more of them would only take turns.
const readerCount = 4

// DB is an open data folder. The engines share it.
type DB struct {
	folder *folder
	queue  *queue

	writer  *writer       // nil in a DB that only reads
	closing chan struct{} // closed when Close begins
	readers chan *Conn    // the idle ones
	written chan struct{} // closed when the writer has done every job
	close   func() error  // once
}

// Options are what may be chosen; the zero value works.
type Options struct {
	Log *slog.Logger // default: slog.Default()
}

// Open is [OpenWith] without options.
func Open(dir string) (*DB, error) { return OpenWith(dir, Options{}) }

// OpenWith opens the database in the folder dir. It makes the folder if it is not there, readable by its owner only, and brings
// the file to the newest version of the schema. Rights that others have to a folder that is there are taken away, or logged. Errors:
// [ErrInUse] when another process has the folder; others say what is wrong with the disk or the file.
func OpenWith(dir string, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	db := &DB{
		folder: f, queue: newQueue(),
		closing: make(chan struct{}), readers: make(chan *Conn, readerCount), written: make(chan struct{}),
	}
	db.close = sync.OnceValue(db.shut)
	if db.writer, err = db.connect(o.Log); err != nil {
		return nil, also(fmt.Errorf("open history in %s: %w", dir, err), db.closeReaders(), f.close())
	}
	go func() {
		defer close(db.written)
		db.writer.run(db.queue)
	}()
	return db, nil
}

// connect opens the connections: the writer's first, which makes the schema.
func (db *DB) connect(log *slog.Logger) (*writer, error) {
	path, err := db.folder.file()
	if err != nil {
		return nil, err
	}
	if err := refuseForeign(path); err != nil {
		return nil, err
	}
	keepPrivate(db.folder.path, log)
	w := &writer{path: path}
	if err := w.open(); err != nil {
		return nil, err
	}
	err = upgrade(w.tx.Conn, chat.NewCID())
	for range readerCount {
		if err != nil {
			break
		}
		var c *Conn
		if c, err = openConn(path, "query_only = ON", "busy_timeout = 5000", "cache_size = -8192"); err == nil {
			db.readers <- c
		}
	}
	if err == nil {
		w.checkpoints, err = startCheckpointer(path)
	}
	if err != nil {
		return nil, also(err, w.tx.Conn.close())
	}
	w.watch = newWatch(db.folder.path)
	return w, nil
}

// Write has the writer do job, and returns once what it wrote is durable. A call whose context ends first gives an error
// that is both [chat.ErrUnavailable] and the context's; the job may still be done. Errors: what [Job.Do] gave, wrapped;
// [chat.ErrUnavailable] when the disk does not take it; [chat.ErrClosed].
func (db *DB) Write(ctx context.Context, job Job) error {
	if db.writer == nil { // see OpenSource
		return fmt.Errorf("%s: %w", job.Op, errReadOnly)
	}
	return db.queue.do(ctx, job)
}

// Read calls f with a connection that reads, once one is free. op names the operation in errors. Errors: what f gave,
// wrapped; [chat.ErrUnavailable], also when ctx ends before f begins; [chat.ErrClosed].
func (db *DB) Read(ctx context.Context, op string, f func(*Conn) error) error {
	select {
	case <-db.closing:
		return closed(op)
	default:
	}
	if ctx.Err() != nil {
		return contextEnded(ctx, op)
	}
	select {
	case c := <-db.readers:
		defer func() { db.readers <- c }()
		return translate(op, f(c))
	case <-ctx.Done():
		return contextEnded(ctx, op)
	case <-db.closing:
		return closed(op)
	}
}

// Close does the jobs that wait, copies the write-ahead log into the database and unlocks the folder. Calls after it give
// [chat.ErrClosed], except for Close, which then does nothing more.
func (db *DB) Close() error { return db.close() }

func (db *DB) shut() error {
	close(db.closing)
	db.queue.close()
	<-db.written
	err := db.waitForReaders()
	// The writer's connection is closed last, since the last connection to close removes the write-ahead log.
	return errors.Join(err, translate("close history", db.writer.close()), db.folder.close())
}

// waitForReaders closes the readers, each when its read has ended.
func (db *DB) waitForReaders() error {
	var errs []error
	for range readerCount {
		errs = append(errs, (<-db.readers).close())
	}
	return errors.Join(errs...)
}

// closeReaders closes the readers of a database that could not be opened.
func (db *DB) closeReaders() error {
	var err error
	for {
		select {
		case c := <-db.readers:
			err = errors.Join(err, c.close())
		default:
			return err
		}
	}
}
