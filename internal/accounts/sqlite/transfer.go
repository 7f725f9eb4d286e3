package sqlite

import (
	"context"
	"fmt"
	"slices"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/sqliteconn"
)

// ExportUsers implements [accounts.Exporter].
func (s *Store) ExportUsers(ctx context.Context, after chat.UserID, limit int) (users []accounts.Record, err error) {
	err = s.db.Read(ctx, "export users", func(c *sqliteconn.Conn) error {
		err := c.Each("SELECT id, name, color, created FROM users WHERE id > ? ORDER BY id LIMIT ?", func(row sqliteconn.Row) error {
			users = append(users, accounts.Record{Identity: identityOf(row)})
			return nil
		}, string(after), int64(max(limit, 1)))
		for i := range users {
			if err == nil {
				err = readBelongings(c, &users[i])
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}

// readBelongings reads the tokens and names of a user.
func readBelongings(c *sqliteconn.Conn, u *accounts.Record) error {
	id := string(u.Identity.User.ID)
	err := c.Each("SELECT hash, added FROM tokens WHERE user = ?", func(row sqliteconn.Row) error {
		t := accounts.Token{Added: row.Time(1)}
		if copy(t.Hash[:], row.Blob(0)) != len(t.Hash) {
			return fmt.Errorf("a token of %s has a hash of %d bytes", id, len(row.Blob(0)))
		}
		u.Tokens = append(u.Tokens, t)
		return nil
	}, id)
	if err != nil {
		return err
	}
	return c.Each("SELECT key, until FROM names WHERE user = ?", func(row sqliteconn.Row) error {
		u.Names = append(u.Names, accounts.HeldName{Key: row.Text(0), Until: row.Time(1)})
		return nil
	}, id)
}

// ImportUsers implements [accounts.Importer].
func (s *Store) ImportUsers(ctx context.Context, users []accounts.Record) error {
	users = slices.Clone(users) // the caller may stop waiting and change its own
	return s.write(ctx, "import users", func(tx *sqliteconn.Tx) error {
		for _, u := range users {
			if err := importUser(tx, u); err != nil {
				return fmt.Errorf("%s: %w", u.Identity.User.ID, err)
			}
		}
		return nil
	})
}

func importUser(tx *sqliteconn.Tx, u accounts.Record) error {
	id := u.Identity.User.ID
	if err := putUser(tx, u.Identity); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM tokens WHERE user = ?", string(id)); err != nil {
		return err
	}
	for _, t := range u.Tokens {
		if err := addToken(tx, id, t); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("DELETE FROM names WHERE user = ?", string(id)); err != nil {
		return err
	}
	for _, n := range u.Names {
		_, err := tx.Exec(`INSERT INTO names (key, user, until) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET user = excluded.user, until = excluded.until`, n.Key, string(id), n.Until.UnixMilli())
		if err != nil {
			return err
		}
	}
	return nil
}
