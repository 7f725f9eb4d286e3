// Package ncruces opens a connection by github.com/ncruces/go-sqlite3: SQLite as WebAssembly, compiled at run time.
package ncruces

import (
	"fmt"
	"slices"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/embed" // the WebAssembly

	"salon/bench/sqlitedrivers"
)

type conn struct{ *sqlite3.Conn }

// Open opens the file at path, a plain one.
func Open(path string) (sqlitedrivers.DB, error) {
	c, err := sqlite3.Open(path)
	return conn{c}, err
}

func (c conn) Close() error {
	for _, s := range slices.Collect(c.Stmts()) { // closing one changes the sequence
		if err := s.Close(); err != nil {
			return err
		}
	}
	return c.Conn.Close()
}

func (c conn) Prepare(sql string) (sqlitedrivers.Stmt, error) {
	s, _, err := c.Conn.Prepare(sql)
	return stmt{s}, err
}

type stmt struct{ s *sqlite3.Stmt }

func (s stmt) bind(args []any) (err error) {
	for i, a := range args {
		switch a := a.(type) {
		case int64:
			err = s.s.BindInt64(i+1, a)
		case string:
			err = s.s.BindText(i+1, a)
		default:
			err = fmt.Errorf("argument %d is a %T", i, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s stmt) Run(args ...any) error {
	if err := s.bind(args); err != nil {
		return err
	}
	return s.s.Exec()
}

func (s stmt) Rows(args ...any) (n int, err error) {
	if err := s.bind(args); err != nil {
		return 0, err
	}
	var sum int
	for ; s.s.Step(); n++ {
		for i := range s.s.ColumnCount() {
			if s.s.ColumnType(i) == sqlite3.INTEGER {
				sum += int(s.s.ColumnInt64(i))
			} else {
				sum += len(s.s.ColumnText(i))
			}
		}
	}
	if err := s.s.Err(); err != nil {
		return n, err
	}
	return n, s.s.Reset()
}
