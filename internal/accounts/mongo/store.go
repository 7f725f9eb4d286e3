// Package mongo keeps what is stored about users in MongoDB, or in a server that speaks as MongoDB does, so that any number
// of nodes share it. docs/SCHEMA.md describes what is stored.
//
// It owns no connection, no goroutine and no lock: each call is one request, or a few, to the server.
package mongo

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/mongoconn"
)

// Store is an [accounts.Store] in a database that others use too. It is closed with the database.
type Store struct {
	db                   *mongoconn.DB
	users, tokens, names *mongo.Collection
}

var (
	_ accounts.Store    = (*Store)(nil)
	_ accounts.Exporter = (*Store)(nil)
	_ accounts.Importer = (*Store)(nil)
)

// New makes the collections and indexes that are missing in db.
func New(ctx context.Context, db *mongoconn.DB) (*Store, error) {
	s := Source(db)
	if err := s.prepare(ctx); err != nil {
		return nil, db.Translate(ctx, "prepare the accounts", err)
	}
	return s, nil
}

// Source gives the accounts in db for reading only: it makes nothing in db. Of the store's methods, those that write must not be
// called.
func Source(db *mongoconn.DB) *Store {
	return &Store{db: db, users: db.Collection("users"), tokens: db.Collection("tokens"), names: db.Collection("names")}
}

func (s *Store) prepare(ctx context.Context) error {
	for _, c := range []*mongo.Collection{s.users, s.tokens, s.names} {
		if err := s.db.Create(ctx, c.Name()); err != nil {
			return err
		}
	}
	for _, c := range []*mongo.Collection{s.tokens, s.names} { // for ExportUsers and ImportUsers
		if err := s.db.Index(ctx, c, "user", false, "user"); err != nil {
			return err
		}
	}
	return nil
}

type userDoc struct {
	ID      string    `bson:"_id"`
	Name    string    `bson:"name"`
	Color   string    `bson:"color"`
	Created time.Time `bson:"created"`
}

type tokenDoc struct {
	Hash  string    `bson:"_id"` // hexadecimal
	User  string    `bson:"user"`
	Added time.Time `bson:"added"`
}

func newUserDoc(u accounts.Identity) userDoc {
	return userDoc{ID: string(u.User.ID), Name: u.User.Name, Color: u.User.Color, Created: u.Created}
}

func (d userDoc) identity() accounts.Identity {
	return accounts.Identity{User: chat.User{ID: chat.UserID(d.ID), Name: d.Name, Color: d.Color}, Created: d.Created.UTC()}
}

func newTokenDoc(user chat.UserID, t accounts.Token) tokenDoc {
	return tokenDoc{Hash: hashID(t.Hash), User: string(user), Added: t.Added}
}

func hashID(hash chat.TokenHash) string { return hex.EncodeToString(hash[:]) }

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

// PutUser replaces the user's document.
func (s *Store) PutUser(ctx context.Context, u accounts.Identity) error {
	return s.db.Call(ctx, "put user", func(ctx context.Context) error {
		return replace(ctx, s.users, string(u.User.ID), newUserDoc(u))
	})
}

// AddToken stores the token's hash with its user.
func (s *Store) AddToken(ctx context.Context, hash chat.TokenHash, user chat.UserID, now time.Time) error {
	return s.db.Call(ctx, "add token", func(ctx context.Context) error {
		return replace(ctx, s.tokens, hashID(hash), newTokenDoc(user, accounts.Token{Hash: hash, Added: now}))
	})
}

// UserByToken finds the token and then its user.
func (s *Store) UserByToken(ctx context.Context, hash chat.TokenHash) (accounts.Identity, error) {
	var found accounts.Identity
	err := s.db.Call(ctx, "find a token's user", func(ctx context.Context) error {
		var token tokenDoc
		if err := s.tokens.FindOne(ctx, byID(hashID(hash))).Decode(&token); err != nil {
			return notFound(err)
		}
		var user userDoc
		if err := s.users.FindOne(ctx, byID(token.User)).Decode(&user); err != nil {
			return notFound(err)
		}
		found = user.identity()
		return nil
	}, accounts.ErrNotFound)
	return found, err
}

// RevokeToken deletes the token.
func (s *Store) RevokeToken(ctx context.Context, hash chat.TokenHash) error {
	return s.db.Call(ctx, "revoke token", func(ctx context.Context) error {
		_, err := s.tokens.DeleteOne(ctx, byID(hashID(hash)))
		return err
	})
}

func notFound(err error) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return accounts.ErrNotFound
	}
	return err
}

// replace stores doc under id, whether there was one or not. When two callers make the document at once, the server may
// refuse one of them, which then finds the other's.
func replace(ctx context.Context, in *mongo.Collection, id string, doc any) error {
	for try := 1; ; try++ {
		_, err := in.ReplaceOne(ctx, byID(id), doc, options.Replace().SetUpsert(true))
		if !mongo.IsDuplicateKeyError(err) || try == 3 {
			return err
		}
	}
}
