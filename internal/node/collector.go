package node

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The collector runs when the heap has grown by so many percent. What it costs goes with what is allocated and against
// the percentage, whatever the heap's size: about 2 ns for a byte at 50 %. So an idle server, whose heap is its idle
// connections, takes little memory, and a busy one little time: at most some 2 % of a processor until leastPercent and
// mostPercent bound it. See docs/PERFORMANCE.md.
const (
	tuneEvery          = 2 * time.Second
	percentPerMegabyte = 10 // that a second allocates
	leastPercent       = 25
	mostPercent        = 400
)

// tuneCollector sets the collector by what is allocated, until ctx ends. It leaves alone what is set by GOGC.
func tuneCollector(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	allocated := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	tick := time.NewTicker(tuneEvery)
	defer tick.Stop()
	was, percent := allocated(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := allocated()
		if p := percentFor(now-was, tuneEvery); p < percent*3/4 || p > percent*4/3 { // each change stops everything for a moment
			percent = p
			debug.SetGCPercent(percent)
		}
		was = now
	}
}

// percentFor gives the percentage for so many bytes allocated within d.
func percentFor(bytes uint64, d time.Duration) int {
	perSecond := float64(bytes) / d.Seconds() / 1e6
	return int(min(max(percentPerMegabyte*perSecond, leastPercent), mostPercent))
}
