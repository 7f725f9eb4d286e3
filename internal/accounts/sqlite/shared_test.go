package sqlite_test

import (
	"errors"
	"testing"
	"time"

	"salon/internal/accounts"
	"salon/internal/accounts/sqlite"
	"salon/internal/chat"
	"salon/internal/history"
	historysqlite "salon/internal/history/sqlite"
	"salon/internal/sqliteconn"
)

// openBoth opens both stores on one database.
func openBoth(t *testing.T) (*sqlite.Store, *historysqlite.Store) {
	t.Helper()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return sqlite.New(db), historysqlite.New(db)
}

// A renamed user's earlier messages keep the name that they were said under.
func TestRenameKeepsLog(t *testing.T) {
	t.Parallel()
	users, log := openBoth(t)
	ada := chat.User{ID: "u_ada", Name: "ada", Color: "#000000"}
	if err := users.PutUser(t.Context(), accounts.Identity{User: ada, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	said, err := log.Append(t.Context(), "lobby", []chat.Event{{Kind: chat.KindMessage, User: ada, CID: "c", Text: "as ada"}})
	if err != nil {
		t.Fatal(err)
	}
	ada.Name, ada.Color = "Ada Lovelace", "#010203"
	if err := users.PutUser(t.Context(), accounts.Identity{User: ada, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if p, err := log.Read(t.Context(), "lobby", history.Query{Limit: 1}); err != nil || p.Events[0] != said[0] {
		t.Errorf("the log has %+v, %v, want %+v", p, err, said)
	}
}

// A history that holds users only is not renamed.
func TestUsersFixTheID(t *testing.T) {
	t.Parallel()
	users, log := openBoth(t)
	if err := log.SetID(t.Context(), "copied"); err != nil {
		t.Fatal(err)
	}
	if err := users.PutUser(t.Context(), accounts.Identity{User: chat.User{ID: "u_ada"}}); err != nil {
		t.Fatal(err)
	}
	if err := log.SetID(t.Context(), "another"); !errors.Is(err, history.ErrConflict) {
		t.Errorf("renaming a history that holds a user: %v, want ErrConflict", err)
	}
}

// The history's Close closes the database that both share.
func TestHistoryClosesBoth(t *testing.T) {
	t.Parallel()
	users, log := openBoth(t)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := users.UserByToken(t.Context(), chat.HashToken("t")); !errors.Is(err, accounts.ErrClosed) {
		t.Errorf("after the history's Close: %v, want ErrClosed", err)
	}
}
