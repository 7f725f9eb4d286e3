package ws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/lxzan/gws"
)

// samples are messages of every size and kind, for exchanges with other implementations.
func samples() (all [][]byte) {
	for _, n := range []int{0, 1, 125, 126, 127, 128, 1000, 4096, 65535, 65536, 200_000} {
		all = append(all, []byte(strings.Repeat("héllo wörld ", n/14+1)[:n/14*14]), []byte(noText(n)))
	}
	return all
}

// foreign is a connection of another implementation.
type foreign interface {
	send(op Opcode, p []byte) error
	receive() (Opcode, []byte, error)
	close(code int, reason string)
}

// coderConn is one of github.com/coder/websocket.
type coderConn struct {
	ctx context.Context
	*websocket.Conn
}

func (c coderConn) send(op Opcode, p []byte) error {
	return c.Write(c.ctx, websocket.MessageType(op), p)
}

func (c coderConn) receive() (Opcode, []byte, error) {
	op, p, err := c.Read(c.ctx)
	return Opcode(op), p, err
}

func (c coderConn) close(code int, reason string) { c.Close(websocket.StatusCode(code), reason) }

// gwsConn is one of github.com/lxzan/gws; what it reads comes through a channel.
type gwsConn struct {
	gws.BuiltinEventHandler
	*gws.Conn
	messages chan *gws.Message
	end      error
}

func (c *gwsConn) OnMessage(_ *gws.Conn, m *gws.Message) { c.messages <- m }

func (c *gwsConn) OnClose(_ *gws.Conn, err error) {
	c.end = err
	close(c.messages)
}

func (c *gwsConn) send(op Opcode, p []byte) error { return c.WriteMessage(gws.Opcode(op), p) }

func (c *gwsConn) receive() (Opcode, []byte, error) {
	m, ok := <-c.messages
	if !ok {
		return 0, nil, c.end
	}
	defer m.Close()
	return Opcode(m.Opcode), bytes.Clone(m.Bytes()), nil
}

func (c *gwsConn) close(code int, reason string) { c.WriteClose(uint16(code), []byte(reason)) }

func gwsDeflate(on bool) gws.PermessageDeflate {
	return gws.PermessageDeflate{Enabled: on, ServerContextTakeover: false, ClientContextTakeover: false, Threshold: 1}
}

func coderMode(on bool) websocket.CompressionMode {
	if on {
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionDisabled
}

// dialers connect to our server with clients of others.
func dialers(t *testing.T) map[string]func(url string, compress bool) (foreign, error) {
	return map[string]func(string, bool) (foreign, error){
		"gws": func(url string, compress bool) (foreign, error) {
			c := &gwsConn{messages: make(chan *gws.Message)}
			conn, _, err := gws.NewClient(c, &gws.ClientOption{Addr: url, PermessageDeflate: gwsDeflate(compress), CheckUtf8Enabled: true})
			if err != nil {
				return nil, err
			}
			c.Conn = conn
			var loop sync.WaitGroup
			loop.Go(conn.ReadLoop)
			t.Cleanup(loop.Wait)
			return c, nil
		},
		"coder": func(url string, compress bool) (foreign, error) {
			c, _, err := websocket.Dial(testContext(t), url, &websocket.DialOptions{CompressionMode: coderMode(compress), CompressionThreshold: 1})
			if err != nil {
				return nil, err
			}
			c.SetReadLimit(-1)
			return coderConn{testContext(t), c}, nil
		},
		"coder, keeping its window": func(url string, compress bool) (foreign, error) {
			o := &websocket.DialOptions{}
			if compress {
				o.CompressionMode = websocket.CompressionContextTakeover
			}
			c, _, err := websocket.Dial(testContext(t), url, o)
			if err != nil {
				return nil, err
			}
			c.SetReadLimit(-1)
			return coderConn{testContext(t), c}, nil
		},
	}
}

// TestForeignClients lets clients of others talk with our server.
func TestForeignClients(t *testing.T) {
	for name, dial := range dialers(t) {
		for _, compress := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, compress), func(t *testing.T) {
				agreed := make(chan bool, 1)
				ended := make(chan error, 1)
				s := serve(t, &Options{Compress: true}, func(c *Conn) {
					agreed <- c.Compressed()
					ended <- echo(c)
				})
				c, err := dial(wsURL(s), compress)
				if err != nil {
					t.Fatal(err)
				}
				if got := <-agreed; got != compress {
					t.Errorf("compression agreed: %v", got)
				}
				for _, p := range samples() {
					for _, op := range []Opcode{Text, Binary} {
						if err := c.send(op, p); err != nil {
							t.Fatal(err)
						}
						if gotOp, got, err := c.receive(); err != nil || gotOp != op || !bytes.Equal(got, p) {
							t.Fatalf("message of %d came back as %d of %d, %v", len(p), gotOp, len(got), err)
						}
					}
				}
				c.close(4001, "enough")
				if end, ok := errors.AsType[*CloseError](<-ended); !ok || end.Code != 4001 || end.Reason != "enough" || !end.Remote {
					t.Errorf("end: %v", end)
				}
			})
		}
	}
}

