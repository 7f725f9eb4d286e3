package sqlite_test

import (
	"sync"
	"testing"

	"go.uber.org/goleak"

	"salon/internal/accounts"
	"salon/internal/accounts/accountstest"
	"salon/internal/accounts/sqlite"
	"salon/internal/sqliteconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// closable is a store with what closes the database below it.
type closable struct {
	*sqlite.Store
	*sqliteconn.DB
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, dir string) accounts.Store {
		db, err := sqliteconn.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return closable{sqlite.New(db), db}
	}
	var dirs sync.Map // by store
	accountstest.Run(t, func(t *testing.T) accounts.Store {
		dir := t.TempDir()
		s := open(t, dir)
		dirs.Store(s, dir)
		return s
	}, accountstest.WithParallel(), accountstest.WithReopen(func(t *testing.T, s accounts.Store) accounts.Store {
		dir, _ := dirs.Load(s)
		return open(t, dir.(string))
	}))
}
