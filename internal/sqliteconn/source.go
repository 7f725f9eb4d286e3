package sqliteconn

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

var (
	// ErrNoHistory says that a folder to be read has no history.
	ErrNoHistory = errors.New("there is no history")
	// ErrChanged says that somebody wrote to a folder while it was read.
	ErrChanged = errors.New("the history was written to while it was read")
)

// OpenSource opens the database in the folder dir for reading only. It makes and changes nothing in the folder, whoever the
// files belong to. Where a server was killed and has left a write-ahead log, and where the schema is an older one, it reads a
// copy among the temporary files, which Close removes. Errors: [ErrNoHistory]; [ErrInUse] when a server has the folder; others
// say what is wrong with the file. The DB's Close gives [ErrChanged] when the files are not what they were.
func OpenSource(dir string) (*DB, error) {
	db, err := openSource(dir)
	if err != nil {
		return nil, fmt.Errorf("open history in %s: %w", dir, err)
	}
	return db, nil
}

func openSource(dir string) (*DB, error) {
	path := filepath.Join(dir, fileName)
	before, err := fingerprint(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoHistory
	}
	if err != nil {
		return nil, err
	}
	unlock, err := lockExisting(dir)
	if err != nil {
		return nil, err
	}
	db, err := readable(path)
	if err != nil {
		return nil, also(err, unlock())
	}
	inner := db.close
	db.close = sync.OnceValue(func() error {
		after, err := fingerprint(path)
		if err == nil && after != before {
			err = ErrChanged
		}
		return errors.Join(err, inner(), unlock())
	})
	return db, nil
}

// files is what shows that a database or its write-ahead log was written to.
type files struct {
	size, logSize int64
	at, logAt     time.Time
}

func fingerprint(path string) (f files, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return f, err
	}
	f.size, f.at = info.Size(), info.ModTime()
	if info, err = os.Stat(path + "-wal"); err == nil {
		f.logSize, f.logAt = info.Size(), info.ModTime()
	} else if !errors.Is(err, os.ErrNotExist) {
		return f, err
	}
	return f, nil
}

// readable opens the database at path, or a copy of it.
func readable(path string) (*DB, error) {
	empty, _, err := readHeader(path)
	if err != nil {
		return nil, err
	}
	logged, err := hasLog(path)
	if err != nil {
		return nil, err
	}
	if logged {
		return openCopy(path)
	}
	if empty {
		return nil, ErrNoHistory
	}
	version, err := versionAt(path, openImmutable)
	switch {
	case err != nil:
		return nil, err
	case version == 0:
		return nil, ErrNoHistory
	case version != newest():
		return openCopy(path)
	}
	return openReaders(path)
}

// openReaders opens connections that read, and no writer.
func openReaders(path string) (*DB, error) {
	db := &DB{closing: make(chan struct{}), readers: make(chan *Conn, readerCount)}
	for range readerCount {
		c, err := openImmutable(path)
		if err == nil {
			if err = c.Script("PRAGMA cache_size = -8192"); err != nil {
				err = also(err, c.close())
			}
		}
		if err != nil {
			return nil, also(err, db.closeReaders())
		}
		db.readers <- c
	}
	db.close = sync.OnceValue(func() error {
		close(db.closing)
		return db.waitForReaders()
	})
	return db, nil
}

// openCopy opens a copy of the database, which is brought to the newest version of the schema.
func openCopy(path string) (*DB, error) {
	dir, err := copyAside(path)
	if err != nil {
		return nil, err
	}
	version, err := versionAt(filepath.Join(dir, fileName), plain)
	if err == nil && version == 0 {
		err = ErrNoHistory
	}
	var db *DB
	if err == nil {
		db, err = Open(dir)
	}
	if err != nil {
		return nil, also(err, os.RemoveAll(dir))
	}
	inner := db.close
	db.close = sync.OnceValue(func() error { return errors.Join(inner(), os.RemoveAll(dir)) })
	return db, nil
}
