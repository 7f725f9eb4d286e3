package mongo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"salon/internal/history"
	"salon/internal/mongotest"
)

const secret, encoded = "p@ss/w:rd", "p%40ss%2Fw%3Ard"

func TestOpenAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	l.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, address := range []string{gone, silent.Addr().String()} {
		_, err := Open(t.Context(), "mongodb://ada:"+encoded+"@"+address+"/", Options{})
		checkAway(t, err)
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err = Open(short, "mongodb://ada:"+encoded+"@"+address+"/", Options{})
		cancel()
		checkAway(t, err)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with an ended context: %v", err)
		}
	}
}

func checkAway(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("open: %v, want ErrUnavailable", err)
	}
	checkSecret(t, fmt.Sprint(err))
}

func checkSecret(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, secret) || strings.Contains(text, encoded) || strings.Contains(text, "hunter2") {
		t.Errorf("the password shows: %s", text)
	}
}

func TestOpenBadString(t *testing.T) {
	for _, uri := range []string{
		"", "localhost", "http://hunter2@x", "mongodb://", "mongodb://ada:hunter2@", "mongodb://ada:hun/ter2@host:1/", "mongodb://ada:hunter2@host:port/",
		"mongodb://ada:%hunter2@host/", "mongodb://ada:hunter2@host/?w=hunter2&authMechanism=nonsense", "mongodb://ada:hunter2@host/?tls=maybe",
	} {
		s, err := Open(t.Context(), uri, Options{Timeout: time.Second})
		if err == nil {
			s.Close()
			t.Errorf("%q: opened", uri)
			continue
		}
		checkSecret(t, strings.ReplaceAll(err.Error(), "hun/ter2", "hunter2"))
	}
}

// TestOpenLogs holds the log at start to what it must say.
func TestOpenLogs(t *testing.T) {
	var text bytes.Buffer
	s, err := Open(t.Context(), mongotest.Start(t), Options{Database: mongotest.Database(), Log: slog.New(slog.NewTextHandler(&text, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, word := range []string{"version=", "topology=", "clustered=", "finds=", "database=" + s.db.Name()} {
		if !strings.Contains(text.String(), word) {
			t.Errorf("the log at start lacks %s: %s", word, &text)
		}
	}
}

// TestOpenAtOnce has many nodes start on an empty database: they agree on its id.
func TestOpenAtOnce(t *testing.T) {
	uri, db := mongotest.Start(t), mongotest.Database()
	ids := make([]string, 6)
	var g errgroup.Group
	for i := range ids {
		g.Go(func() error {
			s, err := Open(t.Context(), uri, Options{Database: db, Log: slog.New(slog.DiscardHandler)})
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
	s := openWith(t, l.uri, Options{Database: mongotest.Database(), Timeout: 300 * time.Millisecond}, nil)
	mustAppend(t, s, "lobby", batchOf(0, 0, 1))
	if err := l.lead(""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), "lobby", batchOf(0, 1, 1)); !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("append with the server gone: %v", err)
	}
	_ = s.Close() // it may say that its goodbye did not arrive
	if _, err := s.Heads(t.Context(), nil); !errors.Is(err, history.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestDatabase(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://h":                       "salon",
		"mongodb://h/":                      "salon",
		"mongodb://h/?retryWrites=true":     "salon",
		"mongodb://h:1,i:2/chat":            "chat",
		"mongodb://u:p%2F@h/chat?w=1":       "chat",
		"mongodb+srv://u:p@h.example/x?y=/": "x",
	} {
		if got := database(uri, ""); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
		if got := database(uri, "asked"); got != "asked" {
			t.Errorf("%s: %s, want the one asked for", uri, got)
		}
	}
}
