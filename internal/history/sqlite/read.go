package sqlite

import (
	"context"
	"fmt"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/sqliteconn"
)

// committed gives a room as committed, with id 0 if nobody wrote in it.
func (s *Store) committed(c *sqliteconn.Conn, name chat.RoomID) (found room, err error) {
	if known, ok := s.rooms.get(name); ok {
		return known, nil
	}
	if _, err = c.First(selectRoom, func(row sqliteconn.Row) { found = roomOf(row) }, string(name)); err != nil {
		return room{}, err
	}
	// The file may be one commit ahead of what is remembered. The older of the two is given: the next call may give it as
	// well, and a head must not go back.
	if known, ok := s.rooms.get(name); ok {
		return known, nil
	}
	return found, nil
}

// Read implements [history.Log].
func (s *Store) Read(ctx context.Context, name chat.RoomID, q history.Query) (page history.Page, err error) {
	err = s.db.Read(ctx, "read "+string(name), func(c *sqliteconn.Conn) error {
		room, err := s.committed(c, name)
		if err != nil {
			return err
		}
		first, last, more := q.Range(room.head)
		page = history.Page{Head: room.head, More: more}
		if first > last {
			return nil
		}
		// A log only grows, so the head that was read a moment ago still holds.
		page.Events = make([]chat.Event, 0, last-first+1)
		err = c.Each(selectPage, func(row sqliteconn.Row) error {
			page.Events = append(page.Events, eventOf(name, row))
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
	err := s.db.Read(ctx, "read heads", func(c *sqliteconn.Conn) error {
		for i, name := range names {
			room, err := s.committed(c, name)
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
	err = s.db.Read(ctx, "list rooms", func(c *sqliteconn.Conn) error {
		return c.Each(selectRooms, func(row sqliteconn.Row) error {
			list = append(list, history.RoomInfo{Room: chat.RoomID(row.Text(0)), Head: uint64(row.Int(1)), At: row.Time(2)})
			return nil
		}, string(after), int64(max(limit, 1)))
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
