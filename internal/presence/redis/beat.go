package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/redis/rueidis"

	"salon/internal/presence"
)

// Beat implements [presence.Store]. In one round trip it renews the lease and reads, for each bucket, which nodes have
// sessions there and the digests of those sessions. Then
//
//   - it repairs the buckets where this node's digest is not what it should be;
//   - it removes the sessions of dead nodes. A node is dead when it has sessions in a bucket and no lease. Leases are read
//     after the buckets, since a node takes its lease before it adds its first session.
//
// A beat that finds its own lease ended, or that comes late, starts a grace period of two thirds of a lease for the other
// nodes: if Redis was away or was emptied, their leases may have ended too, and they are about to renew them. A beat works for
// a third of a lease at most. The next beat continues.
//
// Besides the contract's errors Beat returns [presence.ErrOtherHistory], see [Store.Register].
func (s *Store) Beat(ctx context.Context) ([]presence.Departure, error) {
	if s.closed.Load() {
		return nil, presence.ErrClosed
	}
	unlock, err := s.lockExclusive(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if s.closed.Load() {
		return nil, presence.ErrClosed
	}
	for _, local := range s.local {
		local.forgetLeft(s.lease.now().Add(-s.lease.duration))
	}
	renewed, views, err := s.readBuckets(ctx)
	if err != nil {
		return nil, err
	}
	work, cancel := context.WithTimeout(ctx, s.lease.duration/3)
	defer cancel()
	err = s.repair(work, views)
	if s.lease.inGrace() {
		return nil, exceptTimeout(ctx, err)
	}
	departures, sweepErr := s.removeDead(work, renewed, views)
	if err == nil {
		err = sweepErr
	}
	if len(departures) > 0 { // each is returned once, so they are returned whatever else failed; the next beat does the rest
		return departures, nil
	}
	return nil, exceptTimeout(ctx, err)
}

// exceptTimeout drops err when the time for the beat's work is up and the caller's is not: the next beat continues.
func exceptTimeout(ctx context.Context, err error) error {
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// readBuckets renews the lease and reads every bucket, at the same time.
func (s *Store) readBuckets(ctx context.Context) (renewal, []bucketView, error) {
	views := make([]bucketView, buckets)
	runs := make([]rueidis.LuaExec, buckets)
	for bucket := range views {
		views[bucket].before = s.local[bucket].state()
		runs[bucket].Keys = []string{digestsKey(bucket), epochKey(bucket)}
	}
	var renewed renewal
	var err error
	var renewing sync.WaitGroup
	renewing.Go(func() { renewed, err = s.lease.renew(ctx, "beat") })
	answers := s.conn.Run(ctx, s.inspect, runs...)
	renewing.Wait()
	if err != nil {
		return renewal{}, nil, err
	}
	for bucket := range views {
		if views[bucket].digests, err = parseDigests(answers[bucket]); err != nil {
			return renewal{}, nil, unavailable(err)
		}
	}
	return renewed, views, nil
}

// parseDigests reads the answer of the inspect script: a digest by node.
func parseDigests(answer rueidis.RedisResult) (map[string]int64, error) {
	texts, err := answer.AsStrSlice()
	if err != nil {
		return nil, err
	}
	digests := map[string]int64{}
	for i := 0; i+1 < len(texts); i += 2 {
		digest, err := strconv.ParseInt(texts[i+1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("a digest: %w", err)
		}
		digests[texts[i]] = digest
	}
	return digests, nil
}
