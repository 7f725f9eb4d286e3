package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"modernc.org/sqlite"
)

// conn is one connection to the file. It is the only place that knows the driver, which it uses without database/sql:
// one goroutine at a time owns a connection here, so a pool and its locks would only cost.
type conn struct {
	c     driver.Conn
	stmts []*stmt
}

// openConn opens the file at path and runs the pragmas on it.
func openConn(path string, pragmas ...string) (*conn, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	// A URI, because a plain path with a '?' in it would be cut there.
	dc, err := (&sqlite.Driver{}).Open((&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	c := &conn{c: dc}
	for _, p := range pragmas {
		if err := c.exec("PRAGMA " + p); err != nil {
			return nil, errors.Join(fmt.Errorf("set %s: %w", p, err), c.close())
		}
	}
	return c, nil
}

// exec runs statements that take and give nothing.
func (c *conn) exec(sql string) error {
	_, err := c.c.(driver.ExecerContext).ExecContext(context.Background(), sql, nil)
	return err
}

// prepare makes a statement that close closes.
func (c *conn) prepare(sql string) (*stmt, error) {
	ds, err := c.c.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", sql, err)
	}
	s := &stmt{s: ds}
	c.stmts = append(c.stmts, s)
	return s, nil
}

// query calls f with every row of a statement that is used once.
func (c *conn) query(sql string, f func(row) error) error {
	ds, err := c.c.Prepare(sql)
	if err != nil {
		return err
	}
	s := &stmt{s: ds}
	return errors.Join(s.each(f), ds.Close())
}

// number gives the one number that sql selects.
func (c *conn) number(sql string) (n int64, err error) {
	err = c.query(sql, func(r row) error { n = r.int(0); return nil })
	return n, err
}

// texts gives the one column of text that sql selects.
func (c *conn) texts(sql string) (all []string, err error) {
	err = c.query(sql, func(r row) error { all = append(all, r.text(0)); return nil })
	return all, err
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.s.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

// stmt is a prepared statement. Its arguments are int64, string and []byte.
type stmt struct {
	s    driver.Stmt
	args []driver.NamedValue // reused
	row  row                 // reused
}

func (s *stmt) bind(args []any) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

// run executes s and tells how many rows it changed. The driver is given no context: a statement that is under way is
// finished, since all of them are short.
func (s *stmt) run(args ...any) (changed int64, err error) {
	r, err := s.s.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// each calls f with every row that s selects. What f gets is its own only until it returns, save for strings.
func (s *stmt) each(f func(row) error, args ...any) error {
	rows, err := s.s.(driver.StmtQueryContext).QueryContext(context.Background(), s.bind(args))
	if err != nil {
		return err
	}
	if n := len(rows.Columns()); len(s.row) != n {
		s.row = make(row, n)
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

// one calls f with the first row that s selects and tells whether there was one.
func (s *stmt) one(f func(row), args ...any) (found bool, err error) {
	err = s.each(func(r row) error {
		if !found {
			f(r)
		}
		found = true
		return nil
	}, args...)
	return found, err
}

// row is what a statement selected.
type row []driver.Value

func (r row) int(i int) int64   { n, _ := r[i].(int64); return n }
func (r row) text(i int) string { s, _ := r[i].(string); return s }
func (r row) blob(i int) []byte { b, _ := r[i].([]byte); return b }
