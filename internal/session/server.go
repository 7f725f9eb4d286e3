// Package session is one connection's life: hello, requests, limits, goodbye, in salon.v1.json or in text mode.
//
// A Server owns the sessions of a node and the names their users hold. Each session's requests run one after another, on a
// goroutine of the crew; the acks of its sends come from the hub's.
//
// Locks: Server.mu before Session.mu; names.mu alone. None of them is held across I/O.
package session

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/hub"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// Config is what the sessions of a node have in common.
type Config struct {
	Hub     *hub.Hub
	Users   accounts.Store
	Logger  *slog.Logger
	Limits  chat.Limits
	Burst   int           // sends at once above Limits.Rate; 0: twice the rate, at least 1
	Lang    lang.Lang     // of those who name none
	Ping    time.Duration // between pings; what has been silent for three is gone
	Hello   time.Duration // a connection has this long to say hello
	Hold    time.Duration // how long a name stays its user's after the last session; see [Config.Grace]
	Grace   time.Duration // how long a lost connection may come back unnoticed
	MaxOpen int           // sends of one session not yet answered; 0: 256
	Poller  *ws.Poller    // watches the connections that it can; nil: a goroutine reads each
}

// Server owns the sessions of a node.
type Server struct {
	Config
	names *names
	wheel *wheel
	crew  *crew

	life context.Context // ends with Stop; kept since the loops and the requests of all sessions end with it
	end  context.CancelFunc
	work sync.WaitGroup
	open atomic.Int64

	mu       sync.Mutex // guards what follows
	sessions map[*Session]struct{}
	stopping bool
}

// NewServer makes a server and starts its loops. Stop ends them.
func NewServer(c Config) *Server {
	if c.Burst <= 0 {
		c.Burst = max(1, int(2*c.Limits.Rate))
	}
	if c.MaxOpen <= 0 {
		c.MaxOpen = 256
	}
	s := &Server{Config: c, sessions: map[*Session]struct{}{}}
	s.life, s.end = context.WithCancel(context.Background())
	s.names = newNames(c.Users, c.Hold, c.Logger)
	s.wheel = newWheel(c.Ping)
	s.crew = newCrew(s.life, &s.work)
	s.work.Go(func() { s.names.run(s.life) })
	s.work.Go(func() { s.wheel.run(s.life) })
	return s
}

// Open tells how many sessions there are.
func (s *Server) Open() int { return int(s.open.Load()) }

// Params say how a connection came in.
type Params struct {
	Lang    lang.Lang   // asked for in the address, else the server's
	Room    chat.RoomID // text mode: where to go
	Last    int         // text mode: how many earlier messages a room begins with
	Address string      // of the peer, for the log
}

// Serve talks on conn until it ends.
func (s *Server) Serve(conn *ws.Conn, p Params) {
	c := s.admit(conn, p)
	if c == nil {
		s.Refuse(conn, p, protocol.CloseRestart, "the server is restarting")
		return
	}
	defer s.dismiss(c)
	c.begin()
	c.end(c.read())
}

// Attach is Serve without a goroutine that waits: the poller tells when something comes. It returns at once, and ended is
// called at the end. False: there is no poller, or it cannot watch this connection.
func (s *Server) Attach(conn *ws.Conn, p Params, ended func()) bool {
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
func (s *Server) admit(conn *ws.Conn, p Params) *Session {
	c := &Session{
		srv: s, conn: conn, id: chat.NewSessionID(), lang: p.Lang, room: p.Room, last: p.Last, address: p.Address,
		text: conn.Subprotocol() != protocol.Subprotocol,
	}
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return nil
	}
	s.sessions[c] = struct{}{}
	s.mu.Unlock()
	s.open.Add(1)
	s.wheel.add(c)
	return c
}

// dismiss undoes admit.
func (s *Server) dismiss(c *Session) {
	s.wheel.remove(c)
	s.mu.Lock()
	delete(s.sessions, c)
	s.mu.Unlock()
	s.open.Add(-1)
}

// Bye tells every session goodbye and closes its connection; new ones are turned away. It returns when all have ended, or
// with ctx.
func (s *Server) Bye(ctx context.Context) {
	s.mu.Lock()
	s.stopping = true
	all := make([]*Session, 0, len(s.sessions))
	for c := range s.sessions {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.bye(protocol.CloseRestart, "the server is restarting")
	}
	for t := time.NewTicker(10 * time.Millisecond); s.Open() > 0; {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sessions {
		c.conn.Kill()
	}
}

// Stop ends the server's loops. Call Bye first.
func (s *Server) Stop() {
	s.end()
	s.work.Wait()
}

// Renamed gives a user's new name, which it took on another node, to its sessions here.
func (s *Server) Renamed(user chat.User) {
	s.names.renamed(user) // also for one whose hello is under way
	if s.names.has(user.ID) {
		s.rename(user, false)
	}
}

// rename gives a user's new name to its sessions here, in all their rooms; with publish the other nodes are told too: it was
// taken here.
func (s *Server) rename(user chat.User, publish bool) {
	s.names.renamed(user)
	if publish {
		s.Hub.Renamed(user)
	}
	var in []*hub.Member
	s.mu.Lock()
	for c := range s.sessions {
		c.mu.Lock()
		if c.user.ID == user.ID {
			c.user = user
			in = append(in, c.rooms...)
		}
		c.mu.Unlock()
	}
	s.mu.Unlock()
	for _, m := range in {
		m.Rename(user, publish)
	}
}

// Degraded tells every JSON session that messages to other nodes are slow for now, or no longer are.
func (s *Server) Degraded(degraded bool) {
	msg := ws.NewMessage(ws.Text, protocol.Marshal(protocol.Degraded{Type: "degraded", Degraded: degraded}))
	s.mu.Lock()
	all := make([]*Session, 0, len(s.sessions))
	for c := range s.sessions {
		if !c.text {
			all = append(all, c)
		}
	}
	s.mu.Unlock()
	for _, c := range all {
		if c.known() {
			c.conn.TryQueue(msg)
			c.conn.Flush()
		}
	}
}

// Refuse tells a connection why it is turned away, and closes it.
func (s *Server) Refuse(conn *ws.Conn, p Params, code int, why string) {
	c := &Session{srv: s, conn: conn, lang: p.Lang, text: conn.Subprotocol() != protocol.Subprotocol}
	c.bye(code, why)
	for { // until the peer has closed too, which the connection bounds in time
		if _, _, err := conn.Read(); err != nil {
			return
		}
	}
}
