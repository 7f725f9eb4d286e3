package mongo

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"salon/internal/history"
	"salon/internal/history/historytest"
	"salon/internal/mongotest"
)

// TestHistory runs the suite of all engines.
func TestHistory(t *testing.T) {
	t.Parallel()
	uri := mongotest.Start(t)
	historytest.Run(t, func(t *testing.T) history.Store { return openOn(t, uri, mongotest.Database(), nil) },
		historytest.WithReopen(func(t *testing.T, s history.Store) history.Store {
			return openOn(t, uri, s.(*Store).db.Name(), nil)
		}), historytest.WithEvents(400))
}

// openOn opens a store that is closed with t.
func openOn(t testing.TB, uri, db string, change func(*server)) *Store {
	t.Helper()
	return openWith(t, uri, Options{Database: db}, change)
}

func openWith(t testing.TB, uri string, o Options, change func(*server)) *Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	o.Log = slog.New(slog.DiscardHandler)
	s, err := open(ctx, uri, o, change)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
