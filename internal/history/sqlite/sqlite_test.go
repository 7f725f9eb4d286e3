package sqlite_test

import (
	"testing"

	"salon/internal/history"
	"salon/internal/history/historytest"
	"salon/internal/history/sqlite"
)

// open opens a store in dir; the test closes it.
func open(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestHistory(t *testing.T) {
	t.Parallel()
	dirs := map[history.Store]string{}
	historytest.Run(t, func(t *testing.T) history.Store {
		dir := t.TempDir()
		s := open(t, dir)
		dirs[s] = dir
		return s
	}, historytest.WithReopen(func(t *testing.T, s history.Store) history.Store {
		return open(t, dirs[s])
	}))
}
