package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"go.mongodb.org/mongo-driver/bson"
)

// store is FerretDB's data folder: an SQLite file for each database, in it a table for each collection, in it a JSON text
// for each document (see decode). The store adds indexes to the tables and reads them; only FerretDB writes documents.
type store struct {
	dir string

	mu        sync.Mutex // guards what follows
	databases map[string]*database
}

type database struct {
	sql      *sql.DB
	changing sync.Mutex // one update at a time

	mu     sync.Mutex        // guards what follows; held while indexes are made
	tables map[string]string // by collection; their indexes exist
}

var errAbsent = errors.New("there is no such collection")

// open returns the database with this name. The file need not exist yet.
func (s *store) open(name string) (*database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if db := s.databases[name]; db != nil {
		return db, nil
	}
	file := filepath.Join(s.dir, name+".sqlite")
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: "mode=rw&_pragma=busy_timeout(60000)"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	opened := &database{sql: db, tables: map[string]string{}}
	s.databases[name] = opened
	return opened, nil
}

// forget closes a database whose tables or file are about to go.
func (s *store) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if db := s.databases[name]; db != nil {
		_ = db.sql.Close() // only reads and indexes are under way, which the client will ask for again
		delete(s.databases, name)
	}
}

// close closes all databases.
func (s *store) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, db := range s.databases {
		_ = db.sql.Close()
	}
}

// exclude keeps other updates out of a database until release is called.
func (s *store) exclude(name string) (release func()) {
	db, err := s.open(name)
	if err != nil {
		logFailure("open a database", err)
		return func() {}
	}
	db.changing.Lock()
	return db.changing.Unlock
}

// table returns the name of a collection's table, which then has its indexes of _id: one for the proxy, and one for
// FerretDB. FerretDB v1.24 makes its own on the expression ->"_id" and asks for ->'$._id', which SQLite takes for another.
func (db *database) table(ctx context.Context, collection string) (string, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if table := db.tables[collection]; table != "" {
		return table, nil
	}
	var table string
	err := db.sql.QueryRowContext(ctx, `SELECT table_name FROM _ferretdb_collections WHERE name = ?`, collection).Scan(&table)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errAbsent
	}
	if err != nil {
		return "", err
	}
	for name, expression := range map[string]string{"_by_id": column + `->'$._id'`, "_by_id_text": path("_id")} {
		if err := db.index(ctx, table, name, expression); err != nil {
			return "", err
		}
	}
	db.tables[collection] = table
	return table, nil
}

func (db *database) index(ctx context.Context, table, name, expressions string) error {
	_, err := db.sql.ExecContext(ctx, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %q ON %q (%s)`, table+name, table, expressions))
	return err
}

// addIndexes makes the indexes of a createIndexes command once more, for the proxy's reads.
func (s *store) addIndexes(ctx context.Context, name, collection string, command bson.Raw) {
	var asked struct {
		Indexes []struct {
			Name string
			Key  bson.D
		}
	}
	db, err := s.open(name)
	if err == nil {
		err = bson.Unmarshal(command, &asked)
	}
	var table string
	if err == nil {
		table, err = db.table(ctx, collection)
	}
	for i := 0; i < len(asked.Indexes) && err == nil; i++ {
		var paths []string
		for _, key := range asked.Indexes[i].Key {
			if !plain.MatchString(key.Key) {
				return
			}
			paths = append(paths, path(key.Key))
		}
		err = db.index(ctx, table, "_text_"+asked.Indexes[i].Name, strings.Join(paths, ", "))
	}
	if err != nil && ctx.Err() == nil {
		logFailure("add indexes", err)
	}
}

// find answers a find command from the indexes. It reports false when FerretDB must answer it.
func (s *store) find(ctx context.Context, name, collection string, command bson.Raw) (bson.A, bool) {
	if _, err := os.Stat(filepath.Join(s.dir, name+".sqlite")); err != nil {
		return nil, false
	}
	q, ok := newQuery(command)
	if !ok {
		return nil, false
	}
	docs, err := s.read(ctx, name, collection, q)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, errAbsent) {
			logFailure("find "+name+"."+collection, err)
		}
		return nil, false
	}
	return docs, true
}

// maxReply bounds the documents of one reply, in bytes of their JSON. FerretDB answers finds of more in several replies.
const maxReply = 14 << 20

var errLarge = errors.New("the documents are too large for one reply")

func (s *store) read(ctx context.Context, name, collection string, q *query) (bson.A, error) {
	db, err := s.open(name)
	if err != nil {
		return nil, err
	}
	table, err := db.table(ctx, collection)
	if err != nil {
		return nil, err
	}
	rows, err := db.sql.QueryContext(ctx, q.sql(table), q.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	docs, size := bson.A{}, 0
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		if size += len(text); size > maxReply && len(docs) > 0 {
			return nil, errLarge
		}
		doc, err := decode(text)
		if err != nil {
			return nil, err
		}
		docs = append(docs, q.project(doc))
	}
	return docs, rows.Err()
}
