package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"salon/internal/presence"
	"salon/internal/redisconn"
)

// lease is this node's lease in Redis: while it lasts, the other nodes leave this node's sessions alone. Its methods must not
// be called concurrently, except count.
type lease struct {
	node   string // immutable
	conn   *redisconn.Conn
	script redisconn.Script
	// duration is how long a silent node's sessions stay; immutable.
	duration time.Duration
	now      func() time.Time // this node's clock; immutable

	history    string    // the name of this node's history; "" until it is registered
	since      int64     // when this node registered its history, ms of Redis's clock; 0 before
	renewedAt  time.Time // when the lease was last renewed
	graceUntil time.Time // until then no other node is considered dead
}

func newLease(node string, conn *redisconn.Conn) lease {
	return lease{
		node: node, conn: conn, script: redisconn.NewScript(leaseSource), now: time.Now, duration: presence.Lease,
	}
}

// renewal is the outcome of a renewed lease.
type renewal struct {
	now  int64 // ms of Redis's clock
	kept bool  // the lease had not ended before
}

// renew renews the lease. Mode is "start" while the node registers its history, "beat" later.
func (l *lease) renew(ctx context.Context, mode string) (renewal, error) {
	answer := l.conn.Run(ctx, l.script, rueidis.LuaExec{
		Keys: []string{leasesKey, historiesKey},
		Args: []string{l.node, milliseconds(l.duration), l.history, strconv.FormatInt(l.since, 10), mode},
	})[0]
	values, err := answer.ToArray()
	if err != nil {
		return renewal{}, unavailable(err)
	}
	if len(values) != 5 {
		return renewal{}, unavailable(fmt.Errorf("a lease of %d values", len(values)))
	}
	var numbers [3]int64
	for i := range numbers {
		if numbers[i], err = values[i].AsInt64(); err != nil {
			return renewal{}, unavailable(err)
		}
	}
	if other, _ := values[3].ToString(); other != "" {
		its, _ := values[4].ToString()
		return renewal{}, fmt.Errorf("%w: node %s writes history %s, this one %s (a node that has just died counts for %v)",
			presence.ErrOtherHistory, other, its, l.history, l.duration)
	}
	r := renewal{now: numbers[0], kept: numbers[1] == 1}
	if l.history != "" {
		l.since = numbers[2]
	}
	l.startGrace(r.kept)
	return r, nil
}

// startGrace starts a grace period for the other nodes when this lease had ended, or when this node missed a beat. Either this
// node was away, or Redis was away or was emptied. In the latter cases the other nodes are about to renew their leases. One
// missed beat is enough: a node that beat just before this one lost its lease first.
func (l *lease) startGrace(kept bool) {
	now := l.now()
	if !kept || now.Sub(l.renewedAt) > l.lateAfter() {
		l.graceUntil = now.Add(l.duration * 2 / 3)
	}
	l.renewedAt = now
}

// inGrace reports whether no other node may be considered dead yet.
func (l *lease) inGrace() bool { return l.now().Before(l.graceUntil) }

// lateAfter is the time after the last renewal from which the next one is late: one and a half [presence.BeatEvery], in
// proportion to the lease.
func (l *lease) lateAfter() time.Duration {
	return l.duration / (presence.Lease / presence.BeatEvery) * 3 / 2
}

// living returns the nodes that have a lease at now, by Redis's clock.
func (l *lease) living(ctx context.Context, now int64) (map[string]bool, error) {
	answer, err := l.conn.Do(ctx, func(b rueidis.Builder) rueidis.Completed {
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

// count returns how many nodes have a lease.
func (l *lease) count(ctx context.Context) (int, error) {
	answer, err := l.conn.Do(ctx, func(b rueidis.Builder) rueidis.Completed { return b.Zcard().Key(leasesKey).Build() })
	if err != nil {
		return 0, unavailable(err)
	}
	n, err := answer.AsInt64()
	if err != nil {
		return 0, unavailable(err)
	}
	return int(n), nil
}

// release gives the lease up.
func (l *lease) release(ctx context.Context) error {
	answers, err := l.conn.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed {
		return []rueidis.Completed{
			b.Zrem().Key(leasesKey).Member(l.node).Build(),
			b.Hdel().Key(historiesKey).Field(l.node).Build(),
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
