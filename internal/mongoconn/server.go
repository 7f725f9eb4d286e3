package mongoconn

import (
	"context"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// server is what the deployment says of itself.
type server struct {
	name, version string // "MongoDB" or "FerretDB"
	topology      string // "replica set", "sharded" or "standalone"
}

// inspect asks the server what it is.
func inspect(ctx context.Context, db *mongo.Database) (server, error) {
	var build struct {
		Version  string `bson:"version"`
		FerretDB string `bson:"ferretdbVersion"` // absent in MongoDB; FerretDB 1 writes it here
	}
	if err := db.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&build); err != nil {
		return server{}, err
	}
	var hello struct {
		Set string `bson:"setName"`
		Msg string `bson:"msg"` // "isdbgrid" from a router of shards
	}
	if err := db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return server{}, err
	}
	found := server{name: "MongoDB", version: build.Version, topology: "standalone"}
	switch {
	case hello.Msg == "isdbgrid":
		found.topology = "sharded"
	case hello.Set != "":
		found.topology = "replica set"
	}
	if build.FerretDB != "" {
		found.name, found.version = "FerretDB", build.FerretDB
	}
	return found, nil
}

// report logs what the server is, once at start.
func (found server) report(log *slog.Logger, database string) {
	log.Info("connected to "+found.name, "version", found.version, "topology", found.topology, "database", database)
	if found.topology == "standalone" {
		log.Warn("the database is on one server: what is acknowledged is lost with its disk", "server", found.name)
	}
	if found.name == "FerretDB" {
		log.Warn("FerretDB 1 is for tests only, behind the proxy of test/ferretdb: it ignores the write concern, and it goes on with an ordered insert that it refused in part",
			"version", found.version)
	}
}
