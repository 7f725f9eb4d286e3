package redisconn

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"salon/internal/redistest"
)

func ping(c *Conn) error {
	_, err := c.Do(context.Background(), func(b rueidis.Builder) rueidis.Completed { return b.Ping().Build() })
	return err
}

func TestReconnects(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "op3n sesame")
	target, err := ParseURL("redis://:op3n%20sesame@" + server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	var logged bytes.Buffer
	c := Open(target, slog.New(slog.NewTextHandler(&logged, nil)))
	if err := ping(c); err == nil {
		t.Error("a dead server answers")
	}
	server.Restart()
	redistest.Await(t, "it connects", func() bool { return ping(c) == nil })
	server.Pause()
	if err := ping(c); err == nil {
		t.Error("a stopped server answers")
	}
	server.Resume()
	redistest.Await(t, "it answers again", func() bool { return ping(c) == nil })
	server.Kill()
	redistest.Await(t, "the loss is noticed", func() bool { return ping(c) != nil })
	server.Restart()
	redistest.Await(t, "it connects again", func() bool { return ping(c) == nil })
	c.Close()
	if err := ping(c); err == nil {
		t.Error("a closed connection answers")
	}
	if text := logged.String(); strings.Contains(text, "sesame") || !strings.Contains(text, "xxxxx") {
		t.Errorf("logged: %s", text)
	}
}

func TestCloseBeforeConnected(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	target, err := ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := Open(target, slog.New(slog.DiscardHandler))
	c.Close()
}

func TestWrongPasswordIsNotLogged(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "right")
	target, err := ParseURL("redis://:mistake@" + server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	reasons := make(chan string, 8)
	c := Open(target, slog.New(slog.NewTextHandler(writer(reasons), nil)))
	defer c.Close()
	if reason := <-reasons; !strings.Contains(reason, "WRONGPASS") || strings.Contains(reason, "mistake") {
		t.Errorf("logged: %s", reason)
	}
}

type writer chan string

func (w writer) Write(p []byte) (int, error) { w <- string(p); return len(p), nil }
