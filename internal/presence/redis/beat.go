package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"salon/internal/presence"
)

// Beat implements [presence.Store]. One pipeline renews the lease and reads, for each bucket, which nodes have sessions
// there and the digests of what those are. Then
//
//   - a bucket where this node's digest is not what it should be is repaired: read, compared, put right;
//   - nodes that are in a bucket without having a lease are dead, and their sessions are taken out. Leases are read after the
//     buckets, since a node takes its lease before it puts its first session in.
//
// A beat that finds its own lease ended, or that comes late, spares the others for two thirds of a lease: if it was Redis that was
// away, or was emptied, theirs may have ended too, and they are about to beat. A beat works a third of a lease at most; the next one goes on.
//
// Besides the contract's errors it gives [presence.ErrOtherHistory], see [Store.Register].
func (s *Store) Beat(ctx context.Context) ([]presence.Departure, error) {
	if s.closed.Load() {
		return nil, presence.ErrClosed
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if s.closed.Load() {
		return nil, presence.ErrClosed
	}
	start := time.Now()
	for _, own := range s.own {
		own.forget(start.Add(-s.lease))
	}
	term, views, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	work, cancel := context.WithTimeout(ctx, s.lease/3)
	defer cancel()
	err = s.repair(work, views)
	if time.Now().Before(s.mercy) {
		return nil, atEdge(ctx, err)
	}
	gone, sweepErr := s.sweep(work, term, views)
	if err == nil {
		err = sweepErr
	}
	if len(gone) > 0 { // who is gone must be told, whatever else failed: the next beat finds the rest
		return gone, nil
	}
	return nil, atEdge(ctx, err)
}

// atEdge forgives that the work's own time is up when the caller's is not: the next beat goes on.
func atEdge(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil && isTimeUp(err) {
		return nil
	}
	return err
}

// view is what a beat saw in one bucket.
type view struct {
	before  mark             // this node's side, before the look
	digests map[string]int64 // by node
}

// look renews the lease and looks at every bucket.
func (s *Store) look(ctx context.Context) (term, []view, error) {
	views := make([]view, buckets)
	calls := []call{s.leaseCall("beat")}
	for bucket := range views {
		views[bucket].before = s.own[bucket].mark()
		calls = append(calls, call{script: s.scripts.look, keys: []string{digestsKey(bucket), epochKey(bucket)}})
	}
	answers := run(ctx, s.conn, calls...)
	t, err := s.renewed(answers[0])
	if err != nil {
		return term{}, nil, err
	}
	for bucket := range views {
		texts, err := answers[1+bucket].AsStrSlice()
		if err != nil {
			return term{}, nil, unavailable(err)
		}
		views[bucket].digests = map[string]int64{}
		for i := 0; i+1 < len(texts); i += 2 {
			digest, err := strconv.ParseInt(texts[i+1], 10, 64)
			if err != nil {
				return term{}, nil, unavailable(fmt.Errorf("a digest: %w", err))
			}
			views[bucket].digests[texts[i]] = digest
		}
	}
	return t, views, nil
}
