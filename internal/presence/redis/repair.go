package redis

import (
	"context"

	"github.com/redis/rueidis"
)

// repair puts right what Redis has of this node, in the buckets where the digests say that it differs.
func (s *Store) repair(ctx context.Context, views []view) error {
	var wrong []int
	for bucket, v := range views {
		if s.own[bucket].differs(v.before, v.digests[s.node]) {
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
	var jobs []job
	var recounts []call
	put, dropped := 0, 0
	for i, bucket := range wrong {
		there, err := answers[i].AsStrMap()
		if err != nil {
			return unavailable(err)
		}
		puts, drops := s.own[bucket].compare(bucket, there)
		if len(puts)+len(drops) == 0 {
			recounts = append(recounts, call{s.scripts.recount, []string{nodeKey(bucket, s.node), digestsKey(bucket)}, []string{s.node}})
		}
		put, dropped = put+len(puts), dropped+len(drops)
		jobs = append(jobs, s.dropJobs(s.node, drops)...)
		jobs = append(jobs, s.refillJobs(puts)...)
	}
	if put+dropped > 0 {
		s.log.Info("presence: repaired what Redis has of this node", "put", put, "dropped", dropped)
	}
	if len(recounts) > 0 {
		run(ctx, s.conn, recounts...) // one that fails is due again with the next beat
	}
	return s.do(ctx, jobs, nil)
}
