package ws

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// accepted returns a server's connection, whose reader runs until it ends, and the peer of it, which reads nothing by
// itself. Small socket buffers make it full soon.
func accepted(t testing.TB, o *Options) (*Conn, *peer) {
	t.Helper()
	conns := make(chan *Conn, 1)
	p := peerOf(t, o, true, func(c *Conn) {
		conns <- c
		for {
			if _, _, err := c.Read(); err != nil {
				<-c.Done()
				return
			}
		}
	})
	p.Conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	c := <-conns
	c.writer.socket.nc.(*net.TCPConn).SetWriteBuffer(64 << 10)
	return c, p
}

// stuff queues and flushes messages of size bytes until the bound refuses one, and returns how many were queued.
func stuff(t testing.TB, c *Conn, size int) (n int) {
	t.Helper()
	m := NewMessage(Binary, make([]byte, size))
	for ; c.TryQueue(m); n++ {
		c.Flush()
		runtime.Gosched() // so that a writer gets to wait for the socket
		if n > 1<<20 {
			t.Fatal("no bound")
		}
	}
	return n
}

// TestSlowReader: what waits for a peer that does not read is bounded, and nothing of it is lost. No call waits for it except
// WaitDrain.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const size, bound = 1000, 64 << 10
	c, p := accepted(t, &Options{QueueBytes: bound})
	n := stuff(t, c, size)
	if q := c.Queued(); q > bound || q < bound-2*size {
		t.Errorf("%d bytes wait, of %d allowed", q, bound)
	}
	c.Queue(NewMessage(Text, []byte("answer"))) // goes beyond the bound
	c.Flush()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.WaitDrain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitDrain with a full queue: %v", err)
	}
	waited := make(chan int)
	go func() {
		if err := c.WaitDrain(testContext(t)); err != nil {
			t.Error(err)
		}
		waited <- c.Queued()
	}()
	want := q("binary", string(make([]byte, size)))
	for range n {
		if got, err := p.receive(); err != nil || got != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if got, err := p.receive(); err != nil || got != `text "answer"` {
		t.Fatalf("%q, %v", got, err)
	}
	if q := <-waited; q > bound/2 {
		t.Errorf("WaitDrain returned with %d bytes waiting", q)
	}
	until(t, "empty queue", func() bool { return c.Queued() == 0 })
	if !c.TryQueue(NewMessage(Binary, make([]byte, 2*bound))) {
		t.Error("an empty queue does not take a large message")
	}
}

// TestFlushNeverWaits flushes into a full socket from the goroutine that reads the other end later.
func TestFlushNeverWaits(t *testing.T) {
	t.Parallel()
	c, p := accepted(t, &Options{QueueBytes: 32 << 10})
	stuff(t, c, 100)
	for range 1000 {
		c.Flush()
		c.Ping()
	}
	c.Queue(NewMessage(Text, []byte("end")))
	c.Flush()
	pings := 0
	for got, err := "", error(nil); got != `text "end"`; {
		if got, err = p.receive(); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(got, "ping") {
			pings++
		}
	}
	if pings > 4 {
		t.Errorf("%d pings wait side by side", pings)
	}
}

// TestPingsOfPeerThatDoesNotRead: the pongs do not fill the memory, and the last ping is answered.
func TestPingsOfPeerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	c, p := accepted(t, &Options{QueueBytes: 32 << 10})
	stuff(t, c, 1000)
	full := c.Queued()
	payload := make([]byte, maxControl)
	const pings = 2000
	for i := range pings {
		binary.BigEndian.PutUint32(payload, uint32(i))
		p.send(frame{op: 9, payload: string(payload)}.encode(true))
	}
	until(t, "the last ping handled while nobody reads", func() bool {
		q := &c.writer.queue
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.pongs == maxPongs && bytes.HasSuffix(q.waiting.frames[q.pongAt], payload)
	})
	last := q("pong", string(payload))
	for got, err := "", error(nil); got != last; {
		if q := c.Queued(); q > full+2*maxPongs*(maxControl+2) {
			t.Fatalf("%d bytes wait", q)
		}
		if got, err = p.receive(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOrder: what one goroutine queues arrives in the same order, whichever goroutine flushes, without loss or repeat.
func TestOrder(t *testing.T) {
	for _, compress := range []bool{false, true} {
		testOrder(t, compress)
	}
}

func testOrder(t *testing.T, compress bool) {
	const writers, each = 8, 200
	o := &Options{Compress: compress, CompressFrom: 1, MaxMessage: 1 << 20}
	s := serve(t, o, func(c *Conn) {
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					p := binary.BigEndian.AppendUint32([]byte{byte(w)}, uint32(i))
					if i%100 == 0 {
						p = append(p, make([]byte, 50_000)...)
					}
					c.Queue(NewMessage(Binary, p))
					if i%3 == 0 {
						c.Flush()
					}
				}
				c.Flush()
			})
		}
		all.Wait()
		c.Close(CloseNormal, "done")
		<-c.Done()
	})
	c := dial(t, wsURL(s), &DialOptions{Compress: compress})
	var next [writers]uint32
	for range writers * each {
		_, p, err := c.Read()
		if err != nil {
			t.Fatal(err)
		}
		if i := binary.BigEndian.Uint32(p[1:]); i != next[p[0]] {
			t.Fatalf("message %d of writer %d, want %d", i, p[0], next[p[0]])
		}
		next[p[0]]++
	}
	if _, _, err := c.Read(); err == nil || !strings.Contains(err.Error(), "done") {
		t.Errorf("end: %v", err)
	}
}

