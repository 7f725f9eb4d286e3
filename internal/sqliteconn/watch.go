package sqliteconn

import (
	"fmt"
	"os"
	"path/filepath"

	"salon/internal/chat"
)

// watch knows the files that a DB has open, and tells whether they are still what the data folder holds. A folder can be removed
// or replaced while its files are open. The system then goes on to store what is written, in files that nobody finds again.
//
// It belongs to the writer's goroutine.
type watch struct {
	folder string
	files  []watchedFile
}

// watchedFile is a file of the folder, as it was when it was first seen.
type watchedFile struct {
	name string
	info os.FileInfo // nil until the file is first seen
}

// newWatch remembers the files as they are now: all of them must be open.
func newWatch(folder string) *watch {
	w := &watch{folder: folder, files: []watchedFile{{name: lockName}, {name: fileName}, {name: fileName + "-wal"}}}
	for i := range w.files {
		w.files[i].info, _ = os.Stat(filepath.Join(folder, w.files[i].name))
	}
	return w
}

// check looks whether the files are still in their place. The error says what is gone; it is [chat.ErrUnavailable], since the
// files may be put back.
func (w *watch) check() error {
	if w == nil {
		return nil
	}
	for i := range w.files {
		f := &w.files[i]
		now, err := os.Stat(filepath.Join(w.folder, f.name))
		switch {
		case f.info == nil:
			f.info = now // the write-ahead log may be made later
		case err != nil:
			return fmt.Errorf("%w: the data folder was removed or replaced while the server runs: %w", chat.ErrUnavailable, err)
		case !os.SameFile(now, f.info):
			return fmt.Errorf("%w: the data folder was removed or replaced while the server runs: %s is another file",
				chat.ErrUnavailable, filepath.Join(w.folder, f.name))
		}
	}
	return nil
}
