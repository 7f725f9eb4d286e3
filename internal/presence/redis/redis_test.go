package redis

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/presence/presencetest"
	"salon/internal/redisconn"
	"salon/internal/redistest"
)

// testLease is so long that real time does not matter next to it: in these tests leases end by [world.advance].
const testLease = time.Hour

// patient are timeouts for tests in which Redis answers, however slowly.
var patient = redisconn.Timeouts{
	Dial: redistest.Patience, Idle: redistest.Patience, Answer: redistest.Patience, Call: redistest.Patience,
}

// world is one Redis that the nodes of a test share, and the time there.
type world struct {
	url      string
	timeouts redisconn.Timeouts
	clock    *presencetest.Clock // the nodes' clock
}

func newWorld(url string, timeouts redisconn.Timeouts) *world {
	return &world{url: url, timeouts: timeouts, clock: &presencetest.Clock{}}
}

// open opens a store and waits until it is connected.
func (w *world) open(tb testing.TB, node string) *Store {
	tb.Helper()
	s := w.start(tb, node)
	redistest.Await(tb, "connected", func() bool {
		_, err := s.conn.Client()
		return err == nil
	})
	return s
}

// start opens a store and does not wait until it is connected.
func (w *world) start(tb testing.TB, node string) *Store {
	tb.Helper()
	s := Open(w.target(tb, w.timeouts), node, Options{Log: slog.New(slog.DiscardHandler)})
	s.lease.duration, s.lease.now = testLease, w.clock.Now
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), redistest.Patience)
		defer cancel()
		s.Close(ctx)
	})
	return s
}

func (w *world) target(tb testing.TB, timeouts redisconn.Timeouts) redisconn.Target {
	tb.Helper()
	target, err := redisconn.ParseURL(w.url)
	if err != nil {
		tb.Fatal(err)
	}
	target.Timeouts = timeouts
	return target
}

// advance lets d pass: it moves the nodes' clock forward, and what Redis holds of its own clock back.
func (w *world) advance(tb testing.TB, d time.Duration) {
	tb.Helper()
	w.clock.Advance(d)
	conn := redisconn.Open(w.target(tb, patient), slog.New(slog.DiscardHandler))
	defer conn.Close()
	leases := redisconn.NewScript(`
for _, node in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  redis.call('ZINCRBY', KEYS[1], -ARGV[1], node)
end`)
	epochs := redisconn.NewScript(`
local epoch = redis.call('GET', KEYS[1])
if epoch then
  redis.call('SET', KEYS[1], string.format('%.0f', epoch - ARGV[1]))
end`)
	args := []string{strconv.FormatInt(d.Milliseconds(), 10)}
	runs := make([]rueidis.LuaExec, buckets)
	for bucket := range runs {
		runs[bucket] = rueidis.LuaExec{Keys: []string{epochKey(bucket)}, Args: args}
	}
	redistest.Await(tb, "connected", func() bool {
		_, err := conn.Client()
		return err == nil
	})
	answers := conn.Run(tb.Context(), leases, rueidis.LuaExec{Keys: []string{leasesKey}, Args: args})
	for _, answer := range append(answers, conn.Run(tb.Context(), epochs, runs...)...) {
		if err := answer.Error(); err != nil && !rueidis.IsRedisNil(err) {
			tb.Fatal(err)
		}
	}
}

// awaitAnswer waits until Redis answers the store, as after a restart.
func awaitAnswer(tb testing.TB, s *Store) {
	tb.Helper()
	redistest.Await(tb, "Redis answers", func() bool {
		_, err := s.Counts(tb.Context(), []chat.RoomID{"lobby"})
		return err == nil
	})
}

func TestPresence(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	presencetest.Run(t, func(t *testing.T) presencetest.World {
		server.FlushAll()
		w := newWorld(server.URL(), patient)
		var stores []*Store
		return presencetest.World{
			Lease:   testLease,
			Advance: func(t *testing.T, d time.Duration) { w.advance(t, d) },
			Open: func(t *testing.T, node string) presence.Store {
				stores = append(stores, w.open(t, node))
				return stores[len(stores)-1]
			},
			Empty: func(*testing.T) { server.FlushAll() },
			Away: func(*testing.T) func() {
				server.Kill()
				return func() {
					server.Restart()
					for _, s := range stores {
						awaitAnswer(t, s)
					}
				}
			},
		}
	})
}

func TestPresenceInCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	presencetest.Run(t, func(t *testing.T) presencetest.World {
		cluster.FlushAll()
		w := newWorld(cluster.URL(), patient)
		return presencetest.World{
			Lease:   testLease,
			Advance: func(t *testing.T, d time.Duration) { w.advance(t, d) },
			Open:    func(t *testing.T, node string) presence.Store { return w.open(t, node) },
			Empty:   func(*testing.T) { cluster.FlushAll() },
		}
	})
}

func someone(n int) presence.Session {
	id := chat.UserID(fmt.Sprintf("u_%05d", n))
	u := chat.User{ID: id, Name: fmt.Sprintf("user %d", n), Color: chat.ColorOf(id)}
	return presence.Session{ID: fmt.Sprintf("s_%05d", n), User: u}
}

func mustJoin(tb testing.TB, s *Store, room chat.RoomID, n int) {
	tb.Helper()
	if _, err := s.Join(context.Background(), room, someone(n)); err != nil {
		tb.Fatal(err)
	}
}

func mustLeave(tb testing.TB, s *Store, room chat.RoomID, n int) {
	tb.Helper()
	if _, err := s.Leave(context.Background(), room, someone(n).ID); err != nil {
		tb.Fatal(err)
	}
}

func mustBeat(tb testing.TB, s *Store) []presence.Departure {
	tb.Helper()
	departures, err := s.Beat(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return departures
}

func count(tb testing.TB, s *Store, room chat.RoomID) int {
	tb.Helper()
	counts, err := s.Counts(context.Background(), []chat.RoomID{room})
	if err != nil {
		tb.Fatal(err)
	}
	return counts[0]
}
