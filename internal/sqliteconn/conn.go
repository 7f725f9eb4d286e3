package sqliteconn

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
)

// Conn is one connection to the file. It uses the driver without database/sql: one goroutine at a time owns a connection
// here, so a pool and its locks would only cost.
//
// Each SQL text is prepared when it is first used, and stays prepared until the connection is closed. Texts are therefore
// constants, and values are passed as arguments: int64, string or []byte.
type Conn struct {
	driver   driver.Conn
	prepared map[string]*statement
}

// On macOS fsync leaves what it wrote in the disk's own memory, which a power failure empties. These have SQLite use
// F_FULLFSYNC there. They change nothing on other systems.
const (
	fullSync           = "fullfsync = ON"
	fullCheckpointSync = "checkpoint_fullfsync = ON"
)

// openConn opens the file at path and runs the pragmas on it.
func openConn(path string, pragmas ...string) (*Conn, error) { return openURI(path, "", pragmas...) }

// openImmutable opens the file at path for reading. SQLite takes it for a file that nobody changes: it neither locks it nor
// makes or reads a file beside it, the write-ahead log included.
func openImmutable(path string) (*Conn, error) {
	return openURI(path, "mode=ro&immutable=1", "query_only = ON")
}

// openURI opens the file at path with the parameters in query (SQLite's "Uniform Resource Identifiers").
func openURI(path, query string, pragmas ...string) (*Conn, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	// A URI, because a plain path with a '?' in it would be cut there.
	dc, err := (&sqlite.Driver{}).Open((&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: query}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	c := &Conn{driver: dc, prepared: map[string]*statement{}}
	for _, p := range pragmas {
		if err := c.Script("PRAGMA " + p); err != nil {
			return nil, errors.Join(fmt.Errorf("set %s: %w", p, err), c.close())
		}
	}
	return c, nil
}

// Script runs statements that take no arguments and give no rows. They are not kept prepared.
func (c *Conn) Script(sql string) error {
	_, err := c.driver.(driver.ExecerContext).ExecContext(context.Background(), sql, nil)
	return err
}

// Exec runs sql and tells how many rows it changed. The driver is given no context: a statement that has begun is
// finished, since all of them are short.
func (c *Conn) Exec(sql string, args ...any) (changed int64, err error) {
	s, err := c.statement(sql)
	if err != nil {
		return 0, err
	}
	r, err := s.driver.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Each calls f with every row that sql selects. The row and its blobs are valid until f returns; its strings stay valid.
// f must not run the same sql on this connection.
func (c *Conn) Each(sql string, f func(Row) error, args ...any) error {
	s, err := c.statement(sql)
	if err != nil {
		return err
	}
	rows, err := s.driver.(driver.StmtQueryContext).QueryContext(context.Background(), s.bind(args))
	if err != nil {
		return err
	}
	if n := len(rows.Columns()); len(s.row) != n {
		s.row = make(Row, n)
	}
	for {
		err := rows.Next(s.row)
		if err == nil {
			err = f(s.row)
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return errors.Join(err, rows.Close())
		}
	}
}

// First calls f with the first row that sql selects, and tells whether there was one.
func (c *Conn) First(sql string, f func(Row), args ...any) (found bool, err error) {
	err = c.Each(sql, func(r Row) error {
		if !found {
			f(r)
		}
		found = true
		return nil
	}, args...)
	return found, err
}

// number gives the one number that sql selects.
func (c *Conn) number(sql string) (n int64, err error) {
	_, err = c.First(sql, func(r Row) { n = r.Int(0) })
	return n, err
}

// statement prepares sql, or finds it prepared.
func (c *Conn) statement(sql string) (*statement, error) {
	if s, ok := c.prepared[sql]; ok {
		return s, nil
	}
	ds, err := c.driver.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", sql, err)
	}
	s := &statement{driver: ds}
	c.prepared[sql] = s
	return s, nil
}

func (c *Conn) close() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.driver.Close())
	}
	return errors.Join(append(errs, c.driver.Close())...)
}

// statement is a prepared statement with the memory that its next use takes.
type statement struct {
	driver driver.Stmt
	args   []driver.NamedValue
	row    Row
}

func (s *statement) bind(args []any) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

// Row is a row that a statement selected. A column of another type reads as that type's zero value.
type Row []driver.Value

// Int reads column i, a number.
func (r Row) Int(i int) int64 { n, _ := r[i].(int64); return n }

// Text reads column i, a text.
func (r Row) Text(i int) string { s, _ := r[i].(string); return s }

// Blob reads column i, bytes.
func (r Row) Blob(i int) []byte { b, _ := r[i].([]byte); return b }

// Time reads column i, which holds milliseconds since 1970-01-01 UTC.
func (r Row) Time(i int) time.Time { return time.UnixMilli(r.Int(i)).UTC() }
