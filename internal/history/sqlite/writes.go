package sqlite

import (
	"fmt"
	"time"

	"salon/internal/chat"
	"salon/internal/sqliteconn"
)

// writes stores events inside the writer's transactions. All of it belongs to the writer's goroutine.
type writes struct {
	committed *rooms               // what readers see: changed after commits only
	changed   map[chat.RoomID]room // the rooms that this transaction has written to
	authors   map[chat.User]author // those known to be in the file
}

// author is a user with the name and the colour of a moment, by the file's own numbers.
type author struct {
	sender int64 // of the user
	id     int64 // of the user with this name and colour
}

// maxAuthors is how many authors are remembered. Past it all are forgotten. At about 200 bytes each they take 6 MB.
const maxAuthors = 1 << 15

func newWrites(committed *rooms) *writes {
	return &writes{committed: committed, changed: map[chat.RoomID]room{}, authors: map[chat.User]author{}}
}

// Committed makes what the transaction wrote visible to readers.
func (w *writes) Committed() {
	w.committed.put(w.changed)
	clear(w.changed)
}

// RolledBack forgets all that may not be in the file. A commit that failed may have happened, so the rooms are read again.
func (w *writes) RolledBack() {
	clear(w.changed)
	clear(w.authors)
	w.committed.forget()
}

// append stores events at the end of a log and completes them, or replaces them by those that are stored already.
func (w *writes) append(tx *sqliteconn.Tx, name chat.RoomID, events []chat.Event) error {
	if len(events) == 0 {
		return nil
	}
	r, err := w.room(tx, name)
	if err != nil {
		return err
	}
	now := max(time.Now().UnixMilli(), r.at)
	for i := range events {
		e := &events[i]
		a, err := w.author(tx, e.User)
		if err != nil {
			return err
		}
		added, err := w.insert(tx, r.id, r.head+1, now, a, e)
		if err != nil {
			return err
		}
		if !added {
			if _, err := tx.First(selectSent, func(row sqliteconn.Row) { *e = eventOf(name, row) }, r.id, e.CID, a.sender); err != nil {
				return fmt.Errorf("read what was sent as %s: %w", e.CID, err)
			}
			continue
		}
		r.head, r.at = r.head+1, now
		e.Room, e.Seq, e.At = name, r.head, time.UnixMilli(now).UTC()
	}
	w.changed[name] = r
	return nil
}

// insert stores an event with the number and the time given, unless its sender's cid is in the log already.
func (w *writes) insert(tx *sqliteconn.Tx, room int64, seq uint64, at int64, a author, e *chat.Event) (added bool, err error) {
	n, err := tx.Exec(insertEvent, room, int64(seq), at, string(e.Kind), a.sender, a.id, e.CID, e.Text)
	if err != nil {
		return false, fmt.Errorf("store event %d: %w", seq, err)
	}
	return n > 0, nil
}

// room gives a room as this transaction sees it, and adds it if it is new.
func (w *writes) room(tx *sqliteconn.Tx, name chat.RoomID) (room, error) {
	tx.Observe(w) // whoever looks up a room writes to it
	if r, ok := w.changed[name]; ok {
		return r, nil
	}
	if r, ok := w.committed.get(name); ok {
		return r, nil
	}
	var r room
	found, err := tx.First(selectRoom, func(row sqliteconn.Row) { r = roomOf(row) }, string(name))
	if err == nil && !found {
		_, err = tx.First(insertRoom, func(row sqliteconn.Row) { r.id = row.Int(0) }, string(name))
	}
	if err != nil {
		return room{}, fmt.Errorf("look up room %s: %w", name, err)
	}
	return r, nil
}

// author finds u in the file, and adds it if it is new.
func (w *writes) author(tx *sqliteconn.Tx, u chat.User) (author, error) {
	if a, ok := w.authors[u]; ok {
		return a, nil
	}
	var a author
	sender := func(row sqliteconn.Row) { a.sender = row.Int(0) }
	found, err := tx.First(selectSender, sender, string(u.ID))
	if err == nil && !found {
		_, err = tx.First(insertSender, sender, string(u.ID))
	}
	id := func(row sqliteconn.Row) { a.id = row.Int(0) }
	if err == nil {
		found, err = tx.First(selectAuthor, id, a.sender, u.Name, u.Color)
	}
	if err == nil && !found {
		_, err = tx.First(insertAuthor, id, a.sender, u.Name, u.Color)
	}
	if err != nil {
		return author{}, fmt.Errorf("look up user %s: %w", u.ID, err)
	}
	if len(w.authors) >= maxAuthors {
		clear(w.authors)
	}
	w.authors[u] = a
	return a, nil
}
