package mongo

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"salon/internal/accounts"
	"salon/internal/accounts/accountstest"
	"salon/internal/chat"
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

// TestAccounts runs the suite of all engines of accounts.
func TestAccounts(t *testing.T) {
	t.Parallel()
	uri := mongotest.Start(t)
	accountstest.Run(t, func(t *testing.T) accounts.Store { return openOn(t, uri, mongotest.Database(), nil) },
		accountstest.WithReopen(func(t *testing.T, s accounts.Store) accounts.Store {
			return openOn(t, uri, s.(*Store).db.Name(), nil)
		}), accountstest.WithUsers(400))
}

// A renamed user's earlier messages keep the name that they were said under.
func TestRenameKeepsLog(t *testing.T) {
	t.Parallel()
	s := openOn(t, mongotest.Start(t), mongotest.Database(), nil)
	u := accounts.Identity{User: chat.User{ID: "u_ada", Name: "ada", Color: "#000000"}, Created: time.Now()}
	if err := s.PutUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	said, err := s.Append(t.Context(), "lobby", []chat.Event{{Kind: chat.KindMessage, User: u.User, CID: "c", Text: "as ada"}})
	if err != nil {
		t.Fatal(err)
	}
	u.User.Name = "Ada Lovelace"
	if err := s.PutUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Read(t.Context(), "lobby", history.Query{Limit: 1}); err != nil || len(p.Events) != 1 || p.Events[0].User != said[0].User {
		t.Errorf("the log has %+v, %v, want %+v", p, err, said)
	}
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
