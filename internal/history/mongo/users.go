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
)

// perBulk is how many changes go into one request.
const perBulk = 1000

// call does one request of a public method: it lets it in, bounds it in time and makes its error the contract's.
func (s *Store) call(ctx context.Context, what string, request func(context.Context) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.calls.Done()
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.failure(ctx, what, request(bounded))
}

// PutUser replaces the user's document.
func (s *Store) PutUser(ctx context.Context, u accounts.Identity) error {
	return s.call(ctx, "put user", func(ctx context.Context) error {
		return replace(ctx, s.users, string(u.User.ID), newUserDoc(u))
	})
}

// AddToken stores the token's hash with its user.
func (s *Store) AddToken(ctx context.Context, hash chat.TokenHash, user chat.UserID, now time.Time) error {
	return s.call(ctx, "add token", func(ctx context.Context) error {
		return replace(ctx, s.tokens, hashID(hash), newTokenDoc(user, accounts.Token{Hash: hash, Added: now}))
	})
}

// UserByToken finds the token and then its user.
func (s *Store) UserByToken(ctx context.Context, hash chat.TokenHash) (accounts.Identity, error) {
	var found accounts.Identity
	err := s.call(ctx, "find a token's user", func(ctx context.Context) error {
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
	})
	return found, err
}

// RevokeToken deletes the token.
func (s *Store) RevokeToken(ctx context.Context, hash chat.TokenHash) error {
	return s.call(ctx, "revoke token", func(ctx context.Context) error {
		_, err := s.tokens.DeleteOne(ctx, byID(hashID(hash)))
		return err
	})
}

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

func hashID(hash chat.TokenHash) string { return hex.EncodeToString(hash[:]) }

func notFound(err error) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return accounts.ErrNotFound
	}
	return err
}

// replace stores doc under id, whether there was one or not.
func replace(ctx context.Context, in *mongo.Collection, id string, doc any) error {
	for try := 1; ; try++ {
		_, err := in.ReplaceOne(ctx, byID(id), doc, options.Replace().SetUpsert(true))
		if !mongo.IsDuplicateKeyError(err) || try == 3 { // two made it at once, which one of them can mend
			return err
		}
	}
}

// bulk makes changes, in whatever order the server likes.
func bulk(ctx context.Context, in *mongo.Collection, timeout time.Duration, changes []mongo.WriteModel) error {
	if len(changes) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := in.BulkWrite(ctx, changes, options.BulkWrite().SetOrdered(false))
	return err
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
