package ws

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrNothing says that no message has come. It is not final. It is a temporary [net.Error], which crypto/tls does not take
// for the end of the connection.
var ErrNothing error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "ws: nothing to read" }
func (nothing) Timeout() bool   { return false }
func (nothing) Temporary() bool { return true }

// epoch lets an instant of the monotonic clock fit into 8 bytes. It never changes.
var epoch = time.Now()

// socket is the network connection below a WebSocket connection. It owns the descriptor, and counts the goroutines that
// the connection runs, so that the end of the last one can be waited for.
type socket struct {
	nc  net.Conn        // immutable
	raw syscall.RawConn // immutable; nil when nc can only be read and written with waiting

	seen atomic.Int64 // when the peer last showed that it is alive, in nanoseconds after epoch

	mu      sync.Mutex // guards what follows
	running uint8      // goroutines of the connection
	state   socketState
	done    chan struct{} // closed when the socket is closed and no goroutine runs; nil while nobody asked
	watcher watcher       // nil while no poller watches
}

type socketState uint8

const (
	socketOpen socketState = iota
	socketClosing
	socketClosed
)

// watcher is told about the end of a socket.
type watcher interface {
	forget() // called before the descriptor is closed, since another connection may then get the same one
	ready()  // called once it is closed
}

func (s *socket) start(nc net.Conn) {
	s.nc = nc
	s.raw = rawConnOf(nc)
	s.touch()
}

// rawConnOf gives access to the descriptor of a TCP or Unix socket. It is nil for every connection that is more than a
// socket. For a type that embeds *net.TCPConn, Read and Write of that type are not called, but its Close is.
func rawConnOf(nc net.Conn) syscall.RawConn {
	if _, ok := nc.(*tls.Conn); ok || !directIO {
		return nil
	}
	s, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// pollable tells whether a poller can watch the socket.
func (s *socket) pollable() bool { return pollerWorks && (s.raw != nil || pollableBelow(s.nc) != nil) }

// descriptor gives a poller access to the descriptor of a pollable socket.
func (s *socket) descriptor() syscall.RawConn {
	if s.raw == nil {
		return pollableBelow(s.nc).raw
	}
	return s.raw
}

// touch notes that the peer has just shown that it is alive.
func (s *socket) touch() { s.seen.Store(int64(time.Since(epoch))) }

func (s *socket) idle(now time.Time) time.Duration {
	return max(0, now.Sub(epoch)-time.Duration(s.seen.Load()))
}

// endWithin bounds the time that all further reads and writes may take.
func (s *socket) endWithin(d time.Duration) {
	s.nc.SetDeadline(time.Now().Add(d)) // fails only when the socket is closed already
}

// closeWrite ends this side's direction of the connection. It returns false when it cannot.
func (s *socket) closeWrite() bool {
	half, ok := s.nc.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// discardOnClose has the system drop what it has not sent yet when the socket is closed. Otherwise it would go on trying,
// and keep the memory, for minutes when the peer is gone.
func (s *socket) discardOnClose() {
	if l, ok := s.nc.(interface{ SetLinger(int) error }); ok {
		l.SetLinger(0)
	}
}

// begin counts a goroutine that is about to be started. It returns false when the socket is closed: there is then nothing
// left to do for it.
func (s *socket) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == socketClosed {
		return false
	}
	s.running++
	return true
}

// end is called when a goroutine that begin counted ends.
func (s *socket) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	s.signalDone()
}

// watch has w told about the end of the socket. It returns false when the socket is closed or being closed.
func (s *socket) watch(w watcher) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watcher = w
	return s.state == socketOpen
}

// ending tells whether the socket is closed or being closed.
func (s *socket) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state != socketOpen
}

// shut closes the socket. Only the first call does.
func (s *socket) shut() {
	s.mu.Lock()
	if s.state != socketOpen {
		s.mu.Unlock()
		return
	}
	s.state = socketClosing
	w := s.watcher
	s.mu.Unlock()
	if w != nil {
		w.forget()
		defer w.ready() // whoever reads learns of the end
	}
	if t, ok := s.nc.(interface{ NetConn() net.Conn }); ok {
		t.NetConn().Close() // crypto/tls would wait to send its close_notify
	}
	s.nc.Close()
	s.mu.Lock()
	s.state = socketClosed
	s.signalDone()
	s.mu.Unlock()
}

// doneChan returns a channel that is closed when the socket is closed and no goroutine runs.
func (s *socket) doneChan() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = make(chan struct{})
		s.signalDone()
	}
	return s.done
}

// signalDone closes done when it is time. The caller holds mu.
func (s *socket) signalDone() {
	if s.done == nil || s.state != socketClosed || s.running > 0 {
		return
	}
	select {
	case <-s.done:
	default:
		close(s.done)
	}
}

// Listener returns l with connections that a [Poller] can watch below TLS: tls.NewListener and http.Server.ServeTLS
// have to be given it in place of l. Without TLS it makes no difference.
func Listener(l net.Listener) net.Listener {
	if !pollerWorks {
		return l
	}
	return pollableListener{l}
}

type pollableListener struct{ net.Listener }

func (l pollableListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	raw := rawConnOf(nc)
	if raw == nil {
		return nc, nil
	}
	p := &pollableConn{Conn: nc, raw: raw}
	p.ready = p.readReady
	return p, nil
}

// pollableConn is a socket below TLS that can be read without waiting. A [tls.Conn] keeps its state when Read fails with a
// temporary [net.Error]: what has come of a record stays in its buffer, and its next Read goes on there.
type pollableConn struct {
	net.Conn
	raw syscall.RawConn // immutable

	// Only for the goroutine that has the reading role.
	noWait bool                  // Read returns ErrNothing when nothing has come
	ready  func(fd uintptr) bool // readReady, made once
	target []byte                // where readReady reads to
	n      int                   // how many bytes it got
	err    error
}

// pollableBelow returns the socket below TLS; nil when nc is something else, or when its listener was not a [Listener].
func pollableBelow(nc net.Conn) *pollableConn {
	t, ok := nc.(*tls.Conn)
	if !ok {
		return nil
	}
	p, _ := t.NetConn().(*pollableConn)
	return p
}

// Read implements net.Conn.
func (p *pollableConn) Read(b []byte) (int, error) {
	if !p.noWait || len(b) == 0 {
		return p.Conn.Read(b)
	}
	p.target = b
	err := p.raw.Read(p.ready)
	p.target = nil
	if err != nil {
		return 0, err
	}
	return p.n, p.err
}

// readReady reads once, and never has RawConn.Read wait.
func (p *pollableConn) readReady(fd uintptr) bool {
	for {
		n, err := readNow(fd, p.target)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			err = ErrNothing
		case err == nil && n == 0:
			err = io.EOF
		}
		p.n, p.err = max(n, 0), err
		return true
	}
}
