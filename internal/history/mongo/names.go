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
	"salon/internal/history"
)

// maxClaims is how often a claim starts over because the name changed hands or time under it.
const maxClaims = 10

// ClaimName looks at the name and changes what it saw, if that is still so: of two who claim it at once, on whatever
// nodes, the second finds it changed (or made, if it was not there) and looks again.
func (s *Store) ClaimName(ctx context.Context, key string, user chat.UserID, now, until time.Time) error {
	return s.call(ctx, "claim name", func(ctx context.Context) error {
		if s.server.races { // on such a server, at least the claims through this store come one after the other
			release, err := s.turns.take(ctx, "name/"+key)
			if err != nil {
				return err
			}
			defer release()
		}
		for range maxClaims {
			if done, err := s.tryClaim(ctx, nameDoc{Key: key, User: string(user), Until: until}, now); done || err != nil {
				return err
			}
		}
		return fmt.Errorf("%w: the name changes all the time", history.ErrUnavailable)
	})
}

// tryClaim says whether claim is stored now. It is not, without an error, when another changed the name meanwhile.
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
	return s.call(ctx, "free name", func(ctx context.Context) error {
		_, err := s.names.DeleteOne(ctx, nameDoc{Key: key, User: string(user), Until: until})
		return err
	})
}

// RenewNames moves many holds by each request.
func (s *Store) RenewNames(ctx context.Context, held []accounts.Hold, until time.Time) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.calls.Done()
	for part := range slices.Chunk(held, 200) {
		theirs := make(bson.A, len(part))
		for i, h := range part {
			theirs[i] = bson.D{{Key: "_id", Value: h.Key}, {Key: "user", Value: string(h.User)}}
		}
		bounded, cancel := context.WithTimeout(ctx, s.timeout)
		_, err := s.names.UpdateMany(bounded, bson.D{{Key: "$or", Value: theirs}}, bson.D{{Key: "$set", Value: bson.D{{Key: "until", Value: until}}}})
		cancel()
		if err != nil {
			return s.failure(ctx, "renew names", err)
		}
	}
	return nil
}
