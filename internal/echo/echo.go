// Package echo is the first step of the course: a server that answers each text, and a client for it.
//
// A [Server] owns its connections. The goroutine of the HTTP request reads the connection. Locks: Server.mu only.
package echo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/ws"
)

// MaxMessage is the largest message that is echoed, in bytes.
const MaxMessage = 16 << 20

// queueBytes is how much may wait for a client before the server stops reading from it.
const queueBytes = 1 << 20

// Options of the server.
type Options struct {
	// Raw sends each message back as it came, text and binary, as conformance suites need it. Otherwise the answer to each
	// text is: Hello client ! Received "<text>".
	Raw bool
}

// Server answers WebSocket connections from any page. Make it with [Handler].
type Server struct {
	opts Options
	ws   ws.Options

	mu      sync.Mutex // guards what follows
	stopped bool
	conns   map[*ws.Conn]bool
	running sync.WaitGroup
}

// Handler makes a server.
func Handler(o Options) *Server {
	return &Server{
		opts:  o,
		conns: map[*ws.Conn]bool{},
		ws: ws.Options{
			MaxMessage: MaxMessage, QueueBytes: queueBytes, Compress: true,
			CheckOrigin: func(*http.Request) bool { return true }, // this server has nothing that a page could steal
		},
	}
}

// ServeHTTP upgrades the connection and answers until it ends.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := ws.Upgrade(w, r, &s.ws)
	if err != nil {
		return // answered with its status
	}
	defer func() { <-conn.Done() }()
	if !s.add(conn) {
		conn.Kill()
		return
	}
	defer s.remove(conn)
	for {
		op, text, err := conn.Read()
		if err != nil {
			return // the connection ends by itself
		}
		answer := s.answer(op, text)
		if answer == nil {
			conn.Close(1003, "text only")
			continue // until the peer has closed
		}
		conn.Queue(answer)
		conn.Flush()
		if err := conn.WaitDrain(r.Context()); err != nil {
			conn.Kill()
			return
		}
	}
}

// answer returns the answer to a message; nil for a message that cannot be answered.
func (s *Server) answer(op ws.Opcode, text []byte) *ws.Message {
	switch {
	case s.opts.Raw:
		return ws.NewMessage(op, bytes.Clone(text))
	case op == ws.Text:
		return ws.NewMessage(ws.Text, fmt.Appendf(nil, "Hello client ! Received \"%s\"", text))
	}
	return nil
}

func (s *Server) add(c *ws.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.conns[c] = true
	s.running.Add(1)
	return true
}

func (s *Server) remove(c *ws.Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.running.Done()
}

// Stop sends each client a close frame and waits until all connections have ended. When ctx ends it cuts the remaining ones.
func (s *Server) Stop(ctx context.Context) {
	for _, c := range s.stopping() {
		c.Close(1001, "the server is stopping")
	}
	gone := make(chan struct{})
	go func() { s.running.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-ctx.Done():
		for _, c := range s.stopping() {
			c.Kill()
		}
		<-gone
	}
}

func (s *Server) stopping() (conns []*ws.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// Serve listens on addr ("host:port", port 0 for a free one), calls ready with the address, and answers until ctx ends.
// Errors: those of listening.
func Serve(ctx context.Context, addr string, o Options, ready func(net.Addr)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return chat.Problemf("listen on %s: %w", addr, err)
	}
	handler := Handler(o)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	ready(listener.Addr())
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	handler.Stop(goodbye)
	server.Close()
	if err == nil {
		err = <-served
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}
