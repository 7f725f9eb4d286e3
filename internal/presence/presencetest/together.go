package presencetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"salon/internal/chat"
	"salon/internal/presence"
)

// concurrent lets many sessions join and leave at once on three nodes, with beats between, and compares the result with what
// each session did last.
func concurrent(t *testing.T, w World) {
	stores := []presence.Store{w.open(t, "a"), w.open(t, "b"), w.open(t, "c")}
	rooms := []chat.RoomID{"one", "two", "three"}
	const workers, steps = 12, 40
	in := make([]map[chat.RoomID]bool, workers) // each worker is one session
	var wg sync.WaitGroup
	for i := range workers {
		in[i] = map[chat.RoomID]bool{}
		wg.Go(func() {
			s, id, u := stores[i%3], fmt.Sprintf("s%d", i), user(fmt.Sprintf("user-%d", i/2)) // two sessions each
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range steps {
				room := rooms[random.IntN(len(rooms))]
				if in[i][room] = random.IntN(2) == 0; in[i][room] {
					if _, err := s.Join(soon(t), room, session(id, u)); err != nil {
						t.Error(err)
					}
				} else if _, err := s.Leave(soon(t), room, id); err != nil {
					t.Error(err)
				}
				if random.IntN(10) == 0 {
					if _, err := s.Beat(soon(t)); err != nil {
						t.Errorf("Beat: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, s := range stores {
		beat(t, s)
	}
	for _, room := range rooms {
		var wanted []string
		for i := range workers {
			if in[i][room] {
				wanted = append(wanted, fmt.Sprintf("user-%d", i/2))
			}
		}
		slices.Sort(wanted)
		wanted = slices.Compact(wanted)
		var got []string
		for _, u := range members(t, stores[0], room, 4) {
			got = append(got, u.Name)
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: %v, want %v", room, got, wanted)
		}
		counts, err := stores[1].Counts(soon(t), []chat.RoomID{room})
		if err != nil || counts[0] != len(wanted) {
			t.Errorf("%s: %v counted, want %d (%v)", room, counts, len(wanted), err)
		}
	}
}

// firstAndLastToOneCaller lets the sessions of one user join and leave at once on several nodes. One caller must get First, and
// one Last.
func firstAndLastToOneCaller(t *testing.T, w World) {
	stores := []presence.Store{w.open(t, "a"), w.open(t, "b"), w.open(t, "c")}
	const sessions = 9
	each := func(call func(s presence.Store, id string) (presence.Change, error)) int64 {
		var calls atomic.Int64
		var wg sync.WaitGroup
		for i := range sessions {
			wg.Go(func() {
				c, err := call(stores[i%3], fmt.Sprintf("s%d", i))
				if err != nil {
					t.Error(err)
				}
				if c.First || c.Last {
					calls.Add(1)
				}
			})
		}
		wg.Wait()
		return calls.Load()
	}
	for range 10 {
		want(t, "calls that got First", each(func(s presence.Store, id string) (presence.Change, error) {
			return s.Join(soon(t), "lobby", session(id, user("Ada")))
		}), 1)
		want(t, "calls that got Last", each(func(s presence.Store, id string) (presence.Change, error) {
			return s.Leave(soon(t), "lobby", id)
		}), 1)
	}
	want(t, "members", names(t, stores[0], "lobby"), "")
}
