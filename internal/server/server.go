// Package server is the node's HTTP side: the WebSocket endpoint, the web client, health and metrics.
//
// It owns the count of connections by address. It hands each connection to a session, watched by a poller or on a goroutine
// of its own.
package server

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/edge"
	"salon/internal/lang"
	"salon/internal/ws"
)

// Config is what the HTTP side is made of.
type Config struct {
	Sessions *edge.Server
	Web      map[string]func() ([]byte, error) // the pages of the browser client, by path
	Logger   *slog.Logger
	Lang     lang.Lang // of connections that name none

	Compress      bool
	MaxFrame      int // bytes of one message to the server
	Queue         int // bytes that may wait for one connection
	MaxPerAddress int // connections; 0 for no limit

	Origins []string // hosts whose pages may connect besides this one; "*" for all
	Proxies []string // addresses or CIDRs that may say for whom they connect

	Health  http.Handler // /healthz
	Ready   http.Handler // /readyz
	Metrics http.Handler // /metrics; nil for none
	TLS     *tls.Config  // nil for cleartext
}

// Server serves HTTP and WebSocket.
type Server struct {
	Config
	http    *http.Server
	options ws.Options
	origins *origins
	count   *counter
	refused *warnings
	work    sync.WaitGroup // of the sessions

	mu     sync.Mutex // guards what follows
	closed bool       // no more sessions
}

// New makes a server.
func New(c Config) (*Server, error) {
	s := &Server{Config: c, refused: newWarnings(c.Logger)}
	var err error
	if s.origins, err = newOrigins(c.Origins); err != nil {
		return nil, err
	}
	if s.count, err = newCounter(c.MaxPerAddress, c.Proxies); err != nil {
		return nil, err
	}
	s.options = ws.Options{
		MaxMessage: c.MaxFrame, QueueBytes: c.Queue, Compress: c.Compress,
		Subprotocols: c.Sessions.Subprotocols(),
		CheckOrigin:  func(*http.Request) bool { return true }, // a page cannot see a 403, so it is told goodbye
	}
	s.http = &http.Server{
		Handler:           s.routes(),
		TLSConfig:         c.TLS,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ConnState:         s.count.state,
		ErrorLog:          slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
	}
	s.http.Protocols = new(http.Protocols)
	s.http.Protocols.SetHTTP1(true) // WebSocket needs it, and the rest is small
	return s, nil
}

// Serve serves until Close. It always gives an error; [http.ErrServerClosed] after Close.
func (s *Server) Serve(l net.Listener) error {
	if s.TLS != nil {
		return s.http.ServeTLS(ws.Listener(l), "", "") // so that connections with TLS can be polled, too
	}
	return s.http.Serve(l)
}

// Close stops accepting and drops requests under way. Sessions go on: end them with [edge.Server.Bye]; Wait waits for
// them.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.http.Close()
}

// Wait waits until the last session has ended.
func (s *Server) Wait() { s.work.Wait() }

// serveWS makes a session of the request.
func (s *Server) serveWS(w http.ResponseWriter, r *http.Request) {
	address := s.count.address(r)
	p, err := s.params(r.URL.Query())
	if err != nil {
		http.Error(w, p.Lang.Error(err), http.StatusBadRequest)
		return
	}
	p.Address = address
	done, ok := s.count.session(r) // before the peer is told anything: who comes first counts first
	conn, err := ws.Upgrade(w, r, &s.options)
	if err != nil {
		done()
		s.reportUpgrade(r, address, err)
		return
	}
	welcome := s.origins.allow(r)
	if !s.enter() { // too late
		done()
		conn.Kill()
		return
	}
	ended := func() {
		done()
		s.work.Done()
	}
	// On goroutines of their own, so that nothing of net/http stays in memory behind the connection.
	switch {
	case !welcome:
		s.reportOrigin(r, address)
		go s.refuse(conn, p, s.Sessions.RefuseOrigin, ended)
	case !ok:
		s.Logger.Warn("too many connections", "address", address)
		go s.refuse(conn, p, s.Sessions.RefuseTooMany, ended)
	case !s.Sessions.Attach(conn, p, ended):
		go s.serve(conn, p, ended)
	}
}

// serve talks on a connection until it ends. Its frame is small, since it stays on the stack for as long.
func (s *Server) serve(conn *ws.Conn, p *edge.Params, ended func()) {
	s.Sessions.Serve(conn, p)
	ended()
}

func (s *Server) refuse(conn *ws.Conn, p *edge.Params, how func(*ws.Conn, *edge.Params), ended func()) {
	how(conn, p)
	ended()
}

// reportOrigin logs that a page of another host was refused.
func (s *Server) reportOrigin(r *http.Request, address string) {
	origin, host := clip(strings.Join(r.Header.Values("Origin"), ", ")), clip(r.Host)
	s.refused.warn("origin "+origin+" "+host,
		"a page of another host was refused: allow it with --origin, or have the proxy pass Host on as the browser sent it",
		"origin", origin, "host", host, "address", address)
}

// reportUpgrade logs a request that could not become a WebSocket connection. What a browser or a library asked for and a proxy
// spoiled is a warning, since only the operator can put it right.
func (s *Server) reportUpgrade(r *http.Request, address string, err error) {
	switch asked := r.Header.Get("Sec-Websocket-Key") != "" || r.Header.Get("Upgrade") != ""; {
	case asked && !r.ProtoAtLeast(1, 1):
		s.refused.warn("version",
			"a WebSocket was asked for with HTTP/1.0: have the proxy speak HTTP/1.1 to this server (proxy_http_version 1.1 in nginx)",
			"protocol", r.Proto, "host", clip(r.Host), "address", address, "err", err)
	case asked && r.Header.Get("Upgrade") == "":
		s.refused.warn("upgrade",
			"a WebSocket was asked for without Upgrade: have the proxy pass Upgrade and Connection on",
			"host", clip(r.Host), "address", address, "err", err)
	default:
		s.Logger.Debug("upgrade refused", "address", address, "err", err)
	}
}

// params reads what the address asks for. Errors: [chat.Error]; the language is known even so.
func (s *Server) params(q url.Values) (p *edge.Params, err error) {
	p = &edge.Params{Lang: s.Lang, Room: chat.DefaultRoom, Last: chat.DefaultPage}
	if l, ok := lang.Parse(q.Get("lang")); ok {
		p.Lang = l
	}
	if name := q.Get("room"); name != "" {
		if p.Room, err = chat.ParseTypedRoom(name); err != nil {
			return p, err
		}
	}
	if last := q.Get("last"); last != "" {
		n, err := strconv.Atoi(last)
		if err != nil || n < 0 {
			return p, chat.Errorf(chat.CodeBadRequest, "the field %q is out of range", "last")
		}
		p.Last = min(n, chat.MaxPage)
	}
	return p, nil
}

// enter has Wait wait for one connection more; false after Close.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.work.Add(1)
	}
	return !s.closed
}
