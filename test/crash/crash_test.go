// Package crash kills the real program in the middle of a load, and makes its readers stop.
package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/protocol"
	"salon/test/checker"
	"salon/test/harness"
)

// TestKilledTenTimes kills the server in the middle of a load from many clients, ten times. What was acknowledged is there,
// once, in one dense order, and the clients saw it so.
func TestKilledTenTimes(t *testing.T) {
	const kills, people = 10, 12
	const ahead = 20 // texts of one client that wait at most: a slow server is not left with more and more to do
	rooms := []chat.RoomID{"lobby", "garden", "kitchen"}
	server := harness.Start(t, "--data", t.TempDir(), "--max-rate", "0")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all []*harness.Person
	var talk sync.WaitGroup
	for i := range people {
		p := harness.NewPerson(t, server.URL(), fmt.Sprint("person", i), func(o *client.Options) { o.Rooms = rooms })
		all = append(all, p)
		talk.Go(func() {
			for n := 0; ctx.Err() == nil; {
				if p.Pending() < ahead {
					n++
					if err := p.Say(ctx, rooms[rand.IntN(len(rooms))], fmt.Sprint(i, " says ", n)); err != nil && ctx.Err() == nil {
						t.Error(err)
					}
				}
				time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // the pace of the load, not a wait for anything
			}
		})
	}
	for k := range kills {
		before := acks(all)
		harness.Eventually(t, "everybody is there and talks", func() bool {
			return acks(all) > before+300 && !slices.ContainsFunc(all, func(p *harness.Person) bool { return !p.Connected() })
		})
		server.Kill()
		t.Logf("kill %d after %d acknowledgements", k+1, acks(all))
		harness.Eventually(t, "everybody has lost the connection", func() bool {
			return !slices.ContainsFunc(all, func(p *harness.Person) bool { return p.Losses() <= k })
		})
		server.Run()
		for _, p := range all {
			p.Retry() // the pauses between tries are another test's business
		}
	}
	stop()
	talk.Wait()
	logs := settle(t, all, rooms)
	v := checker.Check(logs, witnesses(all))
	t.Log(v)
	if v.Broken() > 0 {
		t.Error("promises were broken")
	}
	for _, p := range all {
		if p.Losses() < kills {
			t.Errorf("%s lost its connection %d times only: was it killed under load?", p.Witness.Name, p.Losses())
		}
	}
}

func acks(all []*harness.Person) (n int) {
	for _, p := range all {
		n += p.Witness.Acks()
	}
	return n
}

func witnesses(all []*harness.Person) (ws []*checker.Witness) {
	for _, p := range all {
		ws = append(ws, p.Witness)
	}
	return ws
}

// settle waits until all that was sent is acknowledged and everybody has seen all, and gives the logs.
func settle(t *testing.T, all []*harness.Person, rooms []chat.RoomID) map[chat.RoomID][]chat.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	for _, p := range all {
		if err := p.Flush(ctx); err != nil {
			t.Fatalf("%s: %v", p.Witness.Name, err)
		}
	}
	logs := map[chat.RoomID][]chat.Event{}
	for _, room := range rooms {
		logs[room] = all[0].Log(t, room)
		for _, p := range all {
			harness.Eventually(t, p.Witness.Name+" saw all", func() bool { return p.Witness.Last(room) >= uint64(len(logs[room])) })
		}
	}
	return logs
}

