package mongoconn

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

	"salon/internal/chat"
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
		_, err := Open(t.Context(), "mongodb://ada:"+encoded+"@"+address+"/", Options{Selection: 200 * time.Millisecond})
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
	if !errors.Is(err, chat.ErrUnavailable) {
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

// TestOpenLogs checks that the log at start says what the server is.
func TestOpenLogs(t *testing.T) {
	var text bytes.Buffer
	db, err := Open(t.Context(), mongotest.Start(t), Options{Database: mongotest.Database(), Timeout: 5 * time.Minute, Selection: 5 * time.Minute,
		Log: slog.New(slog.NewTextHandler(&text, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	for _, word := range []string{"version=", "topology=", "database=" + db.Name()} {
		if !strings.Contains(text.String(), word) {
			t.Errorf("the log at start lacks %s: %s", word, &text)
		}
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
		if got := databaseName(uri, ""); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
		if got := databaseName(uri, "asked"); got != "asked" {
			t.Errorf("%s: %s, want the one asked for", uri, got)
		}
	}
}
