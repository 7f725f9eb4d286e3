package sqlite

import (
	"context"
	"slices"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

// change has the writer run one statement.
func (s *Store) change(ctx context.Context, op string, work func(*writer) error) error {
	return s.queue.do(ctx, op, &job{work: func(w *writer) (answer, failure error) { return nil, work(w) }})
}

// PutUser implements [history.Identities].
func (s *Store) PutUser(ctx context.Context, u history.Identity) error {
	return s.change(ctx, "store user", func(w *writer) error { return w.storeUser(u) })
}

func (w *writer) storeUser(u history.Identity) error {
	_, err := w.putUser.run(string(u.User.ID), u.User.Name, u.User.Color, u.Created.UnixMilli())
	return err
}

// AddToken implements [history.Identities].
func (s *Store) AddToken(ctx context.Context, hash chat.TokenHash, user chat.UserID, now time.Time) error {
	return s.change(ctx, "add token", func(w *writer) error {
		_, err := w.addToken.run(hash[:], string(user), now.UnixMilli())
		return err
	})
}

// RevokeToken implements [history.Identities].
func (s *Store) RevokeToken(ctx context.Context, hash chat.TokenHash) error {
	return s.change(ctx, "revoke token", func(w *writer) error {
		_, err := w.dropToken.run(hash[:])
		return err
	})
}

// UserByToken implements [history.Identities].
func (s *Store) UserByToken(ctx context.Context, hash chat.TokenHash) (u history.Identity, err error) {
	err = s.read(ctx, "find token", func(r *reader) error {
		found, err := r.userByToken.one(func(row row) { u = identityOf(row) }, hash[:])
		if err == nil && !found {
			err = history.ErrNotFound
		}
		return err
	})
	return u, err
}

func identityOf(row row) history.Identity {
	return history.Identity{
		User:    chat.User{ID: chat.UserID(row.text(0)), Name: row.text(1), Color: row.text(2)},
		Created: timeOf(row.int(3)),
	}
}

// ClaimName implements [history.Identities].
func (s *Store) ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error {
	return s.queue.do(ctx, "claim name", &job{work: func(w *writer) (answer, failure error) {
		changed, err := w.claimName.run(key, string(user), now.UnixMilli(), until.UnixMilli())
		if err == nil && changed == 0 {
			return history.ErrNameTaken, nil
		}
		return nil, err
	}})
}

// FreeName implements [history.Identities].
func (s *Store) FreeName(ctx context.Context, key string, user chat.UserID, until time.Time) error {
	return s.change(ctx, "free name", func(w *writer) error {
		_, err := w.freeName.run(key, string(user), until.UnixMilli())
		return err
	})
}

// RenewNames implements [history.Identities].
func (s *Store) RenewNames(ctx context.Context, held []history.Hold, until time.Time) error {
	held = slices.Clone(held) // the caller may go before the writer comes
	return s.change(ctx, "renew names", func(w *writer) error {
		for _, h := range held {
			if _, err := w.renewName.run(until.UnixMilli(), h.Key, string(h.User)); err != nil {
				return err
			}
		}
		return nil
	})
}
