package sqliteconn

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrInUse says that another process, or another DB of this one, has the data folder.
var ErrInUse = errors.New("the data folder is in use")

// folder is a data folder that this process has locked.
type folder struct {
	path string
	lock *os.File
}

// openFolder makes the folder, if it is not there, for its owner only, and locks it. Two writers on one file would be
// safe for SQLite, but each keeps the heads of the rooms in memory.
func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(path, "history.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	ours, err := tryLock(f)
	if err == nil && !ours {
		err = fmt.Errorf("%s: %w%s", path, ErrInUse, holder(f))
	} else if err != nil {
		err = fmt.Errorf("lock the data folder %s: %w", path, err)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// For the message of whoever comes second; a full disk is no reason to refuse the first.
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
	return &folder{path: path, lock: f}, nil
}

// holder reads who has the lock, to be shown.
func holder(f *os.File) string {
	b := make([]byte, 20)
	n, _ := f.Read(b)
	if pid := strings.TrimSpace(string(b[:n])); pid != "" {
		return " by process " + pid
	}
	return " by another process"
}

// file gives the database's path and makes the file, readable by its owner only: SQLite gives the files beside it the
// same mode.
func (f *folder) file() (string, error) {
	path := filepath.Join(f.path, "history.db")
	db, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("make the history: %w", err)
	}
	return path, db.Close()
}

// close unlocks. The lock file stays: removing it would let two others hold locks on two files of that name.
func (f *folder) close() error { return f.lock.Close() }
