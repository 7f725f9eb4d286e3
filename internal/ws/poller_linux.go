package ws

import (
	"fmt"
	"os"
	"sync"
	"syscall"
)

// Poller tells many connections when there is something to read, with one goroutine for all of them. A connection that is
// read that way needs no goroutine while it is idle, and so no stack, which is a third of what an idle connection costs.
//
// It uses an epoll of its own. The Go runtime's poller in turn waits for that epoll, so that no thread waits.
type Poller struct {
	epoll *os.File        // immutable
	raw   syscall.RawConn // of epoll; immutable
	ended chan struct{}   // closed when the goroutine has ended

	mu    sync.RWMutex // guards what follows
	conns []*watch     // by descriptor
}

// watch is a connection that a poller watches.
type watch struct {
	poller   *Poller
	fd       int // guarded by poller.mu
	callback func()
}

// ready implements watcher.
func (w *watch) ready() { w.callback() }

// pollEvents is how many events one call of epoll can return.
const pollEvents = 128

// edge is EPOLLET, which package syscall has with the wrong sign: epoll reports new bytes once, and does not repeat it
// while they are unread.
const edge = 1 << 31

// NewPoller starts a poller. Close ends it.
func NewPoller() (*Poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("ws: epoll: %w", err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil { // os.NewFile gives it to the runtime's poller only then
		syscall.Close(fd)
		return nil, fmt.Errorf("ws: epoll: %w", err)
	}
	p := &Poller{epoll: os.NewFile(uintptr(fd), "epoll"), ended: make(chan struct{})}
	if p.raw, err = p.epoll.SyscallConn(); err != nil {
		p.epoll.Close()
		return nil, fmt.Errorf("ws: epoll: %w", err)
	}
	go p.run()
	return p, nil
}

// Close ends the poller. It calls no callback any more.
func (p *Poller) Close() error {
	err := p.epoll.Close()
	<-p.ended
	return err
}

// Watch has ready called whenever TryRead may return something: now, when bytes have come, and when the connection is
// closed. ready must not block. It may be called at any time, from several goroutines at once. The connection must be
// Watchable. A connection that cannot be watched, because the kernel's limit is reached or the poller is closed, is ended.
func (p *Poller) Watch(c *Conn, ready func()) {
	w := &watch{poller: p, callback: ready}
	c.writer.socket.watch(w)
	var failed error
	err := c.writer.socket.descriptor().Control(func(fd uintptr) {
		failed = p.add(w, int(fd))
	})
	if err != nil || failed != nil {
		c.Kill()
	}
	if c.writer.socket.ending() {
		w.forget() // the socket may have been closed before add
	}
	ready() // for what has come before
}

func (p *Poller) add(w *watch, fd int) error {
	p.mu.Lock()
	for len(p.conns) <= fd {
		p.conns = append(p.conns, nil)
	}
	w.fd = fd
	p.conns[fd] = w
	p.mu.Unlock()
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | edge, Fd: int32(fd)}
	return syscall.EpollCtl(p.fd(), syscall.EPOLL_CTL_ADD, fd, &event)
}

// forget is called before the descriptor is closed, which takes it out of epoll.
func (w *watch) forget() {
	p := w.poller
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.fd < len(p.conns) && p.conns[w.fd] == w {
		p.conns[w.fd] = nil
	}
}

// fd returns epoll's descriptor, -1 when the poller is closed.
func (p *Poller) fd() (fd int) {
	fd = -1
	p.raw.Control(func(f uintptr) { fd = int(f) })
	return fd
}

func (p *Poller) run() {
	defer close(p.ended)
	events := make([]syscall.EpollEvent, pollEvents)
	named := make([]*watch, 0, pollEvents)
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) bool {
			n = epollNow(fd, events)
			return n > 0
		})
		if err != nil {
			return // closed
		}
		named = p.watches(named[:0], events[:n])
		for _, w := range named {
			w.callback()
		}
		clear(named)
	}
}

// watches appends the watches that events are about. A descriptor may belong to another connection by now; that connection
// is then woken for nothing, which does no harm.
func (p *Poller) watches(into []*watch, events []syscall.EpollEvent) []*watch {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for i := range events {
		if w := p.conns[events[i].Fd]; w != nil {
			into = append(into, w)
		}
	}
	return into
}
