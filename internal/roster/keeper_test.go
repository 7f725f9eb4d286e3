package roster

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/broker"
	brokermemory "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/cluster"
	"salon/internal/presence"
	"salon/internal/presence/memory"
)

// nobody is a node's ears where no other node says anything.
type nobody struct{}

func (nobody) Events(chat.RoomID, []chat.Event) {}
func (nobody) Change(chat.RoomID, chat.Change)  {}
func (nobody) Typing(chat.RoomID, chat.User)    {}
func (nobody) UserChanged(chat.User)            {}
func (nobody) Degraded(bool)                    {}

// house is a keeper in a test, with one room, and what the room's members are told.
type house struct {
	*Keeper
	peers *cluster.Cluster
	room  *Roster

	mu   sync.Mutex // the room's; guards what follows
	told []string
}

func (h *house) Announce(c *chat.Change) {
	h.told = append(h.told, strings.Trim(told(c), "[]"))
}

func (h *house) heard() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.told, ", ")
}

func (h *house) arrive(session string, u chat.User, back bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.room.ArriveLocked(session, u, back)
}

// open makes a keeper. OpenBroker is nil for a node that is alone.
func open(t *testing.T, store presence.Store, grace time.Duration, openBroker func(broker.Handler) (broker.Broker, error)) *house {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	peers, err := cluster.Open(cluster.Config{Node: "n", OpenBroker: openBroker, Logger: log}, nobody{})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{peers: peers}
	h.Keeper = NewKeeper(Config{Presence: store, Cluster: peers, Logger: log, Grace: grace})
	h.room = h.Add("r", &h.mu, peers.Room("r"), h)
	t.Cleanup(func() {
		peers.Close()
		h.Close(context.Background())
	})
	return h
}

// stuck is a broker that takes nothing until it is let go.
type stuck struct {
	broker.Broker
	let chan struct{}
}

func (s *stuck) Publish(ctx context.Context, id chat.RoomID, msg []byte) error {
	select {
	case <-s.let:
	case <-ctx.Done():
	}
	return s.Broker.Publish(ctx, id, msg)
}

// mourner is a presence that finds many gone.
type mourner struct{ presence.Store }

func (mourner) Beat(context.Context) ([]presence.Departure, error) {
	return make([]presence.Departure, 100), nil
}

func TestBeatDoesNotWaitForTheBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := brokermemory.NewNet()
		let := make(chan struct{})
		h := open(t, mourner{memory.New().Node("n")}, 0, func(handler broker.Handler) (broker.Broker, error) {
			return &stuck{net.Join(handler), let}, nil
		})
		began := time.Now()
		h.beat(t.Context())
		if waited := time.Since(began); waited > 0 { // by the bubble's clock, which stands while anything runs
			t.Errorf("the beat waited %v for the broker", waited)
		}
		if n := h.peers.Stats().Published.Load(); n > 1 {
			t.Errorf("%d messages went to a broker that takes none", n)
		}
		close(let)
	})
}

// dying is a presence that finds that users left because their nodes died, and fails.
type dying struct {
	presence.Store
	gone []presence.Departure
	err  error
}

func (d *dying) Beat(context.Context) ([]presence.Departure, error) { return d.gone, d.err }

func TestBeatAnnouncesTheDead(t *testing.T) {
	d := &dying{Store: memory.New().Node("n")}
	h := open(t, d, 0, func(handler broker.Handler) (broker.Broker, error) { return brokermemory.NewNet().Join(handler), nil })
	h.Receive("r", chat.Change{Kind: chat.ChangeJoin, User: user("ada")})
	h.Receive("elsewhere", chat.Change{Kind: chat.ChangeJoin, User: user("ada")})
	h.arrive("s", user("bob"), false)
	d.gone = []presence.Departure{{Room: "r", User: user("ada")}, {Room: "r", User: user("bob")}, {Room: "elsewhere", User: user("ada")}}
	h.beat(t.Context())
	h.beat(t.Context())
	if got := h.heard(); got != "join ada  1, join bob  2, leave ada  1" { // bob has a session here, whatever the store found
		t.Errorf("told: %s", got)
	}
}

func TestBeatFindsAnotherHistory(t *testing.T) {
	d := &dying{Store: memory.New().Node("n"), err: presence.ErrOtherHistory}
	h := open(t, d, 0, nil)
	h.beat(t.Context()) // nobody wants to know
	var got error
	h.onOtherHistory = func(err error) { got = err }
	h.beat(t.Context())
	if !errors.Is(got, presence.ErrOtherHistory) || !h.away.Load() {
		t.Errorf("told %v", got)
	}
	d.err = nil
	if h.beat(t.Context()); h.away.Load() {
		t.Error("presence is back, and called away")
	}
}

func TestGracePeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const grace = 20 * time.Second
		h := open(t, memory.New().Node("n"), grace, nil)
		h.arrive("s1", user("ada"), false)
		var done atomic.Int32
		depart := func(session string, goodbye bool) {
			h.room.Depart(session, "u_ada", goodbye, func() { done.Add(1) })
			synctest.Wait()
		}
		depart("s1", false) // lost
		time.Sleep(grace - time.Second)
		h.arrive("s2", user("ada"), true) // back in time
		time.Sleep(grace)
		synctest.Wait()
		if got := h.heard(); got != "join ada  1" || done.Load() != 1 {
			t.Fatalf("told: %s; %d departures done", got, done.Load())
		}
		depart("s2", false)
		time.Sleep(grace - time.Second)
		synctest.Wait()
		if got := h.heard(); got != "join ada  1" || done.Load() != 1 {
			t.Fatalf("within the grace period: told %s; %d departures done", got, done.Load())
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := h.heard(); got != "join ada  1, leave ada  0" || done.Load() != 2 {
			t.Fatalf("after it: told %s; %d departures done", got, done.Load())
		}
		h.arrive("s3", user("ada"), true)
		depart("s3", true) // a goodbye needs no grace
		if got := h.heard(); !strings.HasSuffix(got, ", back ada  1, leave ada  0") || done.Load() != 3 {
			t.Fatalf("after a goodbye: told %s; %d departures done", got, done.Load())
		}
	})
}

// Close ends the grace periods, and presence is told who left before it returns.
func TestCloseEndsGracePeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := memory.New()
		h := open(t, shared.Node("n"), time.Hour, nil)
		h.Start()
		h.arrive("s", user("ada"), false)
		synctest.Wait()
		left := false
		h.room.Depart("s", "u_ada", false, func() { left = true })
		synctest.Wait()
		if left {
			t.Fatal("left within the grace period")
		}
		began := time.Now()
		h.Close(t.Context())
		if waited := time.Since(began); waited > 0 || !left {
			t.Errorf("closed after %v, left: %t", waited, left)
		}
		got, err := shared.Node("watch").Members(t.Context(), "r", "", 10)
		if err != nil || got.Count != 0 {
			t.Errorf("presence has %d users, %v", got.Count, err)
		}
	})
}

// hung is a presence that does not answer.
type hung struct{ presence.Store }

func (hung) Leave(ctx context.Context, _ chat.RoomID, _ string) (presence.Change, error) {
	<-ctx.Done()
	return presence.Change{}, presence.ErrUnavailable
}

func (hung) Rooms(context.Context, int) (map[chat.RoomID]int, error) {
	return nil, presence.ErrUnavailable
}

func (hung) Members(context.Context, chat.RoomID, string, int) (presence.Members, error) {
	return presence.Members{}, presence.ErrUnavailable
}

// Presence that does not answer holds up neither what the members are told, for longer than a call may take, nor Close, for
// longer than its context allows.
func TestPresenceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, hung{memory.New().Node("n")}, 0, nil)
		for _, name := range []string{"ada", "bob"} {
			h.arrive("s_"+name, user(name), false)
		}
		h.room.Depart("s_ada", "u_ada", true, func() {})
		time.Sleep(callTimeout)
		synctest.Wait()
		if got := h.heard(); got != "join ada  1, join bob  2, leave ada  1" {
			t.Errorf("told: %s", got)
		}
		if counts := h.Counts(t.Context()); len(counts) != 1 || counts["r"] != 1 {
			t.Errorf("this node knows of %v", counts)
		}
		if p := h.room.Who(t.Context(), "", 10); p.Count != 1 || len(p.Users) != 1 || p.Users[0].Name != "bob" {
			t.Errorf("this node knows of %+v", p)
		}
		h.room.Depart("s_bob", "u_bob", true, func() {})
		ctx, cancel := context.WithTimeout(t.Context(), callTimeout/4)
		defer cancel()
		began := time.Now()
		h.Close(ctx)
		if waited := time.Since(began); waited != callTimeout/4 {
			t.Errorf("closed after %v", waited)
		}
	})
}

// A user who takes another name is told once, and presence has the new name, whatever the order.
func TestUserChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := memory.New()
		h := open(t, shared.Node("n"), 0, nil)
		h.arrive("s1", user("ada"), false)
		h.arrive("s2", user("ada"), false)
		h.UserChanged(called(user("ada"), "eve"), true)
		h.UserChanged(called(user("ada"), "eve"), false)
		h.UserChanged(user("stranger"), true)
		synctest.Wait()
		if got := h.heard(); got != "join ada  1, rename eve ada 1" {
			t.Errorf("told: %s", got)
		}
		got, err := shared.Node("watch").Members(t.Context(), "r", "", 10)
		if err != nil || got.Count != 1 || got.Users[0].Name != "eve" {
			t.Errorf("presence has %+v, %v", got, err)
		}
	})
}

// A room that is removed is told nothing, and a newer roster of the same room stays.
func TestRemove(t *testing.T) {
	h := open(t, memory.New().Node("n"), 0, nil)
	newer := &house{}
	r := h.Add("r", &newer.mu, nil, newer)
	h.Remove(h.room)
	h.Receive("r", chat.Change{Kind: chat.ChangeJoin, User: user("ada")})
	if h.heard() != "" || newer.heard() != "join ada  1" {
		t.Errorf("told: %q and %q", h.heard(), newer.heard())
	}
	h.Remove(r)
	h.Receive("r", chat.Change{Kind: chat.ChangeJoin, User: user("bob")})
	if newer.heard() != "join ada  1" {
		t.Errorf("told: %q", newer.heard())
	}
}
