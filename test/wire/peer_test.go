package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"salon/internal/config"
	"salon/internal/lang"
	"salon/internal/node"
	"salon/internal/protocol"
	"salon/test/harness"
)

// patience bounds every wait. It only ends a test that hangs.
const patience = harness.Patience

// start starts a node on a free port, configured by a command line.
func start(t *testing.T, args ...string) *node.Node {
	t.Helper()
	args = append([]string{"serve", "--port=0", "--data=" + t.TempDir()}, args...)
	cli, _, _, err := config.Parse(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := lang.Parse(cli.Lang)
	n, err := node.Start(t.Context(), cli.Serve, l, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, n) })
	return n
}

func stop(t *testing.T, n *node.Node) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// peer is a client written with a WebSocket library that is not the server's.
type peer struct {
	t    *testing.T
	conn *websocket.Conn
	held []object
}

type object map[string]any

func dial(t *testing.T, n *node.Node, path string, subprotocols ...string) *peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(n.URL(), "http")+path, &websocket.DialOptions{Subprotocols: subprotocols})
	if err != nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		res.Body.Close()
	}
	conn.SetReadLimit(16 << 20)
	t.Cleanup(func() { conn.CloseNow() })
	return &peer{t: t, conn: conn}
}

func dialJSON(t *testing.T, n *node.Node) *peer { return dial(t, n, "ws", protocol.Subprotocol) }

func (p *peer) send(text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) binary(data string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageBinary, []byte(data)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) line() string {
	p.t.Helper()
	s, err := p.read()
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *peer) read() (string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	_, b, err := p.conn.Read(ctx)
	return string(b), err
}

// expect reads lines until one is as wanted, and fails on any that none of the others allows.
func (p *peer) expect(want string, others ...string) {
	p.t.Helper()
	for {
		got := p.line()
		if got == want {
			return
		}
		allowed := false
		for _, o := range others {
			allowed = allowed || strings.HasPrefix(got, o)
		}
		if !allowed {
			p.t.Fatalf("got the line %q, want %q", got, want)
		}
	}
}

// next gives the next object of one of the types.
func (p *peer) next(types ...string) object {
	p.t.Helper()
	for {
		for i, o := range p.held {
			for _, typ := range types {
				if o["type"] == typ {
					p.held = append(p.held[:i:i], p.held[i+1:]...)
					return o
				}
			}
		}
		for line := range strings.SplitSeq(p.line(), "\n") {
			var o object
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				p.t.Fatalf("%q: %v", line, err)
			}
			p.held = append(p.held, o)
		}
	}
}

func (p *peer) hello(name string) object {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"type":"hello","id":"h","name":%q,"lang":"en"}`, name))
	return p.next("welcome", "error")
}

func (p *peer) join(room string) object {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"type":"join","id":"j","room":%q}`, room))
	return p.next("joined", "error")
}

// closed reads until the connection ends and gives the close code.
func (p *peer) closed() websocket.StatusCode {
	p.t.Helper()
	for {
		if _, err := p.read(); err != nil {
			var ce websocket.CloseError
			if errors.As(err, &ce) {
				return ce.Code
			}
			p.t.Logf("ended without close frame: %v", err)
			return -1
		}
	}
}
