package node

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The collector runs when the heap has grown by so many percent. What it costs goes with what is allocated, and against the
// percentage, whatever the heap's size. So an idle server, whose heap is its idle connections, takes little memory, and a
// busy one little time; see docs/PERFORMANCE.md.
const (
	tuneEvery          = 2 * time.Second
	percentPerMegabyte = 10 // that a second allocates
	leastPercent       = 25
	mostPercent        = 400
	// returnEvery is how often memory is given back at most, when a busy time ends: each time costs a whole collection.
	returnEvery = 30 * time.Second
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
	was, percent, returned := allocated(), 0, time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := allocated()
		if p := percentFor(now-was, tuneEvery); p < percent*3/4 || p > percent*4/3 { // each change stops everything for a moment
			quiet := p == leastPercent && percent > p
			percent = p
			debug.SetGCPercent(percent)
			if quiet && time.Since(returned) > returnEvery {
				returned = time.Now()
				debug.FreeOSMemory() // else it would keep what the storm took: what is idle allocates too little for the next collection
			}
		}
		was = now
	}
}

// percentFor gives the percentage for so many bytes allocated within d.
func percentFor(bytes uint64, d time.Duration) int {
	perSecond := float64(bytes) / d.Seconds() / 1e6
	return int(min(max(percentPerMegabyte*perSecond, leastPercent), mostPercent))
}
