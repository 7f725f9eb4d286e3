package redis

import (
	"context"
	_ "embed"

	"github.com/redis/rueidis"

	"salon/internal/presence"
)

//go:embed lua/probe.lua
var probeSource string

// Probe tries what a session needs of Redis: in each bucket, and so on each primary of a Cluster, a script that writes. The
// error says why a session could not be put there. Errors: [presence.ErrUnavailable], [presence.ErrClosed].
func (s *Store) Probe(ctx context.Context) error {
	if s.closed.Load() {
		return presence.ErrClosed
	}
	runs := make([]rueidis.LuaExec, buckets)
	for bucket := range runs {
		runs[bucket].Keys = []string{bucketKey(bucket, "probe:"+s.node), bucketKey(bucket, "probe:"+s.node+":set")}
	}
	for _, answer := range s.conn.Run(ctx, s.probe, runs...) {
		if err := answer.Error(); err != nil {
			return unavailable(s.conn.Explain(err))
		}
	}
	return nil
}
