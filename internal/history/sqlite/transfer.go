package sqlite

import (
	"context"
	"fmt"
	"slices"

	"salon/internal/chat"
	"salon/internal/history"
)

// ExportUsers implements [history.Exporter].
func (s *Store) ExportUsers(ctx context.Context, after chat.UserID, limit int) (users []history.UserRecord, err error) {
	err = s.read(ctx, "export users", func(r *reader) error {
		err := r.users.each(func(row row) error {
			users = append(users, history.UserRecord{Identity: identityOf(row)})
			return nil
		}, string(after), int64(max(limit, 1)))
		for i := range users {
			if err == nil {
				err = r.holdings(&users[i])
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}

// holdings reads the tokens and names of a user.
func (r *reader) holdings(u *history.UserRecord) error {
	id := string(u.Identity.User.ID)
	err := r.tokensOf.each(func(row row) error {
		t := history.Token{Added: timeOf(row.int(1))}
		if copy(t.Hash[:], row.blob(0)) != len(t.Hash) {
			return fmt.Errorf("a token of %s has a hash of %d bytes", id, len(row.blob(0)))
		}
		u.Tokens = append(u.Tokens, t)
		return nil
	}, id)
	if err != nil {
		return err
	}
	return r.namesOf.each(func(row row) error {
		u.Names = append(u.Names, history.HeldName{Key: row.text(0), Until: timeOf(row.int(1))})
		return nil
	}, id)
}

// SetID implements [history.Importer].
func (s *Store) SetID(ctx context.Context, id string) error {
	return s.queue.do(ctx, "name the history", &job{work: func(w *writer) (answer, failure error) {
		var have string
		var holds int64
		if _, err := w.holdsSomething.one(func(row row) { have, holds = row.text(0), row.int(1) }); err != nil {
			return nil, err
		}
		switch {
		case have == id:
			return nil, nil
		case holds != 0:
			return fmt.Errorf("%w: it is %s, not %s", history.ErrConflict, have, id), nil
		}
		_, err := w.setID.run(id)
		return nil, err
	}})
}

// ImportUsers implements [history.Importer].
func (s *Store) ImportUsers(ctx context.Context, users []history.UserRecord) error {
	users = slices.Clone(users) // the caller may go before the writer comes
	return s.change(ctx, "import users", func(w *writer) error {
		for _, u := range users {
			if err := w.importUser(u); err != nil {
				return fmt.Errorf("%s: %w", u.Identity.User.ID, err)
			}
		}
		return nil
	})
}

func (w *writer) importUser(u history.UserRecord) error {
	id := string(u.Identity.User.ID)
	if err := w.storeUser(u.Identity); err != nil {
		return err
	}
	if _, err := w.dropTokensOf.run(id); err != nil {
		return err
	}
	for _, t := range u.Tokens {
		if _, err := w.addToken.run(t.Hash[:], id, t.Added.UnixMilli()); err != nil {
			return err
		}
	}
	if _, err := w.dropNamesOf.run(id); err != nil {
		return err
	}
	for _, n := range u.Names {
		if _, err := w.putName.run(n.Key, id, n.Until.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// importPart is how many events one transaction imports: enough to make it cheap, few enough that others who write
// wait for a moment only.
const importPart = 2000

// ImportEvents implements [history.Importer].
func (s *Store) ImportEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error {
	op := "import into " + string(room)
	for i := range events {
		if n := len(events[i].Text); n > MaxText {
			return fmt.Errorf("%s: %w: %d bytes, at most %d", op, history.ErrTooLarge, n, MaxText)
		}
	}
	for part := range slices.Chunk(slices.Clone(events), importPart) {
		err := s.queue.do(ctx, op, &job{work: func(w *writer) (answer, failure error) { return w.importEvents(room, part) }})
		if err != nil {
			return err
		}
	}
	return nil
}

// importEvents stores events, or compares them with what is stored. What does not fit ends it.
func (w *writer) importEvents(name chat.RoomID, events []chat.Event) (answer, failure error) {
	r, err := w.room(name)
	if err != nil {
		return nil, err
	}
	n := 0 // how many are stored already, perhaps
	for n < len(events) && events[n].Seq <= r.head {
		n++
	}
	if answer, failure = w.compare(r.id, name, events[:n]); answer != nil || failure != nil {
		return answer, failure
	}
	for i := range events[n:] {
		e := &events[n+i]
		if e.Seq != r.head+1 {
			answer = fmt.Errorf("%w: %d comes after %d", history.ErrConflict, e.Seq, r.head)
			break
		}
		a, err := w.author(e.User)
		if err != nil {
			return nil, err
		}
		added, err := w.insert.run(r.id, int64(e.Seq), e.At.UnixMilli(), string(e.Kind), a.sender, a.id, e.CID, e.Text)
		if err != nil {
			return nil, fmt.Errorf("store event %d: %w", e.Seq, err)
		}
		if added == 0 {
			answer = fmt.Errorf("%w: %s of %s, number %d, has another number", history.ErrConflict, e.CID, e.User.ID, e.Seq)
			break
		}
		r.head, r.at = e.Seq, e.At.UnixMilli()
	}
	if r.head > 0 {
		w.changed[name] = r
	}
	return answer, nil
}

// compare answers with a conflict unless events are stored as they are.
func (w *writer) compare(room int64, name chat.RoomID, events []chat.Event) (answer, failure error) {
	if len(events) == 0 {
		return nil, nil
	}
	i := 0
	failure = w.stored.each(func(row row) error {
		if have := event(name, row); answer == nil && i < len(events) && !same(have, events[i]) {
			answer = fmt.Errorf("%w: number %d is another event", history.ErrConflict, have.Seq)
		}
		i++
		return nil
	}, room, int64(events[0].Seq), int64(events[len(events)-1].Seq))
	if failure == nil && answer == nil && i != len(events) {
		answer = fmt.Errorf("%w: a hole between %d and %d", history.ErrConflict, events[0].Seq, events[len(events)-1].Seq)
	}
	return answer, failure
}

// same tells whether an event stored in a room is the one given, whose Room does not matter.
func same(have, given chat.Event) bool {
	at := have.At.UnixMilli() == given.At.UnixMilli()
	given.Room, given.At = have.Room, have.At
	return at && have == given
}
