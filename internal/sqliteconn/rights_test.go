//go:build unix

package sqliteconn

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRightsOfOthers opens data folders that others may enter.
func TestRightsOfOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(dir string) error
		want    fs.FileMode // of the folder
		says    string      // "" for nothing
	}{
		"open to all":     {func(dir string) error { return os.Chmod(dir, 0o777) }, 0o700, "had rights"},
		"open to a group": {func(dir string) error { return os.Chmod(dir, 0o750) }, 0o700, "had rights"},
		"to be entered":   {func(dir string) error { return os.Chmod(dir, 0o711) }, 0o700, "had rights"},
		"with files": {func(dir string) error {
			return errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "salon.log"), nil, 0o600))
		}, 0o700, "had rights"},
		"a readable database": {func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, fileName), nil, 0o644), os.Chmod(filepath.Join(dir, fileName), 0o644))
		}, 0o700, "had rights"},
		"for more than data": {func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "Documents"), 0o700), os.Chmod(dir, 0o755))
		}, 0o755, "have rights"},
		"as /tmp": {func(dir string) error { return os.Chmod(dir, 0o777|fs.ModeSticky) }, 0o777, "have rights"},
		"private": {func(string) error { return nil }, 0o700, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := errors.Join(os.Chmod(dir, 0o700), c.prepare(dir)); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			db, err := OpenWith(dir, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != c.want {
				t.Errorf("the folder is %v, %v, want %v", info.Mode(), err, c.want)
			}
			if info, err := os.Stat(filepath.Join(dir, fileName)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the database is %v, %v", info.Mode(), err)
			}
			if said := log.String(); (said != "") != (c.says != "") || !strings.Contains(said, c.says) ||
				said != "" && !strings.Contains(said, "level=WARN") {
				t.Errorf("the log says %q, want %q", said, c.says)
			}
		})
	}
}
