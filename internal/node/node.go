// Package node builds the parts of a server by its configuration, starts them, and stops them in order. Only this package
// knows which engine stands behind which contract.
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/config"
	"salon/internal/edge"
	"salon/internal/edge/salon"
	"salon/internal/edge/text"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/rooms"
	"salon/internal/server"
	"salon/internal/ws"
	"salon/web"
)

// Node is one running server.
type Node struct {
	cfg         config.Serve
	id          string
	listener    net.Listener
	log         *slog.Logger
	logFile     *logFile // nil without --log-file
	parts       *parts
	rooms       *rooms.Rooms
	poller      *ws.Poller // nil for none
	sessions    *edge.Server
	server      *server.Server
	served      chan error
	certificate *certificate // nil without TLS
	ready       *readiness
	tending     sync.WaitGroup // what goes on beside the sessions
	endTend     context.CancelFunc

	stop    sync.Once
	stopped error
}

// Start starts a server and returns when it accepts connections. On an error nothing is left running.
func Start(ctx context.Context, cfg config.Serve, l lang.Lang, stderr io.Writer) (_ *Node, err error) {
	n := &Node{cfg: cfg, id: chat.NewNodeID(), served: make(chan error, 1)}
	defer func() {
		if err != nil {
			n.undo()
		}
	}()
	if cfg.TLSCert != "" {
		if n.certificate, err = readCertificate(cfg.TLSCert, cfg.TLSKey); err != nil {
			return nil, err
		}
	}
	// First what fails most often, and leaves nothing behind.
	if n.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Address.String()); err != nil {
		return nil, chat.Problemf("listen on %s: %w", cfg.Address, reason(err))
	}
	if err = n.openLog(stderr); err != nil {
		return nil, err
	}
	for _, arg := range cfg.Exposed {
		n.log.Warn("an argument shows a password to the other users of this machine: give it by a file or by the environment", "argument", arg)
	}
	if n.parts, err = openParts(ctx, cfg, n.id, n.log); err != nil {
		return nil, err
	}
	if err = n.build(l); err != nil {
		return nil, err
	}
	go func() { n.fail(n.server.Serve(n.listener)) }()
	tend, end := context.WithCancel(context.Background())
	n.endTend = end
	n.tending.Go(func() { tuneCollector(tend) })
	n.tending.Go(func() { newHealth(cfg, n.ready, n.log).run(tend) })
	n.log.Info("started", "node", n.id, "address", n.listener.Addr().String(), "parts", n.parts.about)
	return n, nil
}

func (n *Node) build(l lang.Lang) (err error) {
	n.rooms, err = rooms.New(rooms.Config{
		Node: n.id, History: n.parts.history, Accounts: n.parts.accounts, Presence: n.parts.presence, OpenBroker: n.parts.broker,
		Format: salon.Format, Logger: n.log,
		Limits: n.cfg.Limits(), Hold: n.cfg.NameHold, Grace: grace, CompareEvery: compareEvery,
		OnDegraded:     func(degraded bool) { n.sessions.Degraded(degraded) },
		OnOtherHistory: n.fail,
	})
	if err != nil {
		return err
	}
	if n.cfg.Poll {
		n.poller, err = ws.NewPoller()
		if err != nil && !errors.Is(err, errors.ErrUnsupported) { // elsewhere than on Linux a goroutine reads each connection
			return fmt.Errorf("--poll: %w", err)
		}
	}
	n.sessions = edge.NewServer(edge.Config{
		Rooms: n.rooms, Dialects: map[string]edge.Open{protocol.Subprotocol: salon.Open, "": text.Open},
		Logger: n.log, Lang: l, Ping: n.cfg.Ping, Hello: n.cfg.Hello, Poller: n.poller,
	})
	n.rooms.Start()
	n.ready = &readiness{parts: n.parts, peers: n.rooms.Peers()}
	sc := server.Config{
		Sessions: n.sessions, Web: web.Pages(), Logger: n.log, Lang: l,
		Compress: n.cfg.Compress, MaxFrame: n.cfg.MaxFrame, Queue: n.cfg.Queue, MaxPerAddress: n.cfg.MaxPerAddress,
		Origins: n.cfg.Origin, Proxies: n.cfg.Proxy,
		Health: http.HandlerFunc(healthy), Ready: n.ready,
	}
	if n.certificate != nil {
		sc.TLS = n.certificate.config()
	}
	if n.cfg.Metrics {
		sc.Metrics = metricsHandler(n.rooms, n.sessions)
	}
	n.server, err = server.New(sc)
	return err
}