// TestOneWrite: what is queued together goes out together.
func TestOneWrite(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	c := newConn(far, nil, terms{opts: &Options{}})
	var want []byte
	for i := range 20 {
		m := NewMessage(Text, []byte(strings.Repeat("x", i)))
		want = append(want, m.plain...)
		c.Queue(m)
	}
	c.Flush()
	got := make([]byte, len(want)+1)
	n, err := near.Read(got) // a pipe hands over one write
	if err != nil || !bytes.Equal(got[:n], want) {
		t.Errorf("%d bytes of %d, %v", n, len(want), err)
	}
	c.Kill()
	<-c.Done()
}

// TestIdle: a peer shows that it is alive by bytes that come, and by reading what a full socket held. A write into a socket
// that has room does not show it.
func TestIdle(t *testing.T) {
	t.Parallel()
	c, p := accepted(t, &Options{QueueBytes: 1 << 20})
	seen := func() int64 { return c.writer.socket.seen.Load() }
	before := seen()
	c.Queue(NewMessage(Text, []byte("a")))
	c.Flush()
	p.receive()
	if seen() != before {
		t.Error("a write into an empty socket counts as a sign of life")
	}
	p.send(frame{op: 10}.encode(true))
	until(t, "life by reading", func() bool { return seen() > before })
	n := stuff(t, c, 1000)
	before = seen()
	for range n {
		p.receive()
	}
	until(t, "life by writing", func() bool { return seen() > before })
	now := time.Now()
	if idle := c.Idle(now.Add(time.Hour)); idle < time.Hour || idle > time.Hour+patience {
		t.Errorf("idle for %v in an hour", idle)
	}
	if idle := c.Idle(now.Add(-time.Hour)); idle != 0 {
		t.Errorf("idle for %v an hour ago", idle)
	}
}

// covered is a connection that hides its socket, as TLS does.
type covered struct {
	net.Conn
	began atomic.Int64 // when the write under way began, in nanoseconds; 0 while there is none
}

func (v *covered) Write(p []byte) (int, error) {
	v.began.Store(time.Now().UnixNano())
	defer v.began.Store(0)
	return v.Conn.Write(p)
}

// TestIdleCovered is TestIdle over a connection that hides whether a write has to wait.
func TestIdleCovered(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	v := &covered{Conn: far}
	c := newConn(v, nil, terms{opts: &Options{QueueBytes: 16 << 20}})
	p := newPeer(t, near, true)
	defer func() {
		c.Kill()
		<-c.Done()
	}()

	until(t, "a ping that is no sign of life", func() bool { // where the machine is slow a few may look like one
		before := c.writer.socket.seen.Load()
		c.Ping()
		until(t, "the ping written", func() bool { return c.Queued() == 0 })
		return c.writer.socket.seen.Load() == before
	})
	stuff(t, c, 64<<10)
	until(t, "a write that waits", func() bool {
		began := v.began.Load()
		return began != 0 && time.Since(time.Unix(0, began)) > 2*fullFrom
	})
	before := c.writer.socket.seen.Load()
	until(t, "life by writing", func() bool {
		p.receive()
		return c.writer.socket.seen.Load() > before
	})
}

// TestMemoryAtRest measures the heap of an idle connection and its reader, without what package net holds.
func TestMemoryAtRest(t *testing.T) {
	const n = 200
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var near, far [n]net.Conn
	for i := range n {
		if near[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		if far[i], err = l.Accept(); err != nil {
			t.Fatal(err)
		}
	}
	before := heap()
	var conns [n]*Conn
	var readers sync.WaitGroup
	o := &Options{Compress: true}
	for i := range n {
		conns[i] = newConn(far[i], nil, terms{opts: o, window: maxWindow})
		readers.Go(func() { echo(conns[i]) })
	}
	message := frame{op: 1, rsv: 4, payload: pack(strings.Repeat("salut ", 100), 6)}.encode(true)
	for i := range n {
		p := newPeer(t, near[i], true)
		p.send(message)
		if _, err := p.receive(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "rest", func() bool {
		for _, c := range conns {
			if c.Queued() > 0 {
				return false
			}
		}
		return true
	})
	each := (heap() - before) / n
	t.Logf("%d bytes of heap for each connection at rest", each)
	if each > 1024 {
		t.Errorf("%d bytes of heap for each connection at rest", each)
	}
	for i := range n {
		near[i].Close()
	}
	readers.Wait()
	runtime.KeepAlive(conns)
}

// heap returns the heap in use after garbage collection, without what only pools hold.
func heap() int64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
