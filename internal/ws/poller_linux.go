package ws

import (
	"fmt"
	"os"
	"sync"
	"syscall"
)

// Poller tells many connections when there is something to read, with one goroutine for all of them. A connection that is
// read that way needs no goroutine while it is idle, and so no stack: that is half of what an idle one costs.
//
// It is Linux's epoll, itself waited for through the runtime's poller.
type Poller struct {
	epoll *os.File        // immutable
	raw   syscall.RawConn // of epoll; immutable
	ended chan struct{}   // closed when the goroutine has ended

	mu    sync.RWMutex // guards what follows
	conns []*watch     // by descriptor
}

// watch is a connection that a poller watches.
type watch struct {
	poller *Poller
	fd     int // guarded by poller.mu
	ready  func()
}

// pollEvents is how many connections one look at epoll can name.
const pollEvents = 128

// edge is EPOLLET, which syscall has with the wrong sign: tell of what comes, not again and again of what is there.
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

// Close ends the poller. Connections that it watches are told nothing any more.
func (p *Poller) Close() error {
	err := p.epoll.Close()
	<-p.ended
	return err
}

// Watch has ready called whenever TryRead may give something: now, when bytes came, and when the connection is closed.
// ready must not block; it may be called at any time, from several goroutines at once. The connection must be Watchable. One
// that cannot be watched (the kernel's limit is reached, the connection is closed) is ended.
func (p *Poller) Watch(c *Conn, ready func()) {
	w := &watch{poller: p, ready: ready}
	c.mu.Lock()
	c.watch = w
	c.mu.Unlock()
	var failed error
	err := c.raw.Control(func(fd uintptr) {
		failed = p.add(w, int(fd))
	})
	if err != nil || failed != nil {
		c.Kill()
	}
	c.mu.Lock()
	shut := c.is(shutting)
	c.mu.Unlock()
	if shut {
		w.end() // it may have been shut before it was there to be taken out
	}
	ready() // for what had come before
}

// Watchable tells whether a [Poller] can watch the connection: it is a plain socket.
func (c *Conn) Watchable() bool { return c.raw != nil }

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

// end is called before the descriptor is closed, which takes it out of epoll.
func (w *watch) end() {
	p := w.poller
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.fd < len(p.conns) && p.conns[w.fd] == w {
		p.conns[w.fd] = nil
	}
}

// fd gives epoll's descriptor, while the poller is open.
func (p *Poller) fd() (fd int) {
	fd = -1
	p.raw.Control(func(f uintptr) { fd = int(f) })
	return fd
}

func (p *Poller) run() {
	defer close(p.ended)
	events := make([]syscall.EpollEvent, pollEvents)
	ready := make([]*watch, 0, pollEvents)
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) bool {
			n = pollNow(fd, events)
			return n > 0
		})
		if err != nil {
			return // closed
		}
		ready = p.named(ready[:0], events[:n])
		for _, w := range ready {
			w.ready()
		}
		clear(ready)
	}
}

// named gives the connections that events are about. One whose descriptor went to another meanwhile is woken in vain,
// which does no harm.
func (p *Poller) named(into []*watch, events []syscall.EpollEvent) []*watch {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for i := range events {
		if w := p.conns[events[i].Fd]; w != nil {
			into = append(into, w)
		}
	}
	return into
}