// foreignServers serve echoes of others.
func foreignServers(t *testing.T, compress bool) map[string]http.HandlerFunc {
	ctx := testContext(t)
	return map[string]http.HandlerFunc{
		"gws": func(w http.ResponseWriter, r *http.Request) {
			c := &gwsConn{messages: make(chan *gws.Message)}
			conn, err := gws.NewUpgrader(c, &gws.ServerOption{PermessageDeflate: gwsDeflate(compress), CheckUtf8Enabled: true}).Upgrade(w, r)
			if err != nil {
				t.Error(err)
				return
			}
			c.Conn = conn
			go conn.ReadLoop()
			echoForeign(c)
		},
		"coder": func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: coderMode(compress), CompressionThreshold: 1})
			if err != nil {
				t.Error(err)
				return
			}
			c.SetReadLimit(-1)
			echoForeign(coderConn{ctx, c})
		},
	}
}

func echoForeign(c foreign) {
	for {
		op, p, err := c.receive()
		if err != nil {
			return
		}
		if string(p) == "close" {
			c.close(4002, "as you wish")
			continue
		}
		if c.send(op, p) != nil {
			return
		}
	}
}

// TestForeignServers lets our client talk with servers of others.
func TestForeignServers(t *testing.T) {
	for _, compress := range []bool{false, true} {
		for name, handler := range foreignServers(t, compress) {
			for _, theyClose := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%v/%v", name, compress, theyClose), func(t *testing.T) {
					s := httptest.NewServer(handler)
					defer s.Close()
					c := dial(t, wsURL(s), &DialOptions{Compress: true, CompressFrom: 1})
					if c.Compressed() != compress {
						t.Errorf("compression agreed: %v", c.Compressed())
					}
					for _, p := range samples() {
						for _, op := range []Opcode{Text, Binary} {
							c.Queue(NewMessage(op, bytes.Clone(p)))
							c.Flush()
							if gotOp, got, err := c.Read(); err != nil || gotOp != op || !bytes.Equal(got, p) {
								t.Fatalf("message of %d came back as %d of %d, %v", len(p), gotOp, len(got), err)
							}
						}
					}
					goodbye(t, c, theyClose)
					<-c.Done()
				})
			}
		}
	}
}

func goodbye(t *testing.T, c *Conn, theyClose bool) {
	want := 4001
	var end *CloseError
	if theyClose {
		want = 4002
		c.Queue(NewMessage(Text, []byte("close")))
		c.Flush()
		_, _, err := c.Read()
		end, _ = errors.AsType[*CloseError](err)
	} else {
		end = closeWhileReading(c, want, "bye")
	}
	if end == nil || end.Code != want || !end.Remote {
		t.Errorf("end: %v", end)
	}
}
