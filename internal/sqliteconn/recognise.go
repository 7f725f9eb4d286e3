package sqliteconn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"

	"salon/internal/chat"
)

// The files in a data folder; SQLite's own names for those beside the database begin with its.
const (
	fileName = "history.db"
	lockName = "history.lock"
)

// applicationID marks the file as Salon's ("Saln"), see SQLite's PRAGMA application_id.
const applicationID = 0x53616c6e

// What is wrong with a file, in words for whoever runs the program.
var (
	errForeign     = chat.Problemf("the file is a database of another program")
	errNotDatabase = chat.Problemf("the file is not a database")
)

// versionOf gives the version of the schema that the file has, 0 when it has none yet. Errors: errForeign, errNotDatabase.
func versionOf(c *Conn) (int64, error) {
	app, err := c.number("PRAGMA application_id")
	if resultCode(err) == sqlite3.SQLITE_NOTADB {
		return 0, errNotDatabase
	}
	if err != nil {
		return 0, fmt.Errorf("read the history: %w", err)
	}
	have, err := c.number("PRAGMA user_version")
	if err != nil {
		return 0, fmt.Errorf("read the history's version: %w", err)
	}
	tables, err := c.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, fmt.Errorf("read the history's schema: %w", err)
	}
	if app != applicationID && (tables > 0 || app != 0) {
		return 0, errForeign
	}
	return have, nil
}

// refuseForeign gives an error when the file is another program's, and changes nothing: to open it for writing would be
// enough to change its header. Errors: errForeign, errNotDatabase.
func refuseForeign(path string) error {
	empty, ours, err := readHeader(path)
	if err != nil || empty || ours {
		return err
	}
	version, err := versionAt(path, openImmutable)
	if err != nil || version > 0 {
		return err
	}
	// The file has nothing yet. Its write-ahead log may have something.
	if full, err := hasLog(path); err != nil || !full {
		return err
	}
	dir, err := copyAside(path)
	if err != nil {
		return err
	}
	_, err = versionAt(filepath.Join(dir, fileName), plain)
	return also(err, os.RemoveAll(dir))
}

// versionAt is versionOf for the file at path, opened by open.
func versionAt(path string, open func(string) (*Conn, error)) (int64, error) {
	c, err := open(path)
	if err != nil {
		return 0, err
	}
	version, err := versionOf(c)
	return version, also(err, c.close())
}

func plain(path string) (*Conn, error) { return openConn(path) }

// readHeader reads whose the file is from its first bytes (SQLite's "Database File Format", 1.3), which a checkpoint that was
// interrupted leaves readable. A file that is no database is neither.
func readHeader(path string) (empty, ours bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, false, err
	}
	defer f.Close()
	var header [100]byte
	n, err := io.ReadFull(f, header[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n == 0, false, nil
	}
	ours = string(header[:16]) == "SQLite format 3\x00" && binary.BigEndian.Uint32(header[68:]) == applicationID
	return false, ours, err
}

// logs are the endings of the files that may hold what a database does not hold yet.
var logs = []string{"-wal", "-journal"}

// hasLog tells whether a log beside the database at path is not empty.
func hasLog(path string) (bool, error) {
	for _, ending := range logs {
		info, err := os.Stat(path + ending)
		if err == nil && info.Size() > 0 {
			return true, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, err
		}
	}
	return false, nil
}

// copyAside copies the database at path with its logs into a new folder for temporary files, which it gives. Only this user
// can read it.
func copyAside(path string) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "salon-history-"); err != nil {
		return "", err
	}
	for _, ending := range append([]string{""}, logs...) {
		err = copyFile(filepath.Join(dir, fileName+ending), path+ending)
		if err != nil && (ending == "" || !errors.Is(err, os.ErrNotExist)) {
			return "", also(fmt.Errorf("copy %s aside: %w", path, err), os.RemoveAll(dir))
		}
	}
	return dir, nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return also(err, out.Close())
}

// also is err with what went wrong after it. Where nothing did, err stays as it is, so that what it wraps can be told.
func also(err error, after ...error) error {
	if later := errors.Join(after...); later != nil {
		return errors.Join(err, later)
	}
	return err
}
