package cluster

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/broker"
	"salon/internal/broker/memory"
	"salon/internal/chat"
)

// pair runs f with two nodes that are subscribed to each other's room, in a bubble with its own clock.
func pair(t *testing.T, f func(t *testing.T, net *memory.Net, a, b *node, room *Room)) {
	synctest.Test(t, func(t *testing.T) {
		net := memory.NewNet()
		a, b := startNode(t, net, "a"), startNode(t, net, "b")
		b.Room("lobby").Subscribe()
		synctest.Wait()
		f(t, net, a, b, a.Room("lobby"))
	})
}

func TestWhatIsSaidArrives(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		room.Events([]chat.Event{sample(1), other})
		room.Events(nil)
		room.Change(join)
		room.Change(rename)
		room.Change(chat.Change{Kind: chat.ChangeCount, Count: 200}) // counts do not travel
		room.Typing(zoe)
		synctest.Wait()
		if !reflect.DeepEqual(b.heard.events, []chat.Event{sample(1), other}) {
			t.Errorf("events %+v", b.heard.events)
		}
		want := []string{"lobby: join Ada ()", "lobby: rename Zoë 🎈 (Zoé)", "lobby: Zoë 🎈 writes"}
		if !slices.Equal(b.heard.told, want) {
			t.Errorf("told %q, want %q", b.heard.told, want)
		}
		if s := a.Stats(); s.Published.Load() != 4 || s.PubFailed.Load() != 0 {
			t.Errorf("published %d, failed %d", s.Published.Load(), s.PubFailed.Load())
		}
		if s := b.Stats(); s.Received.Load() != 4 || s.Ignored.Load() != 0 {
			t.Errorf("received %d, ignored %d", s.Received.Load(), s.Ignored.Load())
		}
	})
}

func TestSubscriptions(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		there := b.Room("lobby")
		there.Unsubscribe()
		room.Events(events(1, 1))
		synctest.Wait()
		b.broker.SetAway(true)
		there.Subscribe() // kept until the broker is back
		b.broker.SetAway(false)
		room.Events(events(2, 2))
		a.Room("elsewhere").Events(events(3, 3))
		time.Sleep(PublishEvery)
		synctest.Wait()
		if got := b.heard.seqs(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("got events %v, want 2 only", got)
		}
	})
}

func TestAllNodesAreTold(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		a.UserChanged(ada)
		a.UserChanged(zoe)
		a.Left("lobby", ada)
		a.Left("elsewhere", ada)
		synctest.Wait()
		slices.Sort(b.heard.told) // departures and names have queues of their own
		if want := []string{"lobby: leave Ada ()", "now Ada", "now Zoë 🎈"}; !slices.Equal(b.heard.told, want) {
			t.Errorf("told %q, want %q", b.heard.told, want)
		}
		if len(a.heard.told) > 0 {
			t.Errorf("a node was told by itself: %q", a.heard.told)
		}
	})
}

// A handler that takes long to note a user's new name delays no events, and gets the names in order.
func TestUserChangedMayTakeTime(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, room *Room) {
		b.heard.enter = make(chan struct{})
		var want []string
		for i := range 9 {
			a.UserChanged(chat.User{ID: ada.ID, Name: fmt.Sprint("ada", i)})
			want = append(want, fmt.Sprint("now ada", i))
		}
		room.Events(events(1, 1))
		synctest.Wait()
		if !slices.Equal(b.heard.seqs(), []uint64{1}) || len(b.heard.told) > 0 {
			t.Errorf("events %v, told %q", b.heard.seqs(), b.heard.told)
		}
		close(b.heard.enter)
		synctest.Wait()
		if !slices.Equal(b.heard.told, want) {
			t.Errorf("told %q, want %q", b.heard.told, want)
		}
	})
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := memory.NewNet()
		a := startNode(t, net, "a")
		synctest.Wait()
		probe := func(what string, want bool) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if got := a.Probe(ctx); got != want {
				t.Errorf("%s: %v", what, got)
			}
		}
		probe("no other node", false)
		b, c := startNode(t, net, "b"), startNode(t, net, "c")
		synctest.Wait()
		probe("two other nodes", true)
		b.broker.SetAway(true)
		c.broker.SetAway(true)
		probe("the others are away", false)
		c.broker.SetAway(false)
		probe("one is back", true)
		a.broker.SetAway(true)
		probe("this node's broker is away", false)
		if len(a.probes.sent) > 0 {
			t.Errorf("%d probes are kept", len(a.probes.sent))
		}
	})
}

func TestDegraded(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, b *node, _ *Room) {
		epoch := a.Epoch()
		a.broker.SetAway(true)
		time.Sleep(watchEvery)
		synctest.Wait()
		if !a.Degraded() || a.Healthy() || b.Degraded() || a.Epoch() == epoch {
			t.Errorf("a: degraded %v, healthy %v, epoch %d; b: degraded %v", a.Degraded(), a.Healthy(), a.Epoch(), b.Degraded())
		}
		time.Sleep(4 * watchEvery)
		a.broker.SetAway(false)
		time.Sleep(4 * watchEvery)
		synctest.Wait()
		if a.Degraded() || !a.Healthy() {
			t.Errorf("degraded %v, healthy %v", a.Degraded(), a.Healthy())
		}
		if !slices.Equal(a.heard.degraded, []bool{true, false}) {
			t.Errorf("told %v", a.heard.degraded)
		}
	})
}

