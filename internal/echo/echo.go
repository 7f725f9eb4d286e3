// Package echo is the first step of the course: a server that answers every text, and a client that asks it.
//
// A [Server] owns its connections, each read by the goroutine of its HTTP request. Locks: Server.mu only.
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

	"salon/internal/ws"
)

// MaxMessage is the largest message that is echoed, in bytes.
const MaxMessage = 16 << 20

// queueBytes is how much may wait for a client before the server stops reading from it.
const queueBytes = 1 << 20

// Options of the server.
type Options struct {
	// Raw sends every message back as it came, text and binary, as conformance suites need it. Else each text is answered
	// with: Hello client ! Received "<text>".
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
			CheckOrigin: func(*http.Request) bool { return true }, // there is nothing here that a page could steal
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

// answer is nil for what cannot be answered.
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

// Stop says goodbye to every client and waits until all are gone; those that are still there when ctx ends are cut.
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

// Serve listens on addr ("host:port", port 0 for a free one), tells ready where, and answers until ctx ends.
// Errors: those of listening.
func Serve(ctx context.Context, addr string, o Options, ready func(net.Addr)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
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
