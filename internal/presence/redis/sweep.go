package redis

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/redis/rueidis"

	"salon/internal/presence"
)

// sweep takes out the sessions of the nodes that are in a bucket without having a lease. Several nodes may sweep at once: each
// session is taken out, and each departure told, by one.
func (s *Store) sweep(ctx context.Context, t term, views []view) (gone []presence.Departure, err error) {
	silent := map[string][]int{} // buckets by node
	for bucket, v := range views {
		for node := range v.digests {
			if node != s.node {
				silent[node] = append(silent[node], bucket)
			}
		}
	}
	if len(silent) == 0 {
		return nil, nil
	}
	living, err := s.living(ctx, t.now)
	if err != nil {
		return nil, err
	}
	for _, node := range slices.Sorted(maps.Keys(silent)) {
		if living[node] {
			continue
		}
		s.log.Info("presence: a node is silent, its sessions go", "node", node)
		for _, bucket := range silent[node] {
			more, err := s.sweepBucket(ctx, node, bucket)
			gone = append(gone, more...)
			if err != nil {
				return gone, err
			}
		}
	}
	return gone, nil
}

// sweepBucket takes a dead node's sessions out of one bucket.
func (s *Store) sweepBucket(ctx context.Context, node string, bucket int) (gone []presence.Departure, err error) {
	for cursor := uint64(0); ; {
		answer, err := s.conn.Do(ctx, func(b rueidis.Builder) rueidis.Completed {
			return b.Hscan().Key(nodeKey(bucket, node)).Cursor(cursor).Count(chunk * pipeline).Build()
		})
		if err != nil {
			return gone, unavailable(err)
		}
		page, err := answer.AsScanEntry()
		if err != nil {
			return gone, unavailable(err)
		}
		drops := make([]change, 0, len(page.Elements)/2)
		for i := 0; i < len(page.Elements); i += 2 {
			drops = append(drops, change{bucket: bucket, field: page.Elements[i]})
		}
		err = s.do(ctx, s.dropJobs(node, drops), func(c change, o outcome) {
			if d, ok := departure(c, o); ok {
				gone = append(gone, d)
			}
		})
		if err != nil {
			return gone, err
		}
		if cursor = page.Cursor; cursor == 0 {
			break
		}
	}
	// A node without sessions is forgotten by the last of the above, unless its sessions had been lost otherwise.
	return gone, s.forget(ctx, node, bucket)
}

// forget takes a node that has no sessions in a bucket out of its digests.
func (s *Store) forget(ctx context.Context, node string, bucket int) error {
	return s.do(ctx, []job{{call: call{
		script: s.scripts.drop,
		keys:   []string{nodeKey(bucket, node), digestsKey(bucket), roomsKey(bucket), sumsKey(bucket)},
		args:   []string{node, "0"},
	}, width: 3}}, nil)
}

// departure reads who went by a change, if anyone.
func departure(c change, o outcome) (presence.Departure, bool) {
	if !o.edge {
		return presence.Departure{}, false
	}
	user, err := userFrom(o.card)
	if err != nil {
		return presence.Departure{}, false // a person without a name cannot be announced
	}
	room, _ := splitField(c.field)
	return presence.Departure{Room: room, User: user, Count: o.count}, true
}

func isTimeUp(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
