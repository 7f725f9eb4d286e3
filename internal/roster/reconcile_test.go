package roster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/broker"
	brokermemory "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/presence/memory"
)

// watched is a presence that notes which rooms are looked at, and fails on demand.
type watched struct {
	presence.Store

	mu      sync.Mutex // guards what follows
	looks   []string
	digests int   // calls
	away    error // what digests fail with
	blind   error // what looks fail with
	part    bool  // looks give a part only
}

func (w *watched) Digests(ctx context.Context, rooms []chat.RoomID) ([]presence.Digest, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.digests++
	if w.away != nil {
		return nil, w.away
	}
	return w.Store.Digests(ctx, rooms)
}

func (w *watched) Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (presence.Members, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks = append(w.looks, string(room))
	if w.blind != nil {
		return presence.Members{}, w.blind
	}
	m, err := w.Store.Members(ctx, room, cursor, limit)
	if w.part {
		m.Whole = false
	}
	return m, err
}

// looked returns the rooms that were looked at since it was asked last, and how many calls asked for digests.
func (w *watched) looked() (rooms []string, digests int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rooms, digests = w.looks, w.digests
	w.looks, w.digests = nil, 0
	slices.Sort(rooms)
	return rooms, digests
}

// reconciling runs f with a keeper of one of two nodes and with the presence of the other, whose announcements are all lost.
func reconciling(t *testing.T, f func(t *testing.T, h *house, w *watched, other presence.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		shared := memory.New()
		w := &watched{Store: shared.Node("n")}
		h := open(t, w, 0, func(handler broker.Handler) (broker.Broker, error) { return brokermemory.NewNet().Join(handler), nil })
		f(t, h, w, shared.Node("other"))
	})
}

func joined(t *testing.T, store presence.Store, room chat.RoomID, u chat.User) {
	t.Helper()
	if _, err := store.Join(t.Context(), room, presence.Session{ID: "s_" + u.Name, User: u, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

// What the broker lost is announced by comparing, once; where nothing changed, nobody looks.
func TestReconcile(t *testing.T) {
	reconciling(t, func(t *testing.T, h *house, w *watched, other presence.Store) {
		reconcile := func(what, told string, looks ...string) {
			t.Helper()
			time.Sleep(settle + time.Second)
			h.Reconcile(t.Context())
			if got := h.heard(); got != told {
				t.Errorf("%s: told %s, want %s", what, got, told)
			}
			if got, _ := w.looked(); !slices.Equal(got, looks) {
				t.Errorf("%s: looked at %v, want %v", what, got, looks)
			}
		}
		h.arrive("s", user("bob"), false)
		reconcile("nothing", "join bob  1")
		joined(t, other, "r", user("ada"))
		reconcile("a coming", "join bob  1, join ada  2", "r")
		reconcile("nothing", "join bob  1, join ada  2")
		joined(t, other, "r", called(user("ada"), "eve")) // its session s_eve is a second one
		if _, err := other.Leave(t.Context(), "r", "s_ada"); err != nil {
			t.Fatal(err)
		}
		reconcile("a name", "join bob  1, join ada  2, rename eve ada 2", "r")
		if _, err := other.Leave(t.Context(), "r", "s_eve"); err != nil {
			t.Fatal(err)
		}
		reconcile("a going", "join bob  1, join ada  2, rename eve ada 2, leave eve  1", "r")
		reconcile("nothing", "join bob  1, join ada  2, rename eve ada 2, leave eve  1")
	})
}

// While presence does not answer, or knows only a part, nobody is announced as gone.
func TestReconcileWithoutPresence(t *testing.T) {
	reconciling(t, func(t *testing.T, h *house, w *watched, _ presence.Store) {
		h.Receive("r", chat.Change{Kind: chat.ChangeJoin, User: user("ada")}) // whom presence does not know
		time.Sleep(settle + time.Second)
		w.away = presence.ErrUnavailable
		h.Reconcile(t.Context())
		if looks, _ := w.looked(); len(looks) > 0 {
			t.Errorf("looked at %v of a presence that is away", looks)
		}
		w.away, w.blind = nil, presence.ErrUnavailable
		h.Reconcile(t.Context())
		w.blind, w.part = nil, true
		h.Reconcile(t.Context())
		if got := h.heard(); got != "join ada  1" {
			t.Errorf("told %s", got)
		}
		if looks, _ := w.looked(); len(looks) != 2 {
			t.Errorf("looked at %v", looks)
		}
		w.part = false
		h.Reconcile(t.Context())
		if got := h.heard(); got != "join ada  1, leave ada  0" {
			t.Errorf("told %s", got)
		}
	})
}

// Of many rooms, one call compares many, and only those that differ are looked at.
func TestReconcileManyRooms(t *testing.T) {
	reconciling(t, func(t *testing.T, h *house, w *watched, other presence.Store) {
		const rooms = 2*digestsAtOnce + 1
		for i := range rooms - 1 { // and the house has one
			h.Add(chat.RoomID(fmt.Sprint("many", i)), &h.mu, nil, h)
		}
		joined(t, other, "many7", user("ada"))
		joined(t, other, "many8", user("ada"))
		h.Reconcile(t.Context())
		if looks, calls := w.looked(); !slices.Equal(looks, []string{"many7", "many8"}) || calls != 3 {
			t.Errorf("looked at %v, with %d calls for digests", looks, calls)
		}
	})
}

// A node that has others compares by itself.
func TestReconcileLoop(t *testing.T) {
	reconciling(t, func(t *testing.T, h *house, w *watched, other presence.Store) {
		h.Start()
		joined(t, other, "r", user("ada"))
		time.Sleep(reconcileEvery)
		synctest.Wait()
		if got := h.heard(); got != "join ada  1" {
			t.Errorf("told %s", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := &watched{Store: memory.New().Node("n")}
		h := open(t, w, 0, nil)
		h.Start()
		time.Sleep(10 * reconcileEvery)
		if _, calls := w.looked(); calls > 0 {
			t.Errorf("a node that is alone compares %d times", calls)
		}
	})
}
