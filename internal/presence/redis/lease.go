package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"salon/internal/presence"
)

// Register tells the nodes of this Redis which history this one writes, by a name that only nodes of the same history
// have, and refuses with [presence.ErrOtherHistory] when a living node has another. It counts while this node lives, also
// after Redis was emptied. While Redis is away it fails with [presence.ErrUnavailable]; then the first beat that reaches
// Redis compares, and beats fail with ErrOtherHistory while an earlier node has another.
func (s *Store) Register(ctx context.Context, history string) error {
	if s.closed.Load() {
		return presence.ErrClosed
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.history = history
	_, err = s.renew(ctx, "start")
	return err
}

// term is what a renewed lease tells.
type term struct {
	now  int64 // ms of Redis's clock
	kept bool  // the lease had not ended before
}

func (s *Store) leaseCall(mode string) call {
	return call{
		script: s.scripts.lease,
		keys:   []string{leasesKey, historiesKey},
		args:   []string{s.node, milliseconds(s.lease), s.history, strconv.FormatInt(s.since, 10), mode},
	}
}

// renew renews the lease, with the turn to beat.
func (s *Store) renew(ctx context.Context, mode string) (term, error) {
	return s.renewed(run(ctx, s.conn, s.leaseCall(mode))[0])
}

func (s *Store) renewed(answer rueidis.RedisResult) (term, error) {
	values, err := answer.ToArray()
	if err != nil {
		return term{}, unavailable(err)
	}
	if len(values) != 5 {
		return term{}, unavailable(fmt.Errorf("a lease of %d parts", len(values)))
	}
	var numbers [3]int64
	for i := range numbers {
		if numbers[i], err = values[i].AsInt64(); err != nil {
			return term{}, unavailable(err)
		}
	}
	if other, _ := values[3].ToString(); other != "" {
		its, _ := values[4].ToString()
		return term{}, fmt.Errorf("%w: node %s writes history %s, this one %s (a node that has just died counts for %v)",
			presence.ErrOtherHistory, other, its, s.history, s.lease)
	}
	t := term{now: numbers[0], kept: numbers[1] == 1}
	if s.history != "" {
		s.since = numbers[2]
	}
	now := time.Now()
	if !t.kept || now.Sub(s.renewedAt) > s.lateAfter() {
		// Either this node was away or Redis was, or was emptied. In the latter cases the others are about to renew theirs. It
		// matters as soon as one beat was missed: who beat just before this node lost its lease first.
		s.mercy = now.Add(s.lease * 2 / 3)
	}
	s.renewedAt = now
	return t, nil
}

// lateAfter is how long after the last renewal the next one is late: one and a half [presence.BeatEvery], as a part of the lease.
func (s *Store) lateAfter() time.Duration {
	return s.lease / (presence.Lease / presence.BeatEvery) * 3 / 2
}

// living gives the nodes that have a lease at now, by Redis's clock.
func (s *Store) living(ctx context.Context, now int64) (map[string]bool, error) {
	answer, err := s.conn.Do(ctx, func(b rueidis.Builder) rueidis.Completed {
		return b.Zrangebyscore().Key(leasesKey).Min("(" + strconv.FormatInt(now, 10)).Max("+inf").Build()
	})
	if err != nil {
		return nil, unavailable(err)
	}
	names, err := answer.AsStrSlice()
	if err != nil {
		return nil, unavailable(err)
	}
	living := map[string]bool{}
	for _, name := range names {
		living[name] = true
	}
	return living, nil
}

// endLease gives the lease up.
func (s *Store) endLease(ctx context.Context) error {
	answers, err := s.conn.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed {
		return []rueidis.Completed{
			b.Zrem().Key(leasesKey).Member(s.node).Build(),
			b.Hdel().Key(historiesKey).Field(s.node).Build(),
		}
	})
	if err != nil {
		return unavailable(err)
	}
	for _, answer := range answers {
		if err := answer.Error(); err != nil {
			return unavailable(err)
		}
	}
	return nil
}