func TestAlone(t *testing.T) {
	c, err := Open(Config{Node: "a", Logger: silent}, newRecorder())
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	room := c.Room("lobby")
	room.Subscribe()
	room.Events(events(1, 9))
	room.Change(join)
	room.Typing(ada)
	room.Unsubscribe()
	c.Left("lobby", ada)
	c.UserChanged(ada)
	if err := room.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if !c.Alone() || !c.Healthy() || c.Degraded() || c.Epoch() != 0 || !c.Probe(t.Context()) || room != nil {
		t.Error("a node that is alone misses something")
	}
	c.Drain()
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := c.Stats().Published.Load(); n != 0 {
		t.Errorf("%d messages to nobody", n)
	}
}

func TestOpenFails(t *testing.T) {
	wrong := errors.New("wrong")
	_, err := Open(Config{OpenBroker: func(broker.Handler) (broker.Broker, error) { return nil, wrong }}, newRecorder())
	if !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
}

// What cannot be read is counted, what can be read of it is passed on, and messages of other versions are told of once.
func TestIgnoredIsCounted(t *testing.T) {
	for _, c := range []struct {
		name    string
		room    chat.RoomID
		msg     []byte
		ignored int64
		events  int
		logged  string
	}{
		{"another version", "lobby", []byte{version + 1, 0, 1}, 1, 0, "another version"},
		{"JSON", "lobby", []byte("e{}"), 1, 0, "another version"},
		{"JSON to all", nodesRoom, []byte("c{}"), 1, 0, "another version"},
		{"nothing", "lobby", nil, 1, 0, "cannot be read"},
		{"two events that cannot be", "lobby", encodeEvents(chat.Event{}, sample(1), chat.Event{}), 2, 1, "cannot be read"},
		{"no events", "lobby", appendHeader(nil, kindEvents), 0, 0, ""},
		{"events to all", nodesRoom, encodeEvents(sample(1)), 1, 0, "cannot be read"},
		{"a probe in a room", "lobby", appendProbe(appendHeader(nil, kindProbe), "x"), 1, 0, "cannot be read"},
		{"a change cut off", "lobby", encodeChange(join)[:9], 1, 0, "cannot be read"},
		{"typing cut off", "lobby", appendHeader(nil, kindTyping), 1, 0, "cannot be read"},
		{"a user cut off", nodesRoom, appendHeader(nil, kindUserChanged), 1, 0, "cannot be read"},
		{"a probe cut off", nodesRoom, appendHeader(nil, kindProbe), 1, 0, "cannot be read"},
		{"an answer that nobody waits for", nodesRoom, appendProbe(appendHeader(nil, kindProbeAnswer), "x"), 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			heard, logged := newRecorder(), &strings.Builder{}
			cl, err := Open(Config{Logger: logTo(logged)}, heard)
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			cl.receive(c.room, c.msg)
			cl.receive(c.room, c.msg)
			if n := cl.Stats().Ignored.Load(); n != 2*c.ignored || len(heard.events) != 2*c.events || len(heard.told) > 0 {
				t.Errorf("ignored %d, events %v, told %q", n, heard.events, heard.told)
			}
			lines := strings.Count(logged.String(), "\n")
			want := map[string]int{"": 0, "another version": 1, "cannot be read": 2}[c.logged]
			if lines != want || !strings.Contains(logged.String(), c.logged) {
				t.Errorf("logged %d lines, want %d:\n%s", lines, want, logged)
			}
		})
	}
}

// Close ends what waits for the broker, and what is said afterwards goes nowhere.
func TestClose(t *testing.T) {
	pair(t, func(t *testing.T, _ *memory.Net, a, _ *node, room *Room) {
		start := time.Now()
		room.Events(events(1, 1))
		synctest.Wait()
		room.Events(events(2, 2)) // waits for its time
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		room.Events(events(3, 3))
		room.Typing(ada)
		room.Subscribe()
		room.Unsubscribe()
		a.UserChanged(ada)
		a.Left("lobby", ada)
		if a.Probe(t.Context()) {
			t.Error("a closed node got an answer")
		}
		synctest.Wait()
		if d := elapsed(start); d != 0 {
			t.Errorf("Close took %v", d)
		}
	})
}

// Whatever the hub does at the same time, Close ends and nothing starts afterwards. For the race detector.
func TestCloseAmongCalls(t *testing.T) {
	net := memory.NewNet()
	a, b := startNode(t, net, "a"), startNode(t, net, "b")
	b.Room("lobby").Subscribe()
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		room := a.Room("lobby")
		for seq := uint64(1); ; seq++ {
			select {
			case <-stop:
				return
			default:
			}
			room.Events(events(seq, seq))
			room.Typing(ada)
			a.UserChanged(ada)
			a.Left("lobby", ada)
		}
	}()
	for len(b.heard.seqs()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	close(stop)
	<-ended
}
