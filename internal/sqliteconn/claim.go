package sqliteconn

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// claim is a lock on the name of a data folder, outside the folder. The lock in the folder is gone when the folder is removed or
// replaced under a running server. A second server would then start in the new folder, while the first one still runs.
//
// The locks are in a folder of this user's under the system's folder for temporary files. Where there can be none, a folder has
// only the lock inside.
type claim struct {
	file *os.File // nil for none
	path string
}

// takeClaim locks the name of a data folder, which need not exist. Error: [ErrInUse].
func takeClaim(folder string) (claim, error) {
	dir, ok := claimsFolder()
	if !ok {
		return claim{}, nil
	}
	path := filepath.Join(dir, fmt.Sprintf("%x.lock", sha256.Sum256([]byte(resolve(folder))))[:24])
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return claim{}, nil
		}
		ours, err := tryLock(f)
		if err != nil {
			f.Close()
			return claim{}, nil // this file system has no locks
		}
		if !ours {
			err = fmt.Errorf("%s: %w%s", folder, ErrInUse, holder(f))
			return claim{}, also(err, f.Close())
		}
		// Whoever had the lock before may have removed the file since it was opened here.
		opened, errOpened := f.Stat()
		named, errNamed := os.Stat(path)
		if errOpened == nil && errNamed == nil && os.SameFile(opened, named) {
			if err := f.Truncate(0); err == nil {
				_, _ = fmt.Fprintln(f, os.Getpid())
			}
			return claim{file: f, path: path}, nil
		}
		f.Close()
	}
}

// release gives the lock back.
func (c claim) release() error {
	if c.file == nil {
		return nil
	}
	return errors.Join(os.Remove(c.path), c.file.Close())
}

// claimsFolder makes the folder of the locks, and tells whether there is one that only this user can write to.
func claimsFolder() (dir string, ok bool) {
	if !hasRights { // Windows, where a folder with open files cannot be removed
		return "", false
	}
	dir = filepath.Join(os.TempDir(), fmt.Sprintf("salon-%d", os.Geteuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", false
	}
	info, err := os.Lstat(dir)
	return dir, err == nil && info.IsDir() && info.Mode().Perm()&0o077 == 0 && ownedByUs(info)
}

// resolve gives the one absolute name of a folder that need not exist.
func resolve(folder string) string {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return folder
	}
	rest := ""
	for at := abs; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if filepath.Dir(at) == at {
			return abs
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}
