package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

const (
	// roomSQL finds a room with its head.
	roomSQL = `SELECT r.id, e.seq, e.at FROM rooms r
		LEFT JOIN events e ON e.room = r.id AND e.seq = (SELECT max(seq) FROM events WHERE room = r.id)
		WHERE r.name = ?`
	// eventSQL selects what [event] reads.
	eventSQL = `SELECT e.seq, e.at, e.kind, s.user, a.name, a.color, e.cid, e.text FROM events e
		JOIN senders s ON s.id = e.sender JOIN authors a ON a.id = e.author `
)

func roomOf(row row) room { return room{id: row.int(0), head: uint64(row.int(1)), at: row.int(2)} }

func event(name chat.RoomID, row row) chat.Event {
	return chat.Event{
		Room: name, Seq: uint64(row.int(0)), At: timeOf(row.int(1)), Kind: chat.Kind(row.text(2)),
		User: chat.User{ID: chat.UserID(row.text(3)), Name: row.text(4), Color: row.text(5)},
		CID:  row.text(6), Text: row.text(7),
	}
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// reader is a connection that reads, with its statements.
type reader struct {
	conn *conn

	id, room, page, list                  *stmt
	userByToken, users, tokensOf, namesOf *stmt
}

func openReader(path string) (*reader, error) {
	c, err := openConn(path, "query_only = ON", "busy_timeout = 5000", "cache_size = -8192")
	if err != nil {
		return nil, err
	}
	r := &reader{conn: c}
	for _, p := range []struct {
		into **stmt
		sql  string
	}{
		{&r.id, "SELECT id FROM meta"},
		{&r.room, roomSQL},
		{&r.page, eventSQL + "WHERE e.room = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq"},
		{&r.list, `SELECT r.name, e.seq, e.at FROM rooms r
			JOIN events e ON e.room = r.id AND e.seq = (SELECT max(seq) FROM events WHERE room = r.id)
			WHERE r.name > ? ORDER BY r.name LIMIT ?`},
		{&r.userByToken, `SELECT u.id, u.name, u.color, u.created FROM tokens t JOIN users u ON u.id = t.user WHERE t.hash = ?`},
		{&r.users, "SELECT id, name, color, created FROM users WHERE id > ? ORDER BY id LIMIT ?"},
		{&r.tokensOf, "SELECT hash, added FROM tokens WHERE user = ?"},
		{&r.namesOf, "SELECT key, until FROM names WHERE user = ?"},
	} {
		if *p.into, err = c.prepare(p.sql); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return r, nil
}

// read calls f with a reader, once one is free.
func (s *Store) read(ctx context.Context, op string, f func(*reader) error) error {
	select {
	case <-s.closing:
		return fmt.Errorf("%s: %w", op, history.ErrClosed)
	default:
	}
	if ctx.Err() != nil {
		return ended(ctx, op)
	}
	select {
	case r := <-s.readers:
		defer func() { s.readers <- r }()
		return failed(op, f(r))
	case <-ctx.Done():
		return ended(ctx, op)
	case <-s.closing:
		return fmt.Errorf("%s: %w", op, history.ErrClosed)
	}
}

// roomNow gives a room as committed, with id 0 if nobody wrote in it.
func (s *Store) roomNow(r *reader, name chat.RoomID) (found room, err error) {
	if known, ok := s.rooms.get(name); ok {
		return known, nil
	}
	if _, err = r.room.one(func(row row) { found = roomOf(row) }, string(name)); err != nil {
		return room{}, err
	}
	// The file may be one commit ahead of what is in mind; a head that was given must not go back at the next call.
	if known, ok := s.rooms.get(name); ok {
		return known, nil
	}
	return found, nil
}

// Read implements [history.Log].
func (s *Store) Read(ctx context.Context, name chat.RoomID, q history.Query) (page history.Page, err error) {
	err = s.read(ctx, "read "+string(name), func(r *reader) error {
		room, err := s.roomNow(r, name)
		if err != nil {
			return err
		}
		first, last, more := q.Range(room.head)
		page = history.Page{Head: room.head, More: more}
		if first > last {
			return nil
		}
		// The log only grows, so what was seen of it a moment ago is still so.
		page.Events = make([]chat.Event, 0, last-first+1)
		err = r.page.each(func(row row) error {
			page.Events = append(page.Events, event(name, row))
			return nil
		}, room.id, int64(first), int64(last))
		if err == nil && len(page.Events) != cap(page.Events) {
			err = fmt.Errorf("the log has %d events from %d to %d", len(page.Events), first, last)
		}
		return err
	})
	if err != nil {
		return history.Page{}, err
	}
	return page, nil
}

// Heads implements [history.Log].
func (s *Store) Heads(ctx context.Context, names []chat.RoomID) ([]uint64, error) {
	heads := make([]uint64, len(names))
	err := s.read(ctx, "read heads", func(r *reader) error {
		for i, name := range names {
			room, err := s.roomNow(r, name)
			if err != nil {
				return err
			}
			heads[i] = room.head
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return heads, nil
}

// Rooms implements [history.Log].
func (s *Store) Rooms(ctx context.Context, after chat.RoomID, limit int) (list []history.RoomInfo, err error) {
	err = s.read(ctx, "list rooms", func(r *reader) error {
		return r.list.each(func(row row) error {
			list = append(list, history.RoomInfo{Room: chat.RoomID(row.text(0)), Head: uint64(row.int(1)), At: timeOf(row.int(2))})
			return nil
		}, string(after), int64(max(limit, 1)))
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
