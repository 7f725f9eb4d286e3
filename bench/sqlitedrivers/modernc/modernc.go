// Package modernc opens a connection by modernc.org/sqlite: SQLite translated from C to Go.
package modernc

import (
	"context"
	"database/sql/driver"
	"io"

	"modernc.org/sqlite"

	"salon/bench/sqlitedrivers"
)

type conn struct{ driver.Conn }

// Open opens the file at path, a plain one.
func Open(path string) (sqlitedrivers.DB, error) {
	c, err := (&sqlite.Driver{}).Open(path)
	return conn{c}, err
}

func (c conn) Exec(sql string) error {
	_, err := c.Conn.(driver.ExecerContext).ExecContext(context.Background(), sql, nil)
	return err
}

func (c conn) Prepare(sql string) (sqlitedrivers.Stmt, error) {
	s, err := c.Conn.Prepare(sql)
	return &stmt{s: s}, err
}

type stmt struct {
	s    driver.Stmt
	args []driver.NamedValue
	row  []driver.Value
}

func (s *stmt) bind(args []any) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

func (s *stmt) Run(args ...any) error {
	_, err := s.s.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	return err
}

func (s *stmt) Rows(args ...any) (n int, err error) {
	rows, err := s.s.(driver.StmtQueryContext).QueryContext(context.Background(), s.bind(args))
	if err != nil {
		return 0, err
	}
	s.row = make([]driver.Value, len(rows.Columns()))
	for err = rows.Next(s.row); err == nil; err = rows.Next(s.row) {
		n++
	}
	if err != io.EOF {
		return n, err
	}
	return n, rows.Close()
}
