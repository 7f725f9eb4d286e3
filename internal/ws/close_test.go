package ws

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

func TestClosePayload(t *testing.T) {
	long := strings.Repeat("é", 100)
	for _, test := range []struct {
		code   int
		reason string
		want   string
	}{
		{0, "x", ""},
		{CloseNoCode, "x", ""},
		{CloseNormal, "", "\x03\xe8"},
		{4001, "bad hello", "\x0f\xa1bad hello"},
		{CloseNormal, long, "\x03\xe8" + long[:122]},
		{CloseNormal, "x" + long, "\x03\xe8x" + long[:122]},
		{CloseNormal, "\xff", "\x03\xe8"},
		{1006, "", "\x03\xf3"},
		{5000, "", "\x03\xf3"},
		{-1, "", "\x03\xf3"},
	} {
		got := string(closePayload(test.code, test.reason))
		if got != test.want || len(got) > maxControl || len(got) > 2 && !utf8.ValidString(got[2:]) {
			t.Errorf("%d %.9q: %q", test.code, test.reason, got)
		}
	}
}

// TestCloseAfterWhatIsQueued: the close frame comes last, and nothing comes after it.
func TestCloseAfterWhatIsQueued(t *testing.T) {
	t.Parallel()
	c, p := accepted(t, &Options{QueueBytes: 64 << 10})
	n := stuff(t, c, 1000)
	c.Close(4200, "restart")
	c.Close(CloseNormal, "again")
	if c.TryQueue(NewMessage(Text, []byte("late"))) {
		t.Error("a message was queued after the close frame")
	}
	c.Queue(NewMessage(Text, []byte("late")))
	c.Ping()
	p.send(frame{op: 9}.encode(true)) // must not be answered any more
	for range n {
		if got, err := p.receive(); err != nil || !strings.HasPrefix(got, "binary") {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if got, err := p.receive(); err != nil || got != "close 4200" {
		t.Fatalf("%q, %v", got, err)
	}
	p.send(frame{op: 8, payload: "\x10\x68"}.encode(true))
	if got, err := p.receive(); err != io.EOF {
		t.Errorf("%q, %v after the close frames", got, err)
	}
	p.Close()
	<-c.Done()
}

// TestCloseWaitsForTheAnswer: messages that were on their way are dropped, and Read returns the peer's close frame.
func TestCloseWaitsForTheAnswer(t *testing.T) {
	for _, server := range []bool{true, false} {
		result := make(chan error, 1)
		conns := make(chan *Conn, 1)
		p := peerOf(t, &Options{}, server, func(c *Conn) {
			conns <- c
			_, p, err := c.Read()
			if err == nil {
				t.Errorf("Read returned %q", p)
			}
			result <- err
			<-c.Done()
		})
		c := <-conns
		until(t, "reading", func() bool { return isReading(c) })
		c.Close(CloseGoingAway, "")
		if got, err := p.receive(); err != nil || got != "close 1001" {
			t.Fatalf("%q, %v", got, err)
		}
		p.send(frame{op: 1, payload: "late"}.encode(server))
		p.send(frame{op: 8, payload: "\x03\xe9"}.encode(server))
		if end, ok := errors.AsType[*CloseError](<-result); !ok || end.Code != CloseGoingAway || !end.Remote {
			t.Errorf("Read failed with %v", end)
		}
		if server { // which has to be the first to end the connection
			if _, err := p.receive(); err != io.EOF {
				t.Error(err)
			}
		}
		p.Close()
		<-c.Done()
	}
}

// TestCloseWithoutAnswer: Options.CloseTimeout ends the connection to a peer that does not answer the close frame, whether
// or not it reads what comes before it.
func TestCloseWithoutAnswer(t *testing.T) {
	for _, full := range []bool{false, true} {
		c, _ := accepted(t, &Options{QueueBytes: 64 << 10, CloseTimeout: 50 * time.Millisecond})
		if full {
			stuff(t, c, 1000)
		}
		c.Close(CloseNormal, "")
		<-c.Done()
		if _, _, err := c.Read(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read after it failed with %v", err)
		}
	}
}

// TestCloseWithoutReader: when nobody reads any more, Close completes the handshake by itself.
func TestCloseWithoutReader(t *testing.T) {
	for _, server := range []bool{true, false} {
		p := peerOf(t, &Options{}, server, func(c *Conn) {
			if _, _, err := c.Read(); err != nil {
				t.Error(err)
			}
			c.Close(4001, "bad hello")
			if _, _, err := c.Read(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read after Close failed with %v", err)
			}
			<-c.Done()
		})
		p.send(frame{op: 1, payload: "?"}.encode(server))
		if got, err := p.receive(); err != nil || got != "close 4001" {
			t.Fatalf("%q, %v", got, err)
		}
		p.send(frame{op: 1, payload: "late"}.encode(server))
		p.send(frame{op: 8, payload: "\x0f\xa1"}.encode(server))
		if server {
			p.receiveAll()
		}
		p.Close()
	}
}

// TestPeerGone: a connection that ends without a close frame.
func TestPeerGone(t *testing.T) {
	half := frame{op: 1, payload: "half", claim: 8}.encode(true)
	for name, test := range map[string]struct {
		send []byte
		want error
	}{
		"at rest":             {nil, io.EOF},
		"inside a header":     {half[:1], io.ErrUnexpectedEOF},
		"inside a frame":      {half, io.ErrUnexpectedEOF},
		"inside a ping":       {frame{op: 9, payload: "a", claim: 2}.encode(true), io.ErrUnexpectedEOF},
		"inside a message":    {frame{op: 1, payload: "a", more: true}.encode(true), io.ErrUnexpectedEOF},
		"after a whole one":   {frame{op: 10}.encode(true), io.EOF},
		"inside a long frame": {frame{op: 2, payload: strings.Repeat("a", 9000), claim: 1 << 19}.encode(true), io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			result := make(chan error, 1)
			p := peerOf(t, &Options{}, true, func(c *Conn) {
				_, _, err := c.Read()
				if _, _, again := c.Read(); again != err {
					t.Errorf("Read failed with %v, then with %v", err, again)
				}
				<-c.Done()
				result <- err
			})
			p.send(test.send)
			p.Close()
			if err := <-result; err != test.want {
				t.Errorf("Read failed with %v, want %v", err, test.want)
			}
		})
	}
}

// TestKill: Kill ends everything that waits for the connection.
func TestKill(t *testing.T) {
	c, _ := accepted(t, &Options{QueueBytes: 64 << 10})
	stuff(t, c, 1000)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if err := c.WaitDrain(testContext(t)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("WaitDrain: %v", err)
		}
	})
	until(t, "waiting", func() bool {
		c.writer.queue.mu.Lock()
		defer c.writer.queue.mu.Unlock()
		return c.writer.queue.drained != nil
	})
	for range 4 {
		waiting.Go(c.Kill)
	}
	waiting.Wait()
	<-c.Done()
	if q := c.Queued(); q != 0 {
		t.Errorf("%d bytes wait", q)
	}
	c.Queue(NewMessage(Text, []byte("late")))
	c.Flush()
	c.Ping()
	c.Close(CloseNormal, "")
	if err := c.WaitDrain(testContext(t)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("WaitDrain after Kill: %v", err)
	}
	if _, _, err := c.Read(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Kill: %v", err)
	}
	<-c.Done()
}

// TestEverythingAtOnce makes all calls at the same time, for the race detector. Each connection must end.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, &Options{Compress: true, QueueBytes: 4 << 10, CloseTimeout: time.Second}, func(c *Conn) { echo(c) })
	m := NewMessage(Text, []byte(strings.Repeat("salut ", 50)))
	for round := range 50 {
		c := dial(t, wsURL(s), &DialOptions{Compress: true, CloseTimeout: time.Second})
		var all sync.WaitGroup
		all.Go(func() {
			for {
				if _, _, err := c.Read(); err != nil {
					return
				}
			}
		})
		for _, call := range []func(){
			func() { c.Queue(m); c.Flush() }, func() { c.TryQueue(m); c.Flush() }, c.Ping, func() { c.WaitDrain(testContext(t)) },
			func() { c.Idle(time.Now()); c.Queued(); c.Done() },
		} {
			all.Go(func() {
				for range 20 {
					call()
				}
			})
		}
		all.Go(func() {
			if round%2 == 0 {
				c.Close(CloseNormal, "")
			} else {
				c.Kill()
			}
		})
		all.Wait()
		<-c.Done()
	}
}
