// Package sqlitedrivers compares two SQLite drivers that need no cgo on what Salon's history asks of one. It is a module
// of its own, so that the driver not chosen is not among the program's dependencies. docs/adr/0001-sqlite-driver.md has
// the figures; compare.sh makes them.
//
// Both are used below database/sql, one goroutine to a connection, as the engine does.
package sqlitedrivers

// DB is one connection.
type DB interface {
	// Exec runs statements that take and give nothing.
	Exec(sql string) error
	// Prepare makes a statement that lasts as long as the connection.
	Prepare(sql string) (Stmt, error)
	Close() error
}

// Stmt is a prepared statement. Its arguments are int64 and string.
type Stmt interface {
	Run(args ...any) error
	// Rows reads all that is selected, as int64 and string, and gives the number of rows.
	Rows(args ...any) (int, error)
}
