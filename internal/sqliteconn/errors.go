package sqliteconn

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"salon/internal/chat"
)

// errReadOnly is the error of a write to a database that was opened by [OpenSource].
var errReadOnly = errors.New("the history was opened for reading only")

// translate makes an error of SQLite one that callers know. What may pass (a full disk, a read-only file, an I/O error) is
// [chat.ErrUnavailable]. Others, such as a damaged file, stay as they are.
func translate(op string, err error) error {
	if err == nil {
		return nil
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return fmt.Errorf("%s: %w: %w", op, chat.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

// resultCode gives SQLite's primary result code, 0 if err is not from SQLite.
func resultCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// contextEnded is the error of a call whose context ended first.
func contextEnded(ctx context.Context, op string) error {
	return fmt.Errorf("%s: %w: %w", op, chat.ErrUnavailable, context.Cause(ctx))
}

// closed is the error of a call after [DB.Close].
func closed(op string) error { return fmt.Errorf("%s: %w", op, chat.ErrClosed) }
