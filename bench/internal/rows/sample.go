package rows

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"salon/bench/internal/account"
	"salon/bench/internal/load"
	"salon/bench/internal/process"
)

// sample is what one run of one server gave in its window.
type sample struct {
	rate       float64 // deliveries per second
	cpu        float64 // of the server, per delivery, in ns
	p50, p99   float64 // from send to delivery, in ms
	bytes      float64 // on the wire, per delivery
	acks       float64 // per second
	busy       float64 // of the load itself: processor time per time
	batchEvery float64 // of Salon: time between two appends, in s; 0 for unknown
}

// reading is a figure of a sample that two builds of Salon are compared by.
type reading struct {
	what, unit string
	of         func(sample) float64
	atLeast    bool // more is better
}

var (
	byCPU   = reading{what: "CPU per delivery", unit: " ns", of: cpu}
	byP99   = reading{what: "p99", unit: " ms", of: p99}
	byBytes = reading{what: "bytes per delivery", of: wire}
	byRate  = reading{what: "deliveries/s", of: rate, atLeast: true}
	byAcks  = reading{what: "acknowledged sends/s", of: func(s sample) float64 { return s.acks }, atLeast: true}
)

// read gives the figures of s that figures name.
func (s sample) read(figures []reading) []Reading {
	var all []Reading
	for _, f := range figures {
		all = append(all, Reading{What: f.what, Unit: f.unit, AtLeast: f.atLeast, Value: f.of(s)})
	}
	return all
}

// longestWindow is when a server that delivers nothing is given up.
const longestWindow = time.Minute

// window measures what happens to fleet and servers within d, or until something was delivered where that takes longer.
func window(ctx context.Context, f *load.Fleet, d time.Duration, servers ...*process.Server) (sample, error) {
	f.Latencies() // what came before the window is not of it
	before, busyBefore, cpuBefore, err := clocks(f, servers)
	if err != nil {
		return sample{}, err
	}
	start := time.Now()
	if err := f.Run(ctx, d); err != nil {
		return sample{}, err
	}
	for f.Counters().Deliveries == before.Deliveries && time.Since(start) < longestWindow {
		if err := f.Run(ctx, d/10); err != nil {
			return sample{}, err
		}
	}
	took := time.Since(start).Seconds()
	after, busyAfter, cpuAfter, err := clocks(f, servers)
	if err != nil {
		return sample{}, err
	}
	deliveries := float64(after.Deliveries - before.Deliveries)
	full := float64(after.Full - before.Full)
	if deliveries == full { // compressed: the others saw as many, but are not counted
		deliveries = full / float64(f.FullMembers()) * float64(f.Members())
	}
	if deliveries == 0 {
		return sample{}, fmt.Errorf("nothing was delivered within %v", longestWindow)
	}
	l := f.Latencies()
	slices.Sort(l)
	return sample{
		rate: deliveries / took,
		cpu:  float64(cpuAfter-cpuBefore) / deliveries,
		p50:  milliseconds(quantile(l, 0.5)), p99: milliseconds(quantile(l, 0.99)),
		bytes: float64(after.Bytes-before.Bytes) / deliveries,
		acks:  float64(after.Acks-before.Acks) / took,
		busy:  (busyAfter - busyBefore).Seconds() / took,
	}, nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

// clocks reads everything that a window is the difference of.
func clocks(f *load.Fleet, servers []*process.Server) (c load.Counters, own, cpu time.Duration, err error) {
	for _, s := range servers {
		used, err := s.CPU()
		if err != nil {
			return c, 0, 0, err
		}
		cpu += used
	}
	own, err = account.CPU(os.Getpid())
	return f.Counters(), own, cpu, err
}
