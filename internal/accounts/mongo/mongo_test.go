package mongo

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"salon/internal/accounts"
	"salon/internal/accounts/accountstest"
	"salon/internal/chat"
	"salon/internal/history"
	historymongo "salon/internal/history/mongo"
	"salon/internal/mongoconn"
	"salon/internal/mongotest"
)

// closing is a store that closes the database below it.
type closing struct {
	*Store
	db *mongoconn.DB
}

func (c closing) Close() error { return c.db.Close() }

// TestAccounts runs the suite of all engines.
func TestAccounts(t *testing.T) {
	t.Parallel()
	uri := mongotest.Start(t)
	accountstest.Run(t, func(t *testing.T) accounts.Store { return openOn(t, uri, mongotest.Database()) },
		accountstest.WithReopen(func(t *testing.T, s accounts.Store) accounts.Store {
			return openOn(t, uri, s.(closing).db.Name())
		}), accountstest.WithUsers(400), accountstest.WithParallel())
}

func openOn(t *testing.T, uri, database string) closing {
	t.Helper()
	const patience = 5 * time.Minute // no answer of a server that works comes that late, on a machine however slow
	db, err := mongoconn.Open(t.Context(), uri, mongoconn.Options{
		Database: database, Timeout: patience, Selection: patience, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return closing{s, db}
}

// TestWithHistory has both engines in one database: a renamed user's earlier messages keep the name that they were sent
// under, and closing one store closes both.
func TestWithHistory(t *testing.T) {
	t.Parallel()
	s := openOn(t, mongotest.Start(t), mongotest.Database())
	log, err := historymongo.New(t.Context(), s.db)
	if err != nil {
		t.Fatal(err)
	}
	u := accounts.Identity{User: chat.User{ID: "u_ada", Name: "ada", Color: "#000000"}, Created: time.Now()}
	if err := s.PutUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	said, err := log.Append(t.Context(), "lobby", []chat.Event{{Kind: chat.KindMessage, User: u.User, CID: "c", Text: "as ada"}})
	if err != nil {
		t.Fatal(err)
	}
	u.User.Name = "Ada Lovelace"
	if err := s.PutUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if p, err := log.Read(t.Context(), "lobby", history.Query{Limit: 1}); err != nil || len(p.Events) != 1 || p.Events[0].User != said[0].User {
		t.Errorf("the log has %+v, %v, want %+v", p, err, said)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.PutUser(t.Context(), u); !errors.Is(err, accounts.ErrClosed) {
		t.Errorf("after the history was closed: %v", err)
	}
}
