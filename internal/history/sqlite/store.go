// Package sqlite is the embedded engine of history: one file, history.db, in a data folder.
//
// One goroutine, the writer, owns the only connection that writes. It takes everything that waits, appends of all rooms
// and changes of identities alike, writes it in one transaction and then answers all of them: one fsync for many. While
// the disk works, the next group gathers, and while many rooms write it gathers for some milliseconds. Reads go through
// connections of their own and never wait for the writer. A second goroutine, the checkpointer, moves the write-ahead log
// into the database beside it.
//
// What was acknowledged is in the file's write-ahead log and synced (synchronous=FULL), so it survives a crash of the
// process and of the machine. The folder is locked; a second process is refused.
//
// Locks: queue.mu and rooms.mu, never both, and neither while SQLite works.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"salon/internal/chat"
	"salon/internal/history"
)

var (
	_ history.Store    = (*Store)(nil)
	_ history.Exporter = (*Store)(nil)
	_ history.Importer = (*Store)(nil)
)

// readerCount is how many reads go on at once: SQLite reads from memory mostly, and more would only take turns.
const readerCount = 4

// Store is an open data folder.
type Store struct {
	folder *folder
	path   string // of the database
	rooms  *rooms
	queue  *queue

	writer  *writer
	closing chan struct{} // closed when Close begins
	readers chan *reader  // the idle ones
	written chan struct{} // closed when the writer has done all
	close   func() error  // once
}

// Open opens the history in the folder dir, which it makes if it is not there, readable by its owner only.
// Errors: [ErrInUse] when another process has the folder; others say what the disk or the file has.
func Open(dir string) (*Store, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	s := &Store{
		folder: f, rooms: newRooms(), queue: newQueue(),
		closing: make(chan struct{}), readers: make(chan *reader, readerCount), written: make(chan struct{}),
	}
	s.close = sync.OnceValue(s.shut)
	if s.writer, err = s.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("open history in %s: %w", dir, err), s.closeReaders(), f.close())
	}
	go func() {
		defer close(s.written)
		s.writer.loop(s.queue)
	}()
	return s, nil
}

// start opens the connections: the writer's first, which makes the schema.
func (s *Store) start() (*writer, error) {
	var err error
	if s.path, err = s.folder.file(); err != nil {
		return nil, err
	}
	w := &writer{path: s.path, rooms: s.rooms}
	if err := w.open(); err != nil {
		return nil, err
	}
	if err := migrate(w.conn, chat.NewCID()); err != nil {
		return nil, errors.Join(err, w.conn.close())
	}
	for range readerCount {
		r, err := openReader(s.path)
		if err != nil {
			return nil, errors.Join(err, w.conn.close())
		}
		s.readers <- r
	}
	err = w.prepare()
	if err == nil {
		w.checkpoints, err = startCheckpointer(s.path)
	}
	if err != nil {
		return nil, errors.Join(err, w.conn.close())
	}
	return w, nil
}

// Close finishes what was asked for, moves the write-ahead log into the database and gives up the folder.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	close(s.closing)
	s.queue.close()
	<-s.written
	var errs []error
	for range readerCount { // waits for the reads under way
		errs = append(errs, (<-s.readers).conn.close())
	}
	// Last, since the last connection to close takes the write-ahead log away.
	errs = append(errs, failed("close history", s.writer.end()), s.folder.close())
	return errors.Join(errs...)
}

// closeReaders closes the idle readers, when there will be no others.
func (s *Store) closeReaders() error {
	var err error
	for {
		select {
		case r := <-s.readers:
			err = errors.Join(err, r.conn.close())
		default:
			return err
		}
	}
}

// ID is the history's lasting name.
func (s *Store) ID(ctx context.Context) (id string, err error) {
	err = s.read(ctx, "read the history's name", func(r *reader) error {
		_, err := r.id.one(func(row row) { id = row.text(0) })
		return err
	})
	return id, err
}
