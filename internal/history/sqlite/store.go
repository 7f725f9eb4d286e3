// Package sqlite is the embedded engine of history: the rooms' logs in the file of a [sqliteconn.DB].
//
// Appends of all rooms are jobs of the DB's one writer, which commits them together. What is known of the rooms and of the
// users who wrote is kept in memory, so that an append to a known room by a known user is one insert.
//
// Locks: rooms.mu, never while SQLite works. What else an append uses belongs to the writer's goroutine.
package sqlite

import (
	"context"

	"salon/internal/history"
	"salon/internal/sqliteconn"
)

var (
	_ history.Store    = (*Store)(nil)
	_ history.Importer = (*Store)(nil)
)

// Store keeps the logs in a database.
type Store struct {
	db     *sqliteconn.DB
	rooms  *rooms  // as committed
	writes *writes // belongs to the writer's goroutine
}

// New gives the store of the logs in db. There must be one only, since it remembers what it has written. Its Close closes
// db, and with it every other store in db.
func New(db *sqliteconn.DB) *Store {
	r := newRooms()
	return &Store{db: db, rooms: r, writes: newWrites(r)}
}

// Close finishes the appends that wait and closes the database.
func (s *Store) Close() error { return s.db.Close() }

// ID implements [history.Store].
func (s *Store) ID(ctx context.Context) (id string, err error) {
	err = s.db.Read(ctx, "read the history's name", func(c *sqliteconn.Conn) error {
		_, err := c.First("SELECT id FROM meta", func(r sqliteconn.Row) { id = r.Text(0) })
		return err
	})
	return id, err
}
