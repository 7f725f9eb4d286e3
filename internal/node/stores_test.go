package node

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	historymongo "salon/internal/history/mongo"
	"salon/internal/lang"
	"salon/internal/mongoconn"
	"salon/internal/mongotest"
)

// TestMistypedDatabase: a database of MongoDB that holds no history is an error, and is not made.
func TestMistypedDatabase(t *testing.T) {
	uri := strings.TrimSuffix(mongotest.Start(t), "/") + "/" + mongotest.Database()
	const answer = 5 * time.Minute // no answer of a server that works comes that late
	db, err := mongoconn.Open(t.Context(), uri, mongoconn.Options{Timeout: answer, Selection: answer, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 2 {
		_, err := OpenSource(t.Context(), uri, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Fatal("it was opened")
		}
		if got, want := lang.English.Problem(err), "there is no history in the database "+db.Name()+" of MongoDB"; got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
	for _, name := range []string{"events", "rooms", "meta", "floors", "users", "tokens", "names"} {
		if made, err := db.Collections(t.Context(), name); err != nil || len(made) > 0 {
			t.Errorf("the collection %s was made (%v)", name, err)
		}
	}

	// With a history in it, the same is read.
	log, err := historymongo.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	want, err := log.ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	source, err := OpenSource(t.Context(), uri, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if id, err := source.ID(t.Context()); err != nil || id != want {
		t.Errorf("the source is %s, %v, want %s", id, err, want)
	}
	if made, err := db.Collections(t.Context(), "users"); err != nil || len(made) > 0 {
		t.Errorf("reading made a collection (%v)", err)
	}
}

func TestSourceWithoutHistory(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := OpenSource(t.Context(), missing, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Fatal("it was opened")
	}
	if got := lang.French.Problem(err); got != "il n’y a pas d’historique dans "+missing {
		t.Errorf("said %q", got)
	}
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestSameStore(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		one, other string
		want       bool
	}{
		{dir, dir, true}, {dir, dir + "/", true}, {dir, link, true}, {dir, t.TempDir(), false},
		{"/none", "/none/.", true}, {"/none", "/neither", false},
		{"mongodb://h/a", "mongodb://h/a", true}, {"mongodb://h/a", "mongodb://h/b", false}, {"mongodb://h/a", dir, false},
	} {
		if got := SameStore(c.one, c.other); got != c.want {
			t.Errorf("%s and %s: %t", c.one, c.other, got)
		}
	}
}