// TestSlowReader has one member that stops reading while others talk a lot. The others do not wait for it, the server needs no more
// memory than without it, and it catches up when it reads again.
func TestSlowReader(t *testing.T) {
	const texts, size = 3000, 8 << 10 // 24 MB, far more than any buffer
	// Who reads nothing is disconnected after three pings. The pings are so rare that this does not happen, however long it takes
	// to say all.
	server := harness.Start(t, "--data", t.TempDir(), "--max-rate", "0", "--no-compress", "--ping", "1h")
	slow := startReader(t, server, texts+1)
	lobby := func(o *client.Options) { o.Rooms = []chat.RoomID{"lobby"} }
	talker, listener := harness.NewPerson(t, server.URL(), "talker", lobby), harness.NewPerson(t, server.URL(), "listener", lobby)
	text := strings.Repeat("0123456789abcdef", size/16)
	talk := func(until uint64) int64 {
		for talker.Witness.Last("lobby")+uint64(talker.Pending()) < until {
			if err := talker.Say(t.Context(), "lobby", text); err != nil {
				t.Fatal(err)
			}
			harness.Eventually(t, "not too many wait", func() bool { return talker.Pending() < 64 })
		}
		harness.Eventually(t, "the others have seen all", func() bool {
			return talker.Witness.Last("lobby") >= until && listener.Witness.Last("lobby") >= until
		})
		return resident(t, server)
	}
	all := talk(texts + 1) // everybody reads
	<-slow.stopped
	without := talk(3 * texts)
	t.Logf("server: %d kB with all reading, %d kB with one who does not, after %d kB more", all>>10, without>>10, 2*texts*size>>10)
	if grown := without - all; grown > texts*size { // half of what was said; a queue holds 256 kB, the garbage collector varies more
		t.Errorf("the server grew by %d kB", grown>>10)
	}
	close(slow.release)
	end := talker.Witness.Last("lobby")
	harness.Eventually(t, "the slow one has caught up", func() bool { return slow.witness.Last("lobby") >= end })
	v := checker.Check(map[chat.RoomID][]chat.Event{"lobby": talker.Log(t, "lobby")},
		[]*checker.Witness{slow.witness, talker.Witness, listener.Witness})
	t.Log(v, "lags:", slow.lags.Load())
	if v.Broken() > 0 || slow.lags.Load() == 0 {
		t.Error("promises were broken, or the reader was not slow")
	}
}

// reader is a member that stops reading at a number until it is released.
type reader struct {
	witness *checker.Witness
	stopped chan struct{}
	release chan struct{}
	lags    atomic.Int64
}

func startReader(t *testing.T, server *harness.Server, stopAt uint64) *reader {
	r := &reader{witness: checker.NewWitness("slow reader"), stopped: make(chan struct{}), release: make(chan struct{})}
	c := client.New(client.Options{
		URL: server.URL(), Name: "slow reader", FromStart: true, Rooms: []chat.RoomID{"lobby"},
		On: func(n client.Notice) {
			switch n := n.(type) {
			case client.Event:
				r.witness.Saw(n.Room, checker.Sight{Seq: n.Seq, User: n.Event.User.ID, CID: n.CID, Text: n.Text})
				if n.Seq == stopAt {
					close(r.stopped)
					<-r.release // reads nothing more
				}
			case client.Lost:
				t.Errorf("the slow reader was disconnected: %v", n.Err)
			case client.Lagged:
				r.lags.Add(1)
			}
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := c.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return r
}

// resident gives the server's memory, in bytes.
func resident(t *testing.T, s *harness.Server) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

// TestSilentSocketsAreEnded holds connections half-open: a handshake that never ends, and a session that never speaks.
func TestSilentSocketsAreEnded(t *testing.T) {
	server := harness.Start(t, "--data", t.TempDir(), "--hello-timeout", "300ms", "--ping", "1s")
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	silent, _, err := websocket.Dial(ctx, server.URL(), &websocket.DialOptions{Subprotocols: []string{protocol.Subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.CloseNow()
	for {
		if _, _, err = silent.Read(ctx); err != nil {
			break
		}
	}
	if websocket.CloseStatus(err) != protocol.CloseHelloTimeout {
		t.Errorf("never spoke: %v", err)
	}
	loris := dialTCP(t, server)
	defer loris.Close()
	if _, err := loris.Write([]byte("GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: ")); err != nil {
		t.Logf("it was ended before it could write: %v", err)
	}
	if n, err := readToEnd(loris); err != nil {
		t.Errorf("a handshake that never ends was not ended: %d bytes, %v", n, err)
	}
}
