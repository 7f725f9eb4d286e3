package sqlite_test

import (
	"sync"
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
	var dirs sync.Map // by store
	historytest.Run(t, func(t *testing.T) history.Store {
		dir := t.TempDir()
		s := open(t, dir)
		dirs.Store(s, dir)
		return s
	}, historytest.WithParallel(), historytest.WithReopen(func(t *testing.T, s history.Store) history.Store {
		dir, _ := dirs.Load(s)
		return open(t, dir.(string))
	}))
}
