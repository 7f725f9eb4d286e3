package mongo

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// ID is found out at Open and kept.
func (s *Store) ID(ctx context.Context) (string, error) {
	if err := s.begin(); err != nil {
		return "", err
	}
	defer s.calls.Done()
	if id := s.id.Load(); id != nil {
		return *id, nil
	}
	id, err := s.identify(ctx)
	return id, s.failure(ctx, "read the history's id", err)
}

// historyID is the _id of the document that names the history.
const historyID = "history"

// identify reads the history's name, and gives it one if it has none. Of several nodes that do so at once, one's stays.
func (s *Store) identify(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var doc struct {
		Name string `bson:"name"`
	}
	err := s.meta.FindOne(ctx, byID(historyID)).Decode(&doc)
	if errors.Is(err, mongo.ErrNoDocuments) {
		name := "h_" + strings.ToLower(rand.Text())
		_, err = s.meta.InsertOne(ctx, bson.D{{Key: "_id", Value: historyID}, {Key: "name", Value: name}, {Key: "created", Value: s.now().UTC()}})
		if err == nil || mongo.IsDuplicateKeyError(err) {
			err = s.meta.FindOne(ctx, byID(historyID)).Decode(&doc)
		}
	}
	if err != nil {
		return "", err
	}
	s.id.Store(&doc.Name)
	return doc.Name, nil
}