const (
	// grace is the time that a lost connection has to come back unnoticed, by the protocol.
	grace = 5 * time.Second
	// compareEvery is how often heads are compared while the broker works: a message that it lost shows after that time.
	compareEvery = 2 * time.Second
)

func (n *Node) openLog(stderr io.Writer) error {
	out := stderr
	if n.cfg.LogFile != "" {
		f, err := openLogFile(n.cfg.LogFile)
		if err != nil {
			return err
		}
		n.logFile, out = f, f
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(n.cfg.LogLevel)); err != nil {
		return fmt.Errorf("log level: %w", err)
	}
	n.log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
	return nil
}

// Reload opens the log file again and reads the certificate again. What cannot be opened or read is logged, and what was in
// use before stays so. It may be called at any time until Stop.
func (n *Node) Reload() {
	if n.logFile != nil {
		if err := n.logFile.reopen(); err != nil {
			n.log.Warn("the log file was not opened again; the one before stays in use", "err", err)
		} else {
			n.log.Info("log file opened again", "node", n.id)
		}
	}
	if n.certificate == nil {
		return
	}
	if err := n.certificate.read(); err != nil {
		n.log.Warn("the certificate was not read again; the one before stays in use", "err", err)
		return
	}
	n.log.Info("certificate read again", "until", n.certificate.until())
}

// URL gives the address to open in a browser.
func (n *Node) URL() string {
	scheme := "http"
	if n.cfg.TLSCert != "" {
		scheme = "https"
	}
	a := n.listener.Addr().(*net.TCPAddr)
	host := n.cfg.Address.Address
	if a.IP.IsUnspecified() {
		host = "localhost"
	}
	return fmt.Sprintf("%s://%s/", scheme, net.JoinHostPort(host, fmt.Sprint(a.Port)))
}

// Wait waits until ctx ends or the server fails by itself.
func (n *Node) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-n.served:
		return err
	}
}

// fail makes Wait end, if it is the first failure.
func (n *Node) fail(err error) {
	select {
	case n.served <- err:
	default:
	}
}

// Stop ends in order: accept nobody, say goodbye, finish the appends, leave presence, close. Ctx bounds it; what is not
// done by then is cut off, and what was acknowledged is safe even so.
func (n *Node) Stop(ctx context.Context) error {
	n.stop.Do(func() { n.stopped = n.stopNow(ctx) })
	return n.stopped
}

func (n *Node) stopNow(ctx context.Context) error {
	n.log.Info("stopping", "node", n.id)
	n.listener.Close()
	n.endTend()
	n.tending.Wait()
	// A history that hangs must not take the time in which members are told goodbye.
	appends, cancel := context.WithTimeout(ctx, n.cfg.Stop/2)
	errStop := n.rooms.Stop(appends)
	cancel()
	n.sessions.Bye(ctx)
	n.server.Close()
	n.server.Wait()
	n.sessions.Stop()
	err := errors.Join(errStop, n.closePoller(), n.rooms.Close(), n.parts.close(ctx))
	if err != nil {
		n.log.Warn("stopped", "node", n.id, "err", err)
	} else {
		n.log.Info("stopped", "node", n.id)
	}
	if n.logFile != nil {
		err = errors.Join(err, n.logFile.Close())
	}
	return err
}

func (n *Node) closePoller() error {
	if n.poller == nil {
		return nil
	}
	return n.poller.Close()
}

// undo takes back what a failed start has done.
func (n *Node) undo() {
	if n.sessions != nil {
		n.sessions.Stop()
	}
	n.closePoller()
	if n.rooms != nil {
		n.rooms.Close()
	}
	if n.parts != nil {
		n.parts.close(context.Background())
	}
	if n.listener != nil {
		n.listener.Close()
	}
	if n.logFile != nil {
		n.logFile.Close()
	}
}

// reason takes off what a listening error says twice.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func healthy(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }
