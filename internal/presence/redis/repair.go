package redis

import (
	"context"
	"maps"
	"slices"

	"github.com/redis/rueidis"

	"salon/internal/presence"
)

// bucketView is what a beat read of one bucket.
type bucketView struct {
	before  localState       // this node's side, before the bucket was read
	digests map[string]int64 // by node
}

// repair makes Redis hold what this node put there, in the buckets where the digests differ.
func (s *Store) repair(ctx context.Context, views []bucketView) error {
	var wrong []int
	for bucket, v := range views {
		if s.local[bucket].differs(v.before, v.digests[s.node]) {
			wrong = append(wrong, bucket)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	answers, err := s.conn.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed {
		commands := make([]rueidis.Completed, len(wrong))
		for i, bucket := range wrong {
			commands[i] = b.Hgetall().Key(nodeKey(bucket, s.node)).Build()
		}
		return commands
	})
	if err != nil {
		return unavailable(err)
	}
	var changes []change
	var recounts []rueidis.LuaExec
	for i, bucket := range wrong {
		records, err := answers[i].AsStrMap()
		if err != nil {
			return unavailable(err)
		}
		missed := s.local[bucket].compare(bucket, records)
		if len(missed) == 0 { // the sessions are right, so the digest itself is wrong
			recounts = append(recounts, rueidis.LuaExec{
				Keys: []string{nodeKey(bucket, s.node), digestsKey(bucket)}, Args: []string{s.node},
			})
		}
		changes = append(changes, missed...)
	}
	if len(changes) > 0 {
		s.log.Info("presence: repaired this node's sessions in Redis", "changes", len(changes))
	}
	if len(recounts) > 0 {
		s.conn.Run(ctx, s.recount, recounts...) // if one fails, the next beat finds the same difference
	}
	return s.changer.all(ctx, s.node, changes, func(change, result) {})
}

// removeDead removes the sessions of the nodes that have sessions in a bucket and no lease. Several nodes may do this at once:
// each session is removed by one of them, and each departure is returned by one.
func (s *Store) removeDead(ctx context.Context, renewed renewal, views []bucketView) ([]presence.Departure, error) {
	bucketsOf := map[string][]int{} // by node, without this one
	for bucket, v := range views {
		for node := range v.digests {
			if node != s.node {
				bucketsOf[node] = append(bucketsOf[node], bucket)
			}
		}
	}
	if len(bucketsOf) == 0 {
		return nil, nil
	}
	living, err := s.lease.living(ctx, renewed.now)
	if err != nil {
		return nil, err
	}
	var departures []presence.Departure
	for _, node := range slices.Sorted(maps.Keys(bucketsOf)) {
		if living[node] {
			continue
		}
		s.log.Info("presence: removing the sessions of a node whose lease has ended", "node", node)
		for _, bucket := range bucketsOf[node] {
			err := s.removeFrom(ctx, node, bucket, func(d presence.Departure) { departures = append(departures, d) })
			if err != nil {
				return departures, err
			}
		}
	}
	return departures, nil
}

// removeFrom removes a dead node's sessions from one bucket and calls each for every departure.
func (s *Store) removeFrom(ctx context.Context, node string, bucket int, each func(presence.Departure)) error {
	for cursor := uint64(0); ; {
		answer, err := s.conn.Do(ctx, func(b rueidis.Builder) rueidis.Completed {
			return b.Hscan().Key(nodeKey(bucket, node)).Cursor(cursor).Count(batchSize * pipelineSize).Build()
		})
		if err != nil {
			return unavailable(err)
		}
		page, err := answer.AsScanEntry()
		if err != nil {
			return unavailable(err)
		}
		removals := make([]change, 0, len(page.Elements)/2)
		for i := 0; i < len(page.Elements); i += 2 {
			removals = append(removals, change{bucket: bucket, field: page.Elements[i]})
		}
		err = s.changer.all(ctx, node, removals, func(ch change, r result) {
			if d, ok := departureOf(ch, r); ok {
				each(d)
			}
		})
		if err != nil {
			return err
		}
		if cursor = page.Cursor; cursor == 0 {
			break
		}
	}
	// The removal of a node's last session also takes the node out of the bucket's digests. This does so where the sessions
	// had been lost before.
	return s.changer.forget(ctx, node, bucket)
}

// departureOf returns the user who left by a removal, if one did.
func departureOf(ch change, r result) (presence.Departure, bool) {
	if !r.firstOrLast {
		return presence.Departure{}, false
	}
	user, err := parseUser(r.user)
	if err != nil {
		return presence.Departure{}, false // the departure of a user without a name cannot be shown
	}
	room, _ := splitField(ch.field)
	return presence.Departure{Room: room, User: user, Count: r.count}, true
}
