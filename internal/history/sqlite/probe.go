package sqlite

import (
	"context"
	"errors"
	"fmt"

	"salon/internal/chat"
	"salon/internal/sqliteconn"
)

// probeName is a room and a user that nobody can have.
const probeName = "/ready"

// What a probe runs, besides the statements of an append.
const (
	// selectLatest finds the room that was written to last, as far as the index of what was sent tells.
	selectLatest = "SELECT room FROM events ORDER BY cid DESC LIMIT 1"
	selectHead   = "SELECT seq, at FROM events WHERE room = ? ORDER BY seq DESC LIMIT 1"
	deleteEvent  = "DELETE FROM events WHERE room = ? AND seq = ? AND sender = ?"
	deleteAuthor = "DELETE FROM authors WHERE id = ?"
	deleteSender = "DELETE FROM senders WHERE id = ?"
	deleteRoom   = "DELETE FROM rooms WHERE id = ?"
)

// Probe makes a durable write to every table that an append writes to, and takes it back in the same transaction: nobody sees
// it, and the history does not grow. It writes to a room of its own and to the room that was written to last. The error says
// why an append would fail. Errors: as for Append.
func (s *Store) Probe(ctx context.Context) error {
	return s.db.Write(ctx, sqliteconn.Job{Op: "probe the history", Rows: 2, Do: probe})
}

func probe(tx *sqliteconn.Tx) error {
	insert := func(sql string, args ...any) (id int64, err error) {
		_, err = tx.First(sql, func(row sqliteconn.Row) { id = row.Int(0) }, args...)
		return id, err
	}
	own, err := insert(insertRoom, probeName)
	if err != nil {
		return fmt.Errorf("store a room: %w", err)
	}
	sender, err := insert(insertSender, probeName)
	if err != nil {
		return fmt.Errorf("store a sender: %w", err)
	}
	author, err := insert(insertAuthor, sender, probeName, "")
	if err != nil {
		return fmt.Errorf("store an author: %w", err)
	}
	latest := own
	if _, err := tx.First(selectLatest, func(row sqliteconn.Row) { latest = row.Int(0) }); err != nil {
		return fmt.Errorf("find the room written to last: %w", err)
	}
	for _, room := range []int64{own, latest} {
		if err := probeRoom(tx, room, sender, author); err != nil {
			return err
		}
	}
	for _, del := range []struct {
		sql string
		id  int64
	}{{deleteAuthor, author}, {deleteSender, sender}, {deleteRoom, own}} {
		if _, err := tx.Exec(del.sql, del.id); err != nil {
			return err
		}
	}
	return nil
}

// probeRoom stores an event behind a room's last and takes it away.
func probeRoom(tx *sqliteconn.Tx, room, sender, author int64) error {
	var head, at int64
	if _, err := tx.First(selectHead, func(row sqliteconn.Row) { head, at = row.Int(0), row.Int(1) }, room); err != nil {
		return fmt.Errorf("find the last event: %w", err)
	}
	added, err := tx.Exec(insertEvent, room, head+1, at, string(chat.KindMessage), sender, author, chat.NewCID(), "")
	if err != nil {
		return fmt.Errorf("store an event: %w", err)
	}
	removed, err := tx.Exec(deleteEvent, room, head+1, sender)
	if err != nil {
		return fmt.Errorf("take an event back: %w", err)
	}
	if added != 1 || removed != 1 {
		return errors.New("the log does not hold what was stored")
	}
	return nil
}
