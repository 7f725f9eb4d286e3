package sqlite

import (
	"context"
	"fmt"
	"slices"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/sqliteconn"
)

// SetID implements [history.Importer].
func (s *Store) SetID(ctx context.Context, id string) error {
	var conflict error
	err := s.db.Write(ctx, sqliteconn.Job{Op: "name the history", Do: func(tx *sqliteconn.Tx) error {
		var has string
		var inUse bool
		_, err := tx.First("SELECT id, EXISTS (SELECT 1 FROM rooms) OR EXISTS (SELECT 1 FROM users) FROM meta",
			func(row sqliteconn.Row) { has, inUse = row.Text(0), row.Int(1) != 0 })
		if err != nil || has == id {
			return err
		}
		if inUse {
			conflict = fmt.Errorf("name the history: %w: it is %s, not %s", history.ErrConflict, has, id)
			return nil
		}
		_, err = tx.Exec("UPDATE meta SET id = ?", id)
		return err
	}})
	if err != nil {
		return err
	}
	return conflict
}

// importPart is how many events one transaction imports: enough to make the commit cheap for each, and few enough that
// others who write do not wait long.
const importPart = 2000

// ImportEvents implements [history.Importer].
func (s *Store) ImportEvents(ctx context.Context, name chat.RoomID, events []chat.Event) error {
	op := "import into " + string(name)
	if _, err := checkSize(op, events); err != nil {
		return err
	}
	for part := range slices.Chunk(slices.Clone(events), importPart) {
		var conflict error
		err := s.db.Write(ctx, sqliteconn.Job{Op: op, Do: func(tx *sqliteconn.Tx) (err error) {
			conflict, err = s.writes.importEvents(tx, name, part)
			return err
		}})
		if err != nil {
			return err
		}
		if conflict != nil {
			return fmt.Errorf("%s: %w", op, conflict)
		}
	}
	return nil
}

// importEvents stores events, or compares them with those that are stored. It stops at the first conflict; what it stored
// before stays.
func (w *writes) importEvents(tx *sqliteconn.Tx, name chat.RoomID, events []chat.Event) (conflict, err error) {
	r, err := w.room(tx, name)
	if err != nil {
		return nil, err
	}
	n := 0 // how many have a number that is given already
	for n < len(events) && events[n].Seq <= r.head {
		n++
	}
	if conflict, err = compare(tx, r.id, name, events[:n]); conflict != nil || err != nil {
		return conflict, err
	}
	for i := range events[n:] {
		e := &events[n+i]
		if e.Seq != r.head+1 {
			conflict = fmt.Errorf("%w: %d comes after %d", history.ErrConflict, e.Seq, r.head)
			break
		}
		a, err := w.author(tx, e.User)
		if err != nil {
			return nil, err
		}
		added, err := w.insert(tx, r.id, e.Seq, e.At.UnixMilli(), a, e)
		if err != nil {
			return nil, err
		}
		if !added {
			conflict = fmt.Errorf("%w: %s of %s, number %d, has another number", history.ErrConflict, e.CID, e.User.ID, e.Seq)
			break
		}
		r.head, r.at = e.Seq, e.At.UnixMilli()
	}
	if r.head > 0 {
		w.changed[name] = r
	}
	return conflict, nil
}

// compare gives a conflict unless events are stored as they are.
func compare(tx *sqliteconn.Tx, room int64, name chat.RoomID, events []chat.Event) (conflict, err error) {
	if len(events) == 0 {
		return nil, nil
	}
	i := 0
	err = tx.Each(selectPage, func(row sqliteconn.Row) error {
		if stored := eventOf(name, row); conflict == nil && i < len(events) && !same(stored, events[i]) {
			conflict = fmt.Errorf("%w: number %d is another event", history.ErrConflict, stored.Seq)
		}
		i++
		return nil
	}, room, int64(events[0].Seq), int64(events[len(events)-1].Seq))
	if err == nil && conflict == nil && i != len(events) {
		conflict = fmt.Errorf("%w: a hole between %d and %d", history.ErrConflict, events[0].Seq, events[len(events)-1].Seq)
	}
	return conflict, err
}

// same tells whether an event stored in a room is the one given, whose Room does not matter.
func same(stored, given chat.Event) bool {
	at := stored.At.UnixMilli() == given.At.UnixMilli()
	given.Room, given.At = stored.Room, stored.At
	return at && stored == given
}
