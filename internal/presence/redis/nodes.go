package redis

import (
	"context"

	"github.com/redis/rueidis"
)

// Nodes tells how many nodes have a lease, this one among them; one that has just died counts until its lease ends.
// Errors: [presence.ErrUnavailable].
func (s *Store) Nodes(ctx context.Context) (int, error) {
	count, err := s.conn.Do(ctx, func(c rueidis.Builder) rueidis.Completed { return c.Zcard().Key(leasesKey).Build() })
	if err != nil {
		return 0, unavailable(err)
	}
	n, err := count.AsInt64()
	if err != nil {
		return 0, unavailable(err)
	}
	return int(n), nil
}
