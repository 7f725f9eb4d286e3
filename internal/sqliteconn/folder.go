package sqliteconn

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// ErrInUse says that another process, or another DB of this one, has the data folder.
var ErrInUse = errors.New("the data folder is in use")

// folder is a data folder that this process has locked.
type folder struct {
	path  string
	lock  *os.File
	claim claim // on its name
}

// openFolder makes the folder, if it is not there, for its owner only, and locks it. Two writers on one file would be
// safe for SQLite, but each keeps the heads of the rooms in memory.
func openFolder(path string) (*folder, error) {
	c, err := takeClaim(path)
	if err != nil {
		return nil, err
	}
	f, err := lockFolder(path)
	if err != nil {
		return nil, also(err, c.release())
	}
	f.claim = c
	return f, nil
}

// lockFolder is openFolder without the lock on the name.
func lockFolder(path string) (*folder, error) {
	if err := makeFolder(path, syncFolder); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := takeLock(f, path); err != nil {
		return nil, also(err, f.Close())
	}
	// For the message of whoever comes second; a full disk is no reason to refuse the first.
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
	return &folder{path: path, lock: f}, nil
}

// makeFolder makes the folder and those above it that are missing, and has sync sync the folder above each new one: until then
// a crash of the machine may take the new one away, with all that was stored in it.
func makeFolder(path string, sync func(dir string) error) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	missing := path
	var above []string // of the new ones, from the lowest
	for {
		if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) || missing == filepath.Dir(missing) {
			break
		}
		missing = filepath.Dir(missing)
		above = append(above, missing)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	for _, dir := range slices.Backward(above) {
		if err := sync(dir); err != nil {
			return err
		}
	}
	return nil
}

// syncFolder makes the names in a folder durable. Windows has no such call: its file systems keep a log of names.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, os.ErrPermission) { // a folder above ours may be one that we may enter and not read
			return nil
		}
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) { // a file system that syncs no folders
		err = nil
	}
	return also(err, f.Close())
}

// lockExisting locks a folder that is there, and makes nothing in it: where no server has ever had the folder, there is
// nothing to lock.
func lockExisting(path string) (unlock func() error, err error) {
	f, err := os.Open(filepath.Join(path, lockName))
	if errors.Is(err, os.ErrNotExist) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := takeLock(f, path); err != nil {
		return nil, also(err, f.Close())
	}
	return f.Close, nil
}

// takeLock takes the lock of the folder at path.
func takeLock(f *os.File, path string) error {
	ours, err := tryLock(f)
	if err != nil {
		return fmt.Errorf("lock the data folder %s: %w", path, err)
	}
	if !ours {
		return fmt.Errorf("%s: %w%s", path, ErrInUse, holder(f))
	}
	return nil
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
	path := filepath.Join(f.path, fileName)
	db, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("make the history: %w", err)
	}
	return path, also(db.Close(), syncFolder(f.path))
}

// close unlocks. The lock file stays: removing it would let two others hold locks on two files of that name.
func (f *folder) close() error { return errors.Join(f.lock.Close(), f.claim.release()) }
