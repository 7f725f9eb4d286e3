package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// FerretDB v1.24 makes its index of _id on the expression sjson->"_id" and asks for sjson->'$._id', which SQLite takes
// for another, so that it reads the whole table for one document. indexer adds an index on what is asked, to every table
// soon after it is made. It changes how long a request takes and nothing else.
type indexer struct {
	dir  string
	open map[string]*sql.DB // by file
}

// often is how long a new table may go without the index.
const often = 50 * time.Millisecond

// run goes on until ctx ends.
func (x *indexer) run(ctx context.Context) {
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			for _, db := range x.open {
				_ = db.Close() // nothing of ours is under way
			}
			return
		case <-tick.C:
			x.visit(ctx)
		}
	}
}

// visit adds what is missing in the databases that there are by now.
func (x *indexer) visit(ctx context.Context) {
	files, err := filepath.Glob(filepath.Join(x.dir, "*.sqlite"))
	if err != nil {
		slog.Error("look for databases", "error", err)
		return
	}
	for _, file := range files {
		if x.open[file] == nil {
			dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: "_pragma=busy_timeout(10000)"}
			db, err := sql.Open("sqlite", dsn.String())
			if err != nil {
				slog.Error("open", "file", file, "error", err)
				continue
			}
			db.SetMaxOpenConns(1)
			x.open[file] = db
		}
	}
	for file, db := range x.open {
		if _, err := os.Stat(file); err != nil { // dropped
			_ = db.Close()
			delete(x.open, file)
			continue
		}
		if err := addIndexes(ctx, db); err != nil && ctx.Err() == nil {
			slog.Debug("add indexes", "file", file, "error", err) // the next visit tries again
		}
	}
}

func addIndexes(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT name FROM sqlite_master AS t
		WHERE type = 'table' AND sql LIKE '%\_ferretdb\_sjson TEXT%' ESCAPE '\'
		AND NOT EXISTS (SELECT 1 FROM sqlite_master AS i WHERE i.type = 'index' AND i.name = t.name || '_by_id')`)
	if err != nil {
		return err
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		tables = append(tables, name)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, table := range tables {
		if _, err := db.ExecContext(ctx, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %q ON %q (_ferretdb_sjson->'$._id')`, table+"_by_id", table)); err != nil {
			return err
		}
	}
	return rows.Err()
}
