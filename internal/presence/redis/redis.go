// Package redis keeps presence in Redis 7.0 or later or in Valkey, standalone or Cluster, for any number of nodes.
//
// Everything in Redis is a copy. Each node remembers which sessions it put there. At each beat the node compares one number
// for each bucket of rooms, a digest of its sessions there, with the number that Redis has. The node therefore notices
// within two beats that Redis lost something (it was emptied, replaced, or failed over to a replica that lagged), and puts
// it back. The scripts that change something may be repeated, and they report that a user came or left to one caller only.
//
// Redis must not evict: maxmemory-policy must be noeviction, or one of the volatile policies, since no key here expires.
//
// A Store owns its connection and no goroutine of its own: the calls do the work.
//
// Files: keys.go has the keys and values in Redis, scripts.go the changes to them, local.go what this node
// remembers, lease.go the node's lease, read.go and join.go the calls, beat.go a beat and repair.go its repairs, probe.go a try of all this.
//
// Locks: one localBucket.mu at a time, and no call under it. Store.exclusive is held through a whole Beat, Register or Close.
package redis

import (
	"context"
	"log/slog"
	"sync/atomic"

	"salon/internal/presence"
	"salon/internal/redisconn"
)

// Options say how a store works. The zero value is usable.
type Options struct {
	Log *slog.Logger // nil: nothing is logged
}

// Store is one node's view of the presence in Redis. It is safe for concurrent use.
type Store struct {
	node    string // immutable
	conn    *redisconn.Conn
	log     *slog.Logger
	changer changer
	local   [buckets]*localBucket // what Redis should hold of this node

	page, inspect, recount, probe redisconn.Script

	exclusive chan struct{} // holds one value while a Beat, Register or Close runs
	lease     lease         // guarded by exclusive, except its immutable fields

	closed atomic.Bool
}

var _ presence.Store = (*Store)(nil)

// Open opens the store under the name of this node, which only this run of it may have ([chat.NewNodeID]). Open succeeds
// while Redis is away. Calls then fail with [presence.ErrUnavailable], and the first beat that reaches Redis does what they
// asked for.
func Open(target redisconn.Target, node string, o Options) *Store {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	conn := redisconn.Open(target, o.Log)
	s := &Store{
		node: node, conn: conn, log: o.Log, changer: newChanger(conn), lease: newLease(node, conn),
		page:      redisconn.NewReadOnlyScript(pageSource),
		inspect:   redisconn.NewScript(inspectSource),
		recount:   redisconn.NewScript(recountSource),
		probe:     redisconn.NewScript(probeSource),
		exclusive: make(chan struct{}, 1),
	}
	for i := range s.local {
		s.local[i] = newLocalBucket()
	}
	return s
}

// Register tells the other nodes which history this node writes, by a name that only nodes of the same history have. It
// fails with [presence.ErrOtherHistory] when a living node has another history. The registration lasts as long as this node,
// also when Redis is emptied. While Redis is away, Register fails with [presence.ErrUnavailable]. In this case the first
// beat that reaches Redis compares the histories, and beats fail with ErrOtherHistory while a node that registered earlier
// has another one.
func (s *Store) Register(ctx context.Context, history string) error {
	if s.closed.Load() {
		return presence.ErrClosed
	}
	unlock, err := s.lockExclusive(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.lease.history = history
	_, err = s.lease.renew(ctx, "start")
	return err
}

// Nodes returns how many nodes have a lease, including this one. A node that has just died counts until its lease ends.
// Errors: [presence.ErrUnavailable].
func (s *Store) Nodes(ctx context.Context) (int, error) { return s.lease.count(ctx) }

// lockExclusive waits until no other Beat, Register or Close runs. The caller must call unlock at its end.
func (s *Store) lockExclusive(ctx context.Context) (unlock func(), err error) {
	select {
	case s.exclusive <- struct{}{}:
		return func() { <-s.exclusive }, nil
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
	unlock, err := s.lockExclusive(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	var removals []change
	for bucket, local := range s.local {
		removals = append(removals, local.leaveAll(bucket, s.lease.now())...)
	}
	if err := s.changer.all(ctx, s.node, removals, func(change, result) {}); err != nil {
		return err
	}
	return s.lease.release(ctx)
}
