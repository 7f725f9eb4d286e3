package mongo

import (
	"context"
	"fmt"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// server is what is on the other end, as far as the store's ways depend on it.
type server struct {
	name, version string // "MongoDB" or "FerretDB"
	topology      string // "replica set", "sharded" or "standalone"
	clustered     bool   // events are stored in the order of their _id
	// scans says that the server finds by an index only what equals one _id, and reads the whole collection otherwise.
	scans bool
	// races says that an update is no single step there: two at once may both find what they change unchanged.
	races bool
	// batch is how many events go into one insert.
	batch int
}

// maxBatch bounds the events of one insert: enough that the round trip hardly counts, few enough that the others in a
// room do not wait long for the number behind them.
const maxBatch = 1000

// prepare finds out what the server is and makes what is missing in the database. Several nodes may do so at once.
func (s *Store) prepare(ctx context.Context, change func(*server)) error {
	if err := s.inspect(ctx); err != nil {
		return err
	}
	if err := s.makeCollections(ctx); err != nil {
		return err
	}
	if change != nil {
		change(&s.server)
	}
	if err := s.makeIndexes(ctx); err != nil {
		return err
	}
	_, err := s.identify(ctx)
	return err
}

func (s *Store) inspect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var build struct {
		Version  string `bson:"version"`
		FerretDB string `bson:"ferretdbVersion"` // absent in MongoDB; 1.x writes it here
	}
	if err := s.db.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&build); err != nil {
		return err
	}
	var hello struct {
		Set string `bson:"setName"`
		Msg string `bson:"msg"` // "isdbgrid" from a router of shards
	}
	if err := s.db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return err
	}
	s.server = server{name: "MongoDB", version: build.Version, topology: "standalone", batch: maxBatch}
	switch {
	case hello.Msg == "isdbgrid":
		s.server.topology = "sharded"
	case hello.Set != "":
		s.server.topology = "replica set"
	}
	if build.FerretDB != "" {
		// Read in the source of v1.24.0 (SQLite backend): only a lone _id equality becomes a WHERE, an update reads and
		// writes in two steps, and an ordered insert that is refused inside one hundred documents goes on with the next
		// hundred, which would leave a hole; so no insert has more.
		s.server.name, s.server.version = "FerretDB", build.FerretDB
		
	}
	return nil
}

// makeCollections makes what is missing, that of the events clustered where the server can, and finds out whether it is.
func (s *Store) makeCollections(ctx context.Context) error {
	for _, c := range []*mongo.Collection{s.events, s.rooms, s.users, s.tokens, s.names, s.floor, s.meta} {
		bounded, cancel := context.WithTimeout(ctx, s.timeout)
		var o []options.Lister[options.CreateCollectionOptions]
		if c == s.events {
			o = append(o, options.CreateCollection().SetClusteredIndex(
				bson.D{{Key: "key", Value: bson.D{{Key: "_id", Value: 1}}}, {Key: "unique", Value: true}}))
		}
		err := s.db.CreateCollection(bounded, c.Name(), o...)
		if err != nil && o != nil && !unsent(err) && !hasCode(err, codeNamespaceExists) {
			// A server from before MongoDB 5.3 refuses the option, in words of its own.
			err = s.db.CreateCollection(bounded, c.Name())
		}
		cancel()
		if err != nil && !hasCode(err, codeNamespaceExists) {
			return fmt.Errorf("make the collection %s: %w", c.Name(), err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	specs, err := s.db.ListCollectionSpecifications(ctx, bson.D{{Key: "name", Value: s.events.Name()}})
	if err != nil {
		return fmt.Errorf("look at the collection %s: %w", s.events.Name(), err)
	}
	for _, spec := range specs { // a server that does not know the option may have passed over it
		if _, err := spec.Options.LookupErr("clusteredIndex"); err == nil {
			s.server.clustered = true
		}
	}
	return nil
}

func (s *Store) makeIndexes(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 12*s.timeout) // someone may have dropped one of a big collection
	defer cancel()
	for _, index := range []struct {
		in     *mongo.Collection
		name   string
		keys   []string
		unique bool
	}{
		// (room, seq) is unique by _id, see eventID.
		{s.events, "room_user_cid", []string{"room", "user.id", "cid"}, true},
		{s.tokens, "user", []string{"user"}, false},
		{s.names, "user", []string{"user"}, false},
	} {
		var keys bson.D
		for _, key := range index.keys {
			keys = append(keys, bson.E{Key: key, Value: 1})
		}
		model := mongo.IndexModel{Keys: keys, Options: options.Index().SetName(index.name).SetUnique(index.unique)}
		if _, err := index.in.Indexes().CreateOne(ctx, model); err != nil {
			return fmt.Errorf("make the index %s of %s: %w", index.name, index.in.Name(), err)
		}
	}
	return nil
}

// report logs what is used, and what is missing, once at start.
func (v server) report(log *slog.Logger, database string) {
	log.Info("history in "+v.name, "version", v.version, "topology", v.topology, "database", database,
		"clustered", v.clustered, "finds", map[bool]string{true: "by single _id", false: "by range of _id"}[v.scans], "batch", v.batch)
	if v.topology == "standalone" {
		log.Warn("history is on one server: what is acknowledged is lost with its disk", "server", v.name)
	}
	if v.races {
		log.Warn("this server is for tests: it ignores the write concern, and two nodes may take one free name at once", "server", v.name)
	}
}
