package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"salon/test/harness"
)

// link is a connection's way from one process to another, through a proxy that can be told to be bad.
type link struct {
	name  string
	proxy *toxiproxy.Proxy
}

// newLink opens a proxy to upstream. It is closed at the test's end.
func newLink(tb testing.TB, server *toxiproxy.ApiServer, name, upstream string) *link {
	tb.Helper()
	l := &link{name: name, proxy: toxiproxy.NewProxy(server, name, fmt.Sprint("127.0.0.1:", harness.FreePort(tb)), upstream)}
	if err := l.proxy.Start(); err != nil {
		tb.Fatalf("proxy for %s: %v", name, err)
	}
	tb.Cleanup(l.proxy.Stop)
	return l
}

func newProxies() *toxiproxy.ApiServer {
	return toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
}

// address is where the link begins.
func (l *link) address() string { return l.proxy.Listen }

// cut closes the link's connections. The link takes no more until reopen.
func (l *link) cut() { l.proxy.Stop() }

// reopen takes connections again.
func (l *link) reopen() error {
	end := time.Now().Add(harness.Patience)
	for {
		err := l.proxy.Start()
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// The directions on a link.
const (
	requests = "upstream"
	replies  = "downstream"
)

// toxic is one way for a link to be bad.
type toxic struct {
	kind       string // as toxiproxy calls it
	stream     string // requests or replies
	attributes map[string]int
}

// degrade makes the link bad, for its present and its later connections.
func (l *link) degrade(toxics ...toxic) error {
	for _, x := range toxics {
		b, err := json.Marshal(map[string]any{"type": x.kind, "stream": x.stream, "attributes": x.attributes})
		if err != nil {
			return err
		}
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(string(b))); err != nil {
			return fmt.Errorf("make %s bad by %s: %w", l.name, b, err)
		}
	}
	return nil
}

// restore undoes degrade. What the link held back goes through now, late.
func (l *link) restore(ctx context.Context) { l.proxy.Toxics.ResetToxics(ctx) }
