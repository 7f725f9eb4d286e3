package node

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	accountsmongo "salon/internal/accounts/mongo"
	accountssqlite "salon/internal/accounts/sqlite"
	"salon/internal/chat"
	"salon/internal/history"
	historymongo "salon/internal/history/mongo"
	historysqlite "salon/internal/history/sqlite"
	"salon/internal/migrate"
	"salon/internal/mongoconn"
	"salon/internal/sqliteconn"
)

// OpenSource opens the history that where names for reading only: mongodb://…, or the folder of an embedded one. It makes and
// changes nothing there. It is an error if there is no history.
func OpenSource(ctx context.Context, where string, log *slog.Logger) (migrate.Source, error) {
	if !inMongo(where) {
		db, err := sqliteconn.OpenSource(where)
		if err != nil {
			return nil, sqliteProblem(where, err)
		}
		return migrate.Join(historysqlite.New(db), accountssqlite.New(db)), nil
	}
	db, err := mongoconn.Open(ctx, where, patiently(log))
	if err != nil {
		return nil, err
	}
	events, err := historymongo.Source(ctx, db)
	if errors.Is(err, history.ErrNone) {
		err = chat.Problemf("there is no history in the database %s of MongoDB", db.Name())
	}
	if err != nil {
		_ = db.Close() // nothing is under way
		return nil, err
	}
	return migrate.Join(events, accountsmongo.Source(db)), nil
}

// OpenTarget opens the history that where names, as OpenSource, for writing. It makes what is not there.
func OpenTarget(ctx context.Context, where string, log *slog.Logger) (migrate.Target, error) {
	if inMongo(where) {
		events, users, err := openMongo(ctx, where, patiently(log))
		if err != nil {
			return nil, err
		}
		return migrate.Join(events, users), nil
	}
	db, err := openSQLite(where, log)
	if err != nil {
		return nil, err
	}
	return migrate.Join(historysqlite.New(db), accountssqlite.New(db)), nil
}

// SameStore tells whether two names are certainly those of one store.
func SameStore(one, other string) bool {
	if inMongo(one) || inMongo(other) {
		return one == other
	}
	a, errA := os.Stat(one)
	b, errB := os.Stat(other)
	return filepath.Clean(one) == filepath.Clean(other) || errA == nil && errB == nil && os.SameFile(a, b)
}

func inMongo(where string) bool {
	return strings.HasPrefix(where, "mongodb://") || strings.HasPrefix(where, "mongodb+srv://")
}

// patiently has MongoDB take its time: nobody waits for a single answer.
func patiently(log *slog.Logger) mongoconn.Options {
	return mongoconn.Options{Log: log, Timeout: time.Minute}
}
