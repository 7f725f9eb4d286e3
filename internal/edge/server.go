// Package edge is one connection's life, whatever the way in: admission, the time to say hello, the pace of requests, the
// worker pool that handles what comes, pings, and goodbye.
//
// A [Dialect] is a way in, in a package below: it decodes what comes to commands of package rooms, and encodes what goes out.
//
// A [Server] owns the sessions of a node. A session's messages are handled one after another, on a goroutine of the worker
// pool; answers that wait for a store come from other goroutines.
//
// Locks: Server.mu and the ping timer's, each alone. Neither is held across I/O.
package edge

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"salon/internal/chat"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// Server owns the sessions of a node.
type Server struct {
	node
	pings *pingTimer
	end   context.CancelFunc
	open  atomic.Int64

	mu       sync.Mutex // guards what follows
	sessions map[*life]struct{}
	stopping bool
}

// NewServer makes a server and starts its loops. Stop ends them.
func NewServer(c Config) *Server {
	s := &Server{node: node{Config: c}, sessions: map[*life]struct{}{}}
	s.life, s.end = context.WithCancel(context.Background())
	s.pings = newPingTimer(c.Ping)
	s.pool = &pool{life: s.life, work: &s.work, tasks: make(chan task)}
	s.work.Go(func() { s.pings.run(s.life) })
	return s
}

// Open tells how many sessions there are.
func (s *Server) Open() int { return int(s.open.Load()) }

// Subprotocols returns the subprotocols of the ways in.
func (s *Server) Subprotocols() (names []string) {
	for name := range s.Dialects {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Serve talks on conn until it ends.
func (s *Server) Serve(conn *ws.Conn, p *Params) {
	c := s.admit(conn, p)
	if c == nil {
		s.refuse(conn, p, protocol.CloseRestart, "the server is restarting")
		return
	}
	defer s.dismiss(c)
	c.begin()
	c.finish(c.read())
}

// Attach is Serve without a goroutine that waits: the poller tells when something comes. It returns at once, and ended is
// called at the end. False: there is no poller, or it cannot watch this connection.
func (s *Server) Attach(conn *ws.Conn, p *Params, ended func()) bool {
	if s.Poller == nil || !conn.Watchable() {
		return false
	}
	c := s.admit(conn, p)
	if c == nil {
		return false
	}
	c.ended = func() {
		s.dismiss(c)
		ended()
	}
	c.begin()
	s.Poller.Watch(conn, c.wake)
	return true
}

// admit makes a session; nil while the server stops.
func (s *Server) admit(conn *ws.Conn, p *Params) *life {
	c := s.session(conn, p)
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return nil
	}
	s.sessions[c] = struct{}{}
	s.mu.Unlock()
	s.open.Add(1)
	s.pings.add(c)
	return c
}

// session makes a session that speaks the connection's dialect.
func (s *Server) session(conn *ws.Conn, p *Params) *life {
	c := &life{Session: Session{node: &s.node, conn: conn, id: chat.NewSessionID(), address: p.Address}}
	c.lang.Store(uint32(p.Lang))
	open, ok := s.Dialects[conn.Subprotocol()]
	if !ok {
		open = s.Dialects[""]
	}
	c.dialect = open(&c.Session, p)
	return c
}

// dismiss undoes admit.
func (s *Server) dismiss(c *life) {
	s.pings.remove(c)
	s.mu.Lock()
	delete(s.sessions, c)
	s.mu.Unlock()
	s.open.Add(-1)
}

func (s *Server) all() []*life {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*life, 0, len(s.sessions))
	for c := range s.sessions {
		all = append(all, c)
	}
	return all
}

// Bye tells every session goodbye and closes its connection; new ones are turned away. It returns when all have ended, or
// with ctx.
func (s *Server) Bye(ctx context.Context) {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	for _, c := range s.all() {
		c.Bye(protocol.CloseRestart, "the server is restarting")
	}
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for s.Open() > 0 {
		select {
		case <-t.C:
		case <-ctx.Done():
			s.killAll()
			return
		}
	}
}

// killAll ends what did not end by itself, and the store calls that keep it.
func (s *Server) killAll() {
	s.end()
	for _, c := range s.all() {
		c.conn.Kill()
	}
}

// Stop ends the server's loops. Call Bye first.
func (s *Server) Stop() {
	s.end()
	s.work.Wait()
}

// Degraded tells every session that messages to other nodes are slow for now, or no longer are.
func (s *Server) Degraded(degraded bool) {
	for _, c := range s.all() {
		if c.Actor() != nil {
			c.dialect.Degraded(degraded)
			c.Flush()
		}
	}
}

// RefuseTooMany turns a connection away since its address has too many.
func (s *Server) RefuseTooMany(conn *ws.Conn, p *Params) {
	s.refuse(conn, p, protocol.CloseTooMany, "too many connections from this address")
}

// RefuseOrigin turns a connection away since it is a page's whose host may not connect.
func (s *Server) RefuseOrigin(conn *ws.Conn, p *Params) {
	s.refuse(conn, p, protocol.CloseOrigin, "pages of this address may not connect here: whoever runs the server can allow it (--origin)")
}

// refuse tells a connection why it is turned away, and closes it.
func (s *Server) refuse(conn *ws.Conn, p *Params, code int, why string) {
	s.session(conn, p).Bye(code, why)
	for { // until the peer has closed too, which the connection bounds in time
		if _, _, err := conn.Read(); err != nil {
			return
		}
	}
}
