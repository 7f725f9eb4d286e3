package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

// MaxText is the longest text stored, in bytes. SQLite takes more; this bounds what one transaction holds in memory.
const MaxText = 16 << 20

// Append implements [history.Log].
func (s *Store) Append(ctx context.Context, room chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	op := "append to " + string(room)
	for i := range events {
		if n := len(events[i].Text); n > MaxText {
			return nil, fmt.Errorf("%s: %w: %d bytes, at most %d", op, history.ErrTooLarge, n, MaxText)
		}
	}
	j := &job{room: room, events: slices.Clone(events)}
	if err := s.queue.do(ctx, op, j); err != nil {
		return nil, err
	}
	return j.events, nil
}

// append stores a job's events, or finds them stored.
func (w *writer) append(j *job) error {
	if len(j.events) == 0 {
		return nil
	}
	r, err := w.room(j.room)
	if err != nil {
		return err
	}
	now := max(time.Now().UnixMilli(), r.at)
	for i := range j.events {
		e := &j.events[i]
		a, err := w.author(e.User)
		if err != nil {
			return err
		}
		added, err := w.insert.run(r.id, int64(r.head)+1, now, string(e.Kind), a.sender, a.id, e.CID, e.Text)
		if err != nil {
			return fmt.Errorf("store event %d: %w", r.head+1, err)
		}
		if added == 0 {
			if _, err := w.sent.one(func(row row) { *e = event(j.room, row) }, r.id, e.CID, a.sender); err != nil {
				return fmt.Errorf("read what was sent as %s: %w", e.CID, err)
			}
			continue
		}
		r.head, r.at = r.head+1, now
		e.Room, e.Seq, e.At = j.room, r.head, time.UnixMilli(now).UTC()
	}
	w.changed[j.room] = r
	return nil
}

// room gives a room as this transaction sees it, and adds it if it is new.
func (w *writer) room(name chat.RoomID) (room, error) {
	if r, ok := w.changed[name]; ok {
		return r, nil
	}
	if r, ok := w.rooms.get(name); ok {
		return r, nil
	}
	var r room
	found, err := w.roomByName.one(func(row row) { r = roomOf(row) }, string(name))
	if err == nil && !found {
		_, err = w.addRoom.one(func(row row) { r.id = row.int(0) }, string(name))
	}
	if err != nil {
		return room{}, fmt.Errorf("look up room %s: %w", name, err)
	}
	return r, nil
}

// author is a user as it is at a moment, in the file's numbers.
type author struct{ sender, id int64 }

// maxAuthors is how many of them are kept in mind; past it all are forgotten. At about 200 bytes each they take 6 MB.
const maxAuthors = 1 << 15

// author finds u in the file, and adds it if it is new.
func (w *writer) author(u chat.User) (author, error) {
	if a, ok := w.authors[u]; ok {
		return a, nil
	}
	var a author
	found, err := w.senderByUser.one(func(row row) { a.sender = row.int(0) }, string(u.ID))
	if err == nil && !found {
		_, err = w.addSender.one(func(row row) { a.sender = row.int(0) }, string(u.ID))
	}
	if err == nil {
		found, err = w.authorByName.one(func(row row) { a.id = row.int(0) }, a.sender, u.Name, u.Color)
	}
	if err == nil && !found {
		_, err = w.addAuthor.one(func(row row) { a.id = row.int(0) }, a.sender, u.Name, u.Color)
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
