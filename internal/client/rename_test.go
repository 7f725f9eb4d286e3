package client_test

import (
	"context"
	"io"
	"sync"
	"testing"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/config"
	"salon/internal/lang"
	"salon/internal/node"
)

// TestRenameStays: one user in two windows; a name taken in one is not undone when the other comes back, neither when it had
// heard of the name nor when it was away.
func TestRenameStays(t *testing.T) {
	cli, _, _, err := config.Parse([]string{"serve", "--data", t.TempDir(), "-p", "0"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Start(t.Context(), cli.Serve, lang.English, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop(context.WithoutCancel(t.Context()))
	url, err := client.ParseAddress(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	start := func(o client.Options) *client.Client {
		o.URL, o.Name, o.Rooms = url, "ada", []chat.RoomID{"lobby"}
		c := client.New(o)
		running.Go(func() { c.Run(ctx) })
		if err := c.Join(ctx, "lobby"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	token, told, welcomed := make(chan string, 1), make(chan string, 1), make(chan client.Welcome, 2)
	one := start(client.Options{SaveToken: func(s string) { token <- s }})
	dials := make(chan struct{}, 1) // one for each connection that may be made
	dials <- struct{}{}
	two := start(client.Options{Token: <-token, Dial: func(ctx context.Context, url string) (client.Conn, error) {
		select {
		case <-dials:
			return client.DialWebSocket(ctx, url)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, On: func(n client.Notice) {
		switch n := n.(type) {
		case client.Presence:
			if n.Change == "rename" {
				told <- n.User.Name
			}
		case client.Welcome:
			welcomed <- n
		}
	}})
	<-welcomed
	if _, err := one.Rename(ctx, "countess"); err != nil {
		t.Fatal(err)
	}
	if name := <-told; name != "countess" || two.User().Name != name {
		t.Errorf("the other window is told of %q and calls itself %q", name, two.User().Name)
	}
	two.Drop()
	dials <- struct{}{}
	two.Retry()
	if w := <-welcomed; w.User.Name != "countess" || w.First {
		t.Errorf("after a lost connection the user is %+v", w.User)
	}

	two.Drop()
	if _, err := one.Rename(ctx, "duchess"); err != nil {
		t.Fatal(err)
	}
	dials <- struct{}{}
	if w := <-welcomed; w.User.Name != "duchess" {
		t.Errorf("named anew while the other window was away, the user is %+v", w.User)
	}
}
