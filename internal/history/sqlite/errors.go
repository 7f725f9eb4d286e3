package sqlite

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"salon/internal/history"
)

// failed says what an error of SQLite means to callers: one that may pass (a full disk, a read-only file, an I/O error)
// is [history.ErrUnavailable]; others, such as a broken file, stay as they are.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	switch code(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return fmt.Errorf("%s: %w: %w", op, history.ErrUnavailable, err)
	case sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%s: %w: %w", op, history.ErrTooLarge, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

// passing tells whether err comes from outside (the disk, the system) and hits whoever writes next as well.
func passing(err error) bool { return errors.Is(err, history.ErrUnavailable) }

// code gives SQLite's primary result code, 0 if err is not from SQLite.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// ended is the error of a call whose context ended first.
func ended(ctx context.Context, op string) error {
	return fmt.Errorf("%s: %w: %w", op, history.ErrUnavailable, context.Cause(ctx))
}
