package load_test

import (
	"bufio"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"salon/bench/internal/floor"
	"salon/bench/internal/load"
	"salon/bench/internal/peer"
)

// start serves on a free port until the test ends.
func start(t *testing.T, serve func(context.Context, net.Listener) error) (address string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); work.Wait() })
	return l.Addr().String()
}

func connect(t *testing.T, plan load.Plan) *load.Fleet {
	t.Helper()
	f, err := load.Connect(t.Context(), plan)
	if f != nil {
		t.Cleanup(f.Close)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// send runs the fleet until so many texts more were sent, or something goes wrong.
func send(t *testing.T, f *load.Fleet, texts int64) error {
	for want := f.Counters().Sent + texts; f.Counters().Sent < want; {
		if err := f.Run(t.Context(), time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

var servers = []struct {
	name    string
	dialect load.Dialect
	serve   func(context.Context, net.Listener) error
}{
	{"floor", load.Floor{}, (&floor.Server{}).Serve},
	{"batched floor", load.Floor{}, (&floor.Server{Batch: true}).Serve},
	{"centrifuge", load.Centrifuge{}, func(ctx context.Context, l net.Listener) error { return peer.Serve(ctx, l, peer.Config{}) }},
	{"centrifuge, delayed", load.Centrifuge{}, func(ctx context.Context, l net.Listener) error {
		return peer.Serve(ctx, l, peer.Config{WriteDelay: time.Millisecond, Presence: true})
	}},
}

func TestEveryMemberGetsWhatWasSent(t *testing.T) {
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			f := connect(t, load.Plan{
				Dialect: server.dialect, Servers: []string{start(t, server.serve)},
				Members: 60, Rooms: 3, Senders: 6, Sample: 10,
			})
			f.Press(3)
			if err := send(t, f, 100); err != nil {
				t.Fatal(err)
			}
			f.Pace(500)
			if err := send(t, f, 100); err != nil {
				t.Fatal(err)
			}
			if err := f.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			c := f.Counters()
			if c.Sent < 200 || c.Deliveries != 20*c.Sent || c.Full == 0 || c.Full >= c.Deliveries {
				t.Errorf("%+v", c)
			}
			if l := f.Latencies(); len(l) == 0 || l[0] <= 0 || l[0] > time.Hour {
				t.Errorf("%d latencies", len(l))
			}
		})
	}
}

func TestStalledMembersAreNotWaitedFor(t *testing.T) {
	f := connect(t, load.Plan{
		Dialect: load.Floor{}, Servers: []string{start(t, (&floor.Server{}).Serve)},
		Members: 50, Rooms: 1, Senders: 1, Sample: 50,
	})
	stalled, err := f.Stall(10)
	if err != nil || stalled != 5 {
		t.Fatalf("%d stalled, %v", stalled, err)
	}
	f.Press(1)
	if err := send(t, f, 20); err != nil {
		t.Fatal(err)
	}
	if err := f.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := f.Counters(); c.Deliveries != 45*c.Sent {
		t.Errorf("%+v", c)
	}
}

// TestWrongServersAreFound drives servers that lose, repeat and reorder: a fleet that lets them pass would measure nothing.
func TestWrongServersAreFound(t *testing.T) {
	for name, wrong := range map[string]struct {
		frames func(n int, frame []byte) [][]byte // what one of the members gets for its nth frame
		full   bool
		want   string
	}{
		"loses, seen in full": {func(n int, frame []byte) [][]byte {
			if n == 5 {
				return nil
			}
			return [][]byte{frame}
		}, true, "came after its send"},
		"repeats, seen in full": {func(n int, frame []byte) [][]byte {
			if n == 5 {
				return [][]byte{frame, frame}
			}
			return [][]byte{frame}
		}, true, "came after its send"},
		"repeats, only counted": {func(n int, frame []byte) [][]byte {
			if n == 5 {
				return [][]byte{frame, frame}
			}
			return [][]byte{frame}
		}, false, "events,"},
		"closes": {func(n int, frame []byte) [][]byte {
			if n == 5 {
				return [][]byte{ws.MustCompileFrame(ws.NewCloseFrame(nil))}
			}
			return [][]byte{frame}
		}, false, "closes the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			f := connect(t, load.Plan{
				Dialect: load.Floor{}, Servers: []string{start(t, (&tampering{frames: wrong.frames}).serve)},
				Members: 2, Rooms: 1, Senders: 1, Sample: map[bool]int{true: 1, false: 2}[wrong.full],
			})
			f.Pace(1000)
			err := send(t, f, 20)
			if err == nil {
				err = f.Drain(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), wrong.want) {
				t.Errorf("%v, want an error with %q", err, wrong.want)
			}
		})
	}
}

// tampering is a floor for two members, the second of which gets what frames makes of it.
type tampering struct {
	frames func(n int, frame []byte) [][]byte
	conns  []net.Conn
}

func (s *tampering) serve(_ context.Context, l net.Listener) error {
	defer l.Close()
	for range 2 {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := ws.Upgrade(c); err != nil {
			return err
		}
		if _, err := wsutil.ReadClientText(c); err != nil {
			return err
		}
		if err := wsutil.WriteServerText(c, []byte("joined")); err != nil {
			return err
		}
		s.conns = append(s.conns, c)
	}
	from := readWriter{bufio.NewReader(s.conns[0]), s.conns[0]}
	for n := 1; ; n++ {
		payload, err := wsutil.ReadClientText(from)
		if err != nil {
			return nil // the test is over
		}
		frame := ws.MustCompileFrame(ws.NewTextFrame(payload))
		s.conns[0].Write(frame)
		for _, f := range s.frames(n, frame) {
			s.conns[1].Write(f)
		}
	}
}

type readWriter struct {
	*bufio.Reader
	w net.Conn
}

func (rw readWriter) Write(p []byte) (int, error) { return rw.w.Write(p) }

func TestConnectTellsARefusal(t *testing.T) {
	address := start(t, func(_ context.Context, l net.Listener) error {
		defer l.Close()
		c, err := l.Accept()
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write([]byte("HTTP/1.1 503 Service Unavailable\r\n\r\n"))
		return err
	})
	f, err := load.Connect(t.Context(), load.Plan{Dialect: load.Salon{}, Servers: []string{address}, Members: 1, Rooms: 1, Sample: 1})
	if f != nil {
		defer f.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v", err)
	}
}
