package mongo

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"salon/internal/history"
	"salon/internal/history/historytest"
	"salon/internal/mongoconn"
	"salon/internal/mongotest"
)

// patience is how long the tests leave the server for a request: no answer of a server that works comes that late, on a
// machine however slow.
const patience = 5 * time.Minute

// TestHistory runs the suite of all engines.
func TestHistory(t *testing.T) {
	t.Parallel()
	uri := mongotest.Start(t)
	historytest.Run(t, func(t *testing.T) history.Store { return openOn(t, uri, mongotest.Database()) },
		historytest.WithReopen(func(t *testing.T, s history.Store) history.Store {
			return openOn(t, uri, s.(*Store).db.Name())
		}), historytest.WithEvents(400), historytest.WithTimeout(patience), historytest.WithParallel())
}

// openOn opens a store that is closed with t.
func openOn(t testing.TB, uri, database string) *Store {
	t.Helper()
	return openWith(t, uri, mongoconn.Options{Database: database, Timeout: patience, Selection: patience})
}

func openWith(t testing.TB, uri string, o mongoconn.Options) *Store {
	t.Helper()
	s, err := open(t, uri, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	closeAtEnd(t, s)
	return s
}

// openAtLast opens a store that does not wait long for its server, and tries again where the server is slower than that.
func openAtLast(t testing.TB, uri string, o mongoconn.Options) (s *Store) {
	t.Helper()
	untilStored(t, func() (err error) {
		s, err = open(t, uri, o)
		return err
	})
	closeAtEnd(t, s)
	return s
}

func closeAtEnd(t testing.TB, s *Store) {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

func open(t testing.TB, uri string, o mongoconn.Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db, err := mongoconn.Open(t.Context(), uri, o)
	if err != nil {
		return nil, err
	}
	s, err := New(t.Context(), db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// TestNewLogs checks that the log at start says what is used of the server.
func TestNewLogs(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	openWith(t, mongotest.Start(t), mongoconn.Options{Database: mongotest.Database(), Timeout: patience, Selection: patience,
		Log: slog.New(slog.NewTextHandler(&text, nil))})
	if !strings.Contains(text.String(), "clustered=") {
		t.Errorf("the log at start lacks clustered=: %s", &text)
	}
}

// TestOpenAtOnce has many nodes start on an empty database: they agree on its id.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	uri, name := mongotest.Start(t), mongotest.Database()
	ids := make([]string, 6)
	var g errgroup.Group
	for i := range ids {
		g.Go(func() error {
			s, err := open(t, uri, mongoconn.Options{Database: name, Timeout: patience, Selection: patience})
			if err != nil {
				return err
			}
			ids[i], err = s.ID(t.Context())
			return errors.Join(err, s.Close())
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("ids %v", ids)
		}
	}
}

// TestCloseAway closes a store whose server went: it returns, and the calls after it say that it is closed.
func TestCloseAway(t *testing.T) {
	t.Parallel()
	l := newLink(t, mongotest.Start(t))
	s := openAtLast(t, l.uri, mongoconn.Options{Database: mongotest.Database(), Timeout: 500 * time.Millisecond, Selection: 500 * time.Millisecond})
	untilStored(t, func() error {
		_, err := s.Append(t.Context(), "lobby", batchOf(0, 0, 1))
		return err
	})
	if err := l.connect(""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), "lobby", batchOf(0, 1, 1)); !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("append with the server gone: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := s.Heads(t.Context(), nil); !errors.Is(err, history.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// untilStored tries again while the store is unavailable.
func untilStored(t testing.TB, try func() error) {
	t.Helper()
	err := try()
	for ; errors.Is(err, history.ErrUnavailable); err = try() {
		if err := mongoconn.Sleep(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
