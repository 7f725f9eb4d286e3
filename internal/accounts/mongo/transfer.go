package mongo

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"salon/internal/accounts"
	"salon/internal/chat"
)

// ExportUsers reads a page of users, then their tokens and names.
func (s *Store) ExportUsers(ctx context.Context, after chat.UserID, limit int) ([]accounts.Record, error) {
	var records []accounts.Record
	err := s.db.Call(ctx, "export users", func(ctx context.Context) (err error) {
		records, err = s.export(ctx, after, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

func (s *Store) export(ctx context.Context, after chat.UserID, limit int) ([]accounts.Record, error) {
	var users []userDoc
	err := findAll(ctx, s.users, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: string(after)}}}}, &users,
		options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(max(limit, 1))))
	if err != nil || len(users) == 0 {
		return nil, err
	}
	ids, records, where := make([]string, len(users)), make([]accounts.Record, len(users)), map[string]*accounts.Record{}
	for i, u := range users {
		ids[i], records[i].Identity, where[u.ID] = u.ID, u.identity(), &records[i]
	}
	theirs := bson.D{{Key: "user", Value: bson.D{{Key: "$in", Value: ids}}}}
	var tokens []tokenDoc
	var names []nameDoc
	if err := errors.Join(findAll(ctx, s.tokens, theirs, &tokens), findAll(ctx, s.names, theirs, &names)); err != nil {
		return nil, err
	}
	for _, t := range tokens {
		token := accounts.Token{Added: t.Added.UTC()}
		if n, err := hex.Decode(token.Hash[:], []byte(t.Hash)); err != nil || n != len(token.Hash) {
			return nil, fmt.Errorf("a token's hash is broken: user %s", t.User)
		}
		r := where[t.User]
		r.Tokens = append(r.Tokens, token)
	}
	for _, n := range names {
		r := where[n.User]
		r.Names = append(r.Names, accounts.HeldName{Key: n.Key, Until: n.Until.UTC()})
	}
	return records, nil
}

func findAll(ctx context.Context, in *mongo.Collection, filter bson.D, into any, o ...options.Lister[options.FindOptions]) error {
	cursor, err := in.Find(ctx, filter, o...)
	if err != nil {
		return err
	}
	return cursor.All(ctx, into)
}

const (
	importedAtOnce = 100  // how many users are imported together
	perBulk        = 1000 // how many changes go into one request
)

// ImportUsers deletes the tokens and names that the users have here and stores those given. An import that was interrupted
// and is repeated ends the same.
func (s *Store) ImportUsers(ctx context.Context, users []accounts.Record) error {
	for part := range slices.Chunk(users, importedAtOnce) {
		if err := s.importUsers(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) importUsers(ctx context.Context, records []accounts.Record) error {
	var ids []string
	var users, tokens, names []mongo.WriteModel
	put := func(id string, doc any) mongo.WriteModel {
		return mongo.NewReplaceOneModel().SetFilter(byID(id)).SetReplacement(doc).SetUpsert(true)
	}
	for _, r := range records {
		id := string(r.Identity.User.ID)
		ids = append(ids, id)
		users = append(users, put(id, newUserDoc(r.Identity)))
		for _, t := range r.Tokens {
			tokens = append(tokens, put(hashID(t.Hash), newTokenDoc(r.Identity.User.ID, t)))
		}
		for _, n := range r.Names {
			names = append(names, put(n.Key, nameDoc{Key: n.Key, User: id, Until: n.Until}))
		}
	}
	theirs := []mongo.WriteModel{mongo.NewDeleteManyModel().SetFilter(bson.D{{Key: "user", Value: bson.D{{Key: "$in", Value: ids}}}})}
	for _, step := range []struct {
		in      *mongo.Collection
		changes []mongo.WriteModel
	}{
		{s.tokens, theirs}, {s.names, theirs}, {s.tokens, tokens}, {s.names, names}, {s.users, users},
	} {
		for part := range slices.Chunk(step.changes, perBulk) {
			err := s.db.Call(ctx, "import into "+step.in.Name(), func(ctx context.Context) error {
				_, err := step.in.BulkWrite(ctx, part, options.BulkWrite().SetOrdered(false))
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
