package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/config"
	"salon/internal/lang"
	"salon/internal/redistest"
)

const patience = 20 * time.Second

// Two deployments, each with a history and a database of its own on one Redis, whose publish/subscribe knows no databases.
func TestDeploymentsOnOneRedisStayApart(t *testing.T) {
	server := redistest.Start(t)
	production := startOn(t, server.URL()+"/0")
	staging := startOn(t, server.URL()+"/1")
	ada, bob := visit(t, production, "ada"), visit(t, production, "bob")
	tester := visit(t, staging, "tester")
	for i := range 20 {
		tester.say(fmt.Sprint("a secret of staging ", i))
	}
	ada.say("said in production")
	if got, want := bob.awaitTexts(1), []string{"1 said in production"}; !slices.Equal(got, want) {
		t.Errorf("bob was shown %q, want %q", got, want)
	}
}

func startOn(t *testing.T, redis string) *Node {
	t.Helper()
	cli, _, _, err := config.Parse([]string{"serve", "--port=0", "--data=" + t.TempDir(), "--redis=" + redis}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Start(t.Context(), cli.Serve, lang.English, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := n.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return n
}

// visitor is a person in the lobby.
type visitor struct {
	*client.Client
	t *testing.T

	mu    sync.Mutex // guards what follows
	texts []string   // with their numbers, as they were shown
}

func visit(t *testing.T, n *Node, name string) *visitor {
	t.Helper()
	v := &visitor{t: t}
	v.Client = client.New(client.Options{
		URL: "ws" + strings.TrimPrefix(n.URL(), "http") + "ws", Name: name, On: func(n client.Notice) {
			if e, ok := n.(client.Event); ok {
				v.mu.Lock()
				defer v.mu.Unlock()
				v.texts = append(v.texts, fmt.Sprint(e.Seq, " ", e.Text))
			}
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := v.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	joining, joined := context.WithTimeout(t.Context(), patience)
	defer joined()
	if err := v.Join(joining, chat.DefaultRoom); err != nil {
		t.Fatal(err)
	}
	return v
}

// say returns when the text is acknowledged.
func (v *visitor) say(text string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	if _, err := v.Send(ctx, chat.DefaultRoom, text); err != nil {
		v.t.Fatal(err)
	}
	if err := v.Flush(ctx); err != nil {
		v.t.Fatal(err)
	}
}

// awaitTexts gives what was shown once it is n texts.
func (v *visitor) awaitTexts(n int) []string {
	v.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		v.mu.Lock()
		texts := slices.Clone(v.texts)
		v.mu.Unlock()
		if len(texts) >= n {
			return texts
		}
		if time.Now().After(end) {
			v.t.Fatalf("shown: %q", texts)
		}
	}
}
