// Package sqlite is the embedded engine of accounts: users, their tokens and their names in the file of a [sqliteconn.DB].
//
// A write is a job of the DB's one writer, which commits it together with whatever else waits, appends to rooms too.
package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/sqliteconn"
)

var (
	_ accounts.Store    = (*Store)(nil)
	_ accounts.Exporter = (*Store)(nil)
	_ accounts.Importer = (*Store)(nil)
)

// Store keeps the users in a database.
type Store struct {
	db *sqliteconn.DB
}

// New gives the store of the users in db. It has no Close of its own: it is closed when db is.
func New(db *sqliteconn.DB) *Store { return &Store{db} }

func (s *Store) write(ctx context.Context, op string, do func(*sqliteconn.Tx) error) error {
	return s.db.Write(ctx, sqliteconn.Job{Op: op, Do: do})
}

// PutUser implements [accounts.Store].
func (s *Store) PutUser(ctx context.Context, u accounts.Identity) error {
	return s.write(ctx, "store user", func(tx *sqliteconn.Tx) error { return putUser(tx, u) })
}

func putUser(tx *sqliteconn.Tx, u accounts.Identity) error {
	_, err := tx.Exec(`INSERT INTO users (id, name, color, created) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, color = excluded.color, created = excluded.created`,
		string(u.User.ID), u.User.Name, u.User.Color, u.Created.UnixMilli())
	return err
}

// AddToken implements [accounts.Store].
func (s *Store) AddToken(ctx context.Context, hash chat.TokenHash, user chat.UserID, now time.Time) error {
	return s.write(ctx, "add token", func(tx *sqliteconn.Tx) error {
		return addToken(tx, user, accounts.Token{Hash: hash, Added: now})
	})
}

func addToken(tx *sqliteconn.Tx, user chat.UserID, t accounts.Token) error {
	_, err := tx.Exec(`INSERT INTO tokens (hash, user, added) VALUES (?, ?, ?)
		ON CONFLICT (hash) DO UPDATE SET user = excluded.user, added = excluded.added`,
		t.Hash[:], string(user), t.Added.UnixMilli())
	return err
}

// RevokeToken implements [accounts.Store].
func (s *Store) RevokeToken(ctx context.Context, hash chat.TokenHash) error {
	return s.write(ctx, "revoke token", func(tx *sqliteconn.Tx) error {
		_, err := tx.Exec("DELETE FROM tokens WHERE hash = ?", hash[:])
		return err
	})
}

// UserByToken implements [accounts.Store].
func (s *Store) UserByToken(ctx context.Context, hash chat.TokenHash) (u accounts.Identity, err error) {
	err = s.db.Read(ctx, "find token", func(c *sqliteconn.Conn) error {
		found, err := c.First("SELECT u.id, u.name, u.color, u.created FROM tokens t JOIN users u ON u.id = t.user WHERE t.hash = ?",
			func(row sqliteconn.Row) { u = identityOf(row) }, hash[:])
		if err == nil && !found {
			err = accounts.ErrNotFound
		}
		return err
	})
	return u, err
}

func identityOf(row sqliteconn.Row) accounts.Identity {
	return accounts.Identity{
		User:    chat.User{ID: chat.UserID(row.Text(0)), Name: row.Text(1), Color: row.Text(2)},
		Created: row.Time(3),
	}
}

// ClaimName implements [accounts.Store].
func (s *Store) ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error {
	taken := false
	err := s.write(ctx, "claim name", func(tx *sqliteconn.Tx) error {
		changed, err := tx.Exec(`INSERT INTO names (key, user, until) VALUES (?1, ?2, ?4)
			ON CONFLICT (key) DO UPDATE SET user = excluded.user, until = excluded.until
			WHERE names.user = excluded.user OR names.until <= ?3`,
			key, string(user), now.UnixMilli(), until.UnixMilli())
		taken = changed == 0
		return err
	})
	if err == nil && taken {
		return fmt.Errorf("claim name: %w", accounts.ErrNameTaken)
	}
	return err
}

// FreeName implements [accounts.Store].
func (s *Store) FreeName(ctx context.Context, key string, user chat.UserID, until time.Time) error {
	return s.write(ctx, "free name", func(tx *sqliteconn.Tx) error {
		_, err := tx.Exec("DELETE FROM names WHERE key = ? AND user = ? AND until = ?", key, string(user), until.UnixMilli())
		return err
	})
}

// RenewNames implements [accounts.Store].
func (s *Store) RenewNames(ctx context.Context, held []accounts.Hold, until time.Time) error {
	held = slices.Clone(held) // the caller may stop waiting and change its own
	return s.write(ctx, "renew names", func(tx *sqliteconn.Tx) error {
		for _, h := range held {
			_, err := tx.Exec("UPDATE names SET until = ? WHERE key = ? AND user = ?", until.UnixMilli(), h.Key, string(h.User))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
