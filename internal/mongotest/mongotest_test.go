package mongotest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"
)

func collection(t *testing.T) *mongo.Collection {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(Start(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client.Database(Database()).Collection("things")
}

// TestFind compares what the server finds with a search through all documents, for the filters that the proxy of
// test/ferretdb answers from its indexes and for one that it leaves to FerretDB.
func TestFind(t *testing.T) {
	t.Parallel()
	in := collection(t)
	type doc struct {
		ID   string `bson:"_id"`
		Kind string `bson:"kind"`
		N    int64  `bson:"n"`
	}
	// Order and prefixes by bytes: a quote sorts before letters, and U+FFFF before U+10000.
	var all []doc
	for i, id := range []string{"a", "a!", `a"b`, "a/1", "a/2", "a0", "ab", "A", "é", "\uffff", "\U00010000", "", `x\y`} {
		all = append(all, doc{ID: id, Kind: []string{"x", "y", "z"}[i%3], N: int64(i)})
	}
	if _, err := in.InsertMany(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b doc) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	for name, c := range map[string]struct {
		filter bson.D
		want   func(doc) bool
	}{
		"all":      {bson.D{}, func(doc) bool { return true }},
		"equal":    {bson.D{{Key: "_id", Value: `a"b`}}, func(d doc) bool { return d.ID == `a"b` }},
		"range":    {bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: "a"}, {Key: "$lte", Value: "a0"}}}}, func(d doc) bool { return d.ID > "a" && d.ID <= "a0" }},
		"in":       {bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: []string{"A", "é", "none", `x\y`}}}}}, func(d doc) bool { return d.ID == "A" || d.ID == "é" || d.ID == `x\y` }},
		"none":     {bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: []string{}}}}}, func(doc) bool { return false }},
		"two":      {bson.D{{Key: "kind", Value: "x"}, {Key: "_id", Value: bson.D{{Key: "$lt", Value: "b"}}}}, func(d doc) bool { return d.Kind == "x" && d.ID < "b" }},
		"either":   {bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: "_id", Value: "a"}}, bson.D{{Key: "kind", Value: "y"}}}}}, func(d doc) bool { return d.ID == "a" || d.Kind == "y" }},
		"a number": {bson.D{{Key: "n", Value: bson.D{{Key: "$gt", Value: 4}}}}, func(d doc) bool { return d.N > 4 }},
	} {
		var want []doc
		for _, d := range all {
			if c.want(d) {
				want = append(want, d)
			}
		}
		for _, limit := range []int{0, 2} { // 0 is none
			cursor, err := in.Find(t.Context(), c.filter, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit)))
			var got []doc
			if err == nil {
				err = cursor.All(t.Context(), &got)
			}
			expected := want
			if limit > 0 {
				expected = want[:min(limit, len(want))]
			}
			if err != nil || !slices.Equal(got, expected) {
				t.Errorf("%s, limit %d: %v, %v, want %v", name, limit, got, err, expected)
			}
		}
	}
}

// TestUpdateOnce has many clients change a document on the condition that it is as they read it: one of them succeeds.
func TestUpdateOnce(t *testing.T) {
	t.Parallel()
	in := collection(t)
	if _, err := in.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "x"}, {Key: "owner", Value: "nobody"}}); err != nil {
		t.Fatal(err)
	}
	var changed atomic.Int64
	var g errgroup.Group
	for i := range 16 {
		g.Go(func() error {
			result, err := in.UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "x"}, {Key: "owner", Value: "nobody"}},
				bson.D{{Key: "$set", Value: bson.D{{Key: "owner", Value: fmt.Sprint(i)}}}})
			if err == nil {
				changed.Add(result.MatchedCount)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := changed.Load(); n != 1 {
		t.Errorf("%d clients changed the document, want 1", n)
	}
}
