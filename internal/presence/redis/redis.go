// Package redis keeps presence in Redis 7.0 or later or in Valkey, standalone or Cluster: who is connected, where, as whom,
// in which rooms, for any number of nodes.
//
// Everything in Redis is a copy. Each node remembers what it put there (its own sessions), and its beat compares the two
// by one number for each bucket of rooms, so that a loss of any kind (emptied, replaced, failed over to a replica that
// lags) is noticed and repaired within two beats. Changes are scripts that may be repeated and that tell each coming and
// going to one caller. The keys are described in keys.go, a beat in beat.go.
//
// Redis must not evict (maxmemory-policy noeviction, or one of the volatile ones: no key here expires).
//
// A Store owns its connection and no goroutine of its own: work is done by the calls.
//
// Locks: one bucket's own.mu at a time, and no call under it. Store.beating is held through a whole Beat or Close.
package redis

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"salon/internal/presence"
	"salon/internal/redisconn"
)

// Options say how a store works; the zero value will do.
type Options struct {
	Lease time.Duration // how long a silent node's sessions stay; 0 for [presence.Lease]. Shorter only for tests.
	Log   *slog.Logger  // nil for none
}

// Store is one node's view of the presence in Redis. It is safe for concurrent use.
type Store struct {
	node    string        // immutable
	lease   time.Duration // immutable
	conn    *redisconn.Conn
	log     *slog.Logger
	scripts scripts
	own     [buckets]*own // what this node put, or wants to put, in Redis

	beating   chan struct{} // taken by the one who beats, registers or closes; guards what follows
	history   string        // "" until Register
	since     int64         // since when this node is one of that history, ms of Redis's clock; 0 for not yet
	renewedAt time.Time     // when the lease was last renewed
	mercy     time.Time     // until then no node is taken for dead

	closed atomic.Bool
}

var _ presence.Store = (*Store)(nil)

// Open opens the store as the node of that name, which must be this run's alone ([chat.NewNodeID]). It succeeds while
// Redis is away: calls fail with [presence.ErrUnavailable] until it is there, and what was asked meanwhile is done by the
// first beat.
func Open(target redisconn.Target, node string, o Options) *Store {
	if o.Lease == 0 {
		o.Lease = presence.Lease
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{
		node: node, lease: o.Lease, log: o.Log, conn: redisconn.Open(target, o.Log), scripts: newScripts(),
		beating: make(chan struct{}, 1),
	}
	for i := range s.own {
		s.own[i] = newOwn()
	}
	return s
}

// lock takes the turn to beat. It gives what ends the turn.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case s.beating <- struct{}{}:
		return func() { <-s.beating }, nil
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	}
}

// Close implements [presence.Store].
func (s *Store) Close(ctx context.Context) error {
	if s.closed.Swap(true) {
		return nil
	}
	defer s.conn.Close()
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	var drops []change
	for b, own := range s.own {
		drops = append(drops, own.leaveAll(b)...)
	}
	if err := s.do(ctx, s.dropJobs(s.node, drops), nil); err != nil {
		return err
	}
	return s.endLease(ctx)
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", presence.ErrUnavailable, err) }

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
