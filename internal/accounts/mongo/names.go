package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"salon/internal/accounts"
	"salon/internal/chat"
)

type nameDoc struct {
	Key   string    `bson:"_id"`
	User  string    `bson:"user"`
	Until time.Time `bson:"until"`
}

// maxClaims is how often a claim starts over because the name changed hands or time meanwhile.
const maxClaims = 10

// ClaimName reads the name and changes what it read, if that is still so. Of two users who claim the name at once, on
// whatever nodes, the second one's change finds the name changed (or made, if it was not there) and is tried again.
func (s *Store) ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error {
	return s.db.Call(ctx, "claim name", func(ctx context.Context) error {
		for range maxClaims {
			if done, err := s.tryClaim(ctx, nameDoc{Key: key, User: string(user), Until: until}, now); done || err != nil {
				return err
			}
		}
		return fmt.Errorf("%w: the name changes all the time", accounts.ErrUnavailable)
	}, accounts.ErrNameTaken)
}

// tryClaim reports whether claim is stored now. It is not, without an error, when another user changed the name meanwhile.
func (s *Store) tryClaim(ctx context.Context, claim nameDoc, now time.Time) (bool, error) {
	var seen nameDoc
	err := s.names.FindOne(ctx, byID(claim.Key)).Decode(&seen)
	if errors.Is(err, mongo.ErrNoDocuments) {
		_, err = s.names.InsertOne(ctx, claim)
		if mongo.IsDuplicateKeyError(err) {
			return false, nil
		}
		return err == nil, err
	}
	if err != nil {
		return false, err
	}
	if seen.User != claim.User && seen.Until.After(now) {
		return false, accounts.ErrNameTaken
	}
	was := bson.D{{Key: "_id", Value: seen.Key}, {Key: "user", Value: seen.User}, {Key: "until", Value: seen.Until}}
	is := bson.D{{Key: "$set", Value: bson.D{{Key: "user", Value: claim.User}, {Key: "until", Value: claim.Until}}}}
	changed, err := s.names.UpdateOne(ctx, was, is)
	if err != nil {
		return false, err
	}
	return changed.MatchedCount == 1, nil
}

// FreeName removes the name as it was claimed.
func (s *Store) FreeName(ctx context.Context, key string, user chat.UserID, until time.Time) error {
	return s.db.Call(ctx, "free name", func(ctx context.Context) error {
		_, err := s.names.DeleteOne(ctx, nameDoc{Key: key, User: string(user), Until: until})
		return err
	})
}

// renewedAtOnce is how many holds one request moves.
const renewedAtOnce = 200

// RenewNames moves many holds by each request.
func (s *Store) RenewNames(ctx context.Context, held []accounts.Hold, until time.Time) error {
	later := bson.D{{Key: "$set", Value: bson.D{{Key: "until", Value: until}}}}
	renew := func(part []accounts.Hold) error {
		theirs := make(bson.A, len(part))
		for i, h := range part {
			theirs[i] = bson.D{{Key: "_id", Value: h.Key}, {Key: "user", Value: string(h.User)}}
		}
		return s.db.Call(ctx, "renew names", func(ctx context.Context) error {
			_, err := s.names.UpdateMany(ctx, bson.D{{Key: "$or", Value: theirs}}, later)
			return err
		})
	}
	if len(held) == 0 {
		return s.db.Call(ctx, "renew names", func(context.Context) error { return nil })
	}
	for part := range slices.Chunk(held, renewedAtOnce) {
		if err := renew(part); err != nil {
			return err
		}
	}
	return nil
}
