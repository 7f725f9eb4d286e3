// Package commits stores messages as a server does that commits each by itself: into SQLite, with the settings and the
// indexes that a durable log of messages needs, without any server around it. It owns its database while it runs.
package commits

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const schema = `
CREATE TABLE events (
	room INTEGER NOT NULL,
	seq  INTEGER NOT NULL,
	user TEXT NOT NULL,
	cid  TEXT NOT NULL,
	at   INTEGER NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (room, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX sends ON events (room, user, cid);`

// PerSecond stores messages, one a transaction, for d, in rooms in turn, into a new database in dir, and gives how many
// became durable per second.
func PerSecond(ctx context.Context, dir string, rooms int, d time.Duration) (float64, error) {
	name := "file:" + filepath.Join(dir, "commits.db") + "?_pragma=journal_mode(wal)&_pragma=synchronous(full)"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return 0, fmt.Errorf("open: %w", err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return 0, fmt.Errorf("schema: %w", err)
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO events (room, seq, user, cid, at, text) VALUES (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return 0, fmt.Errorf("prepare: %w", err)
	}
	defer insert.Close()
	start := time.Now()
	n := 0
	for ; time.Since(start) < d; n++ {
		_, err := insert.ExecContext(ctx, n%rooms, n/rooms+1, "u_abcdefghijklmnop", fmt.Sprintf("c%012d", n),
			time.Now().UnixMilli(), "a usual line of a chat, neither short nor long")
		if err != nil {
			return 0, fmt.Errorf("insert: %w", err)
		}
	}
	return float64(n) / time.Since(start).Seconds(), nil
}
