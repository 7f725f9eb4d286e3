// Command scale plans Salon past one machine, as docs/SCALE.md has it, from what things cost; with -measure it measures on a
// small scale what the plan rests on, with the real broker and presence over a redis-server of its own.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"

	"salon/bench/internal/scale"
)

type options struct {
	measure bool
	quick   bool
	costs   scale.Costs
	many    scale.Many
	crowd   scale.Crowd
	stored  scale.Stored
}

func main() {
	o := options{stored: scale.Stored{Event: scale.SampleEvent()}}
	flag.BoolVar(&o.measure, "measure", false, "measure what the plan rests on, in about a minute")
	flag.BoolVar(&o.quick, "quick", false, "with -measure: fewer nodes, less time; shows that it works")
	o.costs.Register(flag.CommandLine)
	flag.Float64Var(&o.many.Members, "members", 1e6, "connected")
	flag.Float64Var(&o.many.Each, "rooms-each", 2, "rooms that each is in")
	flag.Float64Var(&o.many.Size, "room-size", 10, "members of a room")
	flag.Float64Var(&o.many.Rate, "room-rate", 1.0/60, "messages per second in a room")
	flag.Float64Var(&o.crowd.Members, "crowd", 1e5, "members of the one room")
	flag.Float64Var(&o.crowd.Rate, "crowd-rate", 20, "messages per second in it")
	flag.Float64Var(&o.crowd.Tick, "crowd-tick", 0, "ms between two frames to a member at least")
	flag.Float64Var(&o.stored.Events, "events", 1e10, "stored")
	flag.Float64Var(&o.stored.Biggest, "biggest", 0.01, "share of the events that are in the largest room")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.measure {
		return measure(ctx, o.quick, out)
	}
	byRoom := o.many
	byRoom.ByRoom = true
	show(out, "many members in small rooms, spread at random", o.many.Plan(o.costs))
	show(out, "the same, a room's members on one node", byRoom.Plan(o.costs))
	show(out, "one room", o.crowd.Plan(o.costs))
	show(out, "stored events", o.stored.Plan(o.costs))
	showReservations(out)
	showSpread(out)
	return nil
}

// showReservations tells how long nodes wait that all write in one room: each in turn reserves the writing (package
// internal/history/mongo).
func showReservations(out io.Writer) {
	fmt.Fprintln(out, "\nnodes that all write in one room all the time, each with a write reservation of 105 ms: how long each waits for its own (an append is refused after 10 s)")
	for _, nodes := range []int{4, 8, 16, 32, 64, 96} {
		fmt.Fprintf(out, "  %3d nodes  %.1f s\n", nodes, 0.105*float64(nodes-1))
	}
}

func show(out io.Writer, title string, lines []scale.Line) {
	fmt.Fprintf(out, "\n%s\n", title)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		fmt.Fprintf(w, "  %s\t%s %s\t%s\n", l.What, figure(l.Value), l.Unit, l.How)
	}
	w.Flush()
}

// figure writes three digits, and large numbers in full.
func figure(v float64) string {
	if math.Abs(v) >= 1000 {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// showSpread tells how evenly the partitions and the buckets lie on the primaries of a Cluster; this is exact.
func showSpread(out io.Writer) {
	fmt.Fprintf(out, "\n%d partitions (broker) and buckets (presence) on the primaries of a Cluster: least to most on one\n", scale.Partitions)
	for _, primaries := range []int{3, 4, 6, 8, 12, 16, 24, 32} {
		fmt.Fprintf(out, "  %2d primaries", primaries)
		for _, name := range []string{"salon:partition:%d", "salon:{%d}:rooms"} {
			keys := make([]string, scale.Partitions)
			for i := range keys {
				keys[i] = fmt.Sprintf(name, i)
			}
			held := scale.Spread(keys, primaries)
			fmt.Fprintf(out, "   %2d to %2d, the busiest %.2f× the mean", slices.Min(held), slices.Max(held),
				float64(slices.Max(held))*float64(primaries)/scale.Partitions)
		}
		fmt.Fprintln(out)
	}
}

func measure(ctx context.Context, quick bool, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "salon-scale-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	lab, err := scale.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() {
		if e := lab.Close(); err == nil {
			err = e
		}
	}()
	if err := measureBroker(ctx, lab, quick, out); err != nil {
		return err
	}
	if err := measurePresence(ctx, lab, quick, out); err != nil {
		return err
	}
	return measureMemory(quick, out)
}

// measureBroker tells idle nodes, whose probes come in pipelines, from nodes that publish, each message by itself.
func measureBroker(ctx context.Context, lab *scale.Lab, quick bool, out io.Writer) error {
	probes, publishing, rate, window := []int{4, 16, 32, 64}, []int{2, 4, 8, 16}, 200, 5*time.Second // four times the time between probes
	if quick {
		probes, publishing, rate, window = []int{2, 4}, []int{2, 4}, 50, 1300*time.Millisecond
	}
	fmt.Fprintf(out, "broker: every node in all %d partitions\n", scale.Partitions)
	idle, err := flows(ctx, lab, probes, 0, window, out)
	if err != nil {
		return err
	}
	redis, err := scale.Fit(idle.second, idle.heard, idle.cpu)
	if err != nil {
		return err
	}
	nodes, err := scale.Fit(idle.second, idle.heard, idle.self)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  for each probe heard: Redis %.2f µs, the node %.2f µs (least squares)\n", redis.Y, nodes.Y)
	busy, err := flows(ctx, lab, publishing, rate, window, out)
	if err != nil {
		return err
	}
	if redis, err = scale.Fit(busy.in, busy.heard, busy.cpu); err != nil {
		return err
	}
	fmt.Fprintf(out, "  Redis: %.1f µs for each message in, %.2f µs for each out\n", redis.X, redis.Y)
	return nil
}

// samples are flows, a column each.
type samples struct{ second, in, heard, cpu, self []float64 }

func flows(ctx context.Context, lab *scale.Lab, nodes []int, rate int, d time.Duration, out io.Writer) (s samples, err error) {
	for _, n := range nodes {
		f, err := lab.Broker(ctx, n, rate, 300, d)
		if err != nil {
			return s, err
		}
		fmt.Fprintf(out, "  %2d nodes, each publishes %3d/s: %6.0f/s in, %5.2f MB/s out; Redis %5.2f %% of a core, all nodes %5.2f %%\n",
			n, rate, f.In, f.Out/1e6, f.CPU/1e4, f.Self/1e4)
		s.second, s.in, s.heard = append(s.second, 1), append(s.in, f.In), append(s.heard, f.In*float64(n))
		s.cpu, s.self = append(s.cpu, f.CPU), append(s.self, f.Self)
	}
	return s, nil
}

func measurePresence(ctx context.Context, lab *scale.Lab, quick bool, out io.Writer) error {
	nodes := []int{2, 4, 8, 16, 32}
	if quick {
		nodes = nodes[:2]
	}
	var buckets, entries, cpu []float64
	fmt.Fprintln(out, "presence: what one node's beat costs Redis, all nodes in all buckets")
	for _, n := range nodes {
		us, err := lab.Beats(ctx, n, 40)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %2d nodes: %6.0f µs\n", n, us)
		buckets, entries, cpu = append(buckets, scale.Partitions), append(entries, float64(scale.Partitions*n)), append(cpu, us)
	}
	beat, err := scale.Fit(buckets, entries, cpu)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %.1f µs for each bucket, %.2f µs more for each node in it\n", beat.X, beat.Y)
	for _, room := range []struct{ rooms, size int }{{500, 10}, {5, 1000}} {
		p, err := lab.Presence(ctx, room.rooms, room.size)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  rooms of %4d: Redis %.0f µs and %.0f bytes for a session put in, %.0f µs for a look at who is there, %.2f µs for its digest\n",
			room.size, p.Put, p.Bytes, p.Look, p.Sum)
	}
	return nil
}

func measureMemory(quick bool, out io.Writer) error {
	pairs := 4000
	if quick {
		pairs = 200
	}
	least := math.Inf(1)
	for range 3 {
		bytes, err := scale.SocketBytes(pairs)
		if err != nil {
			return err
		}
		least = min(least, bytes)
	}
	fmt.Fprintf(out, "memory: %.0f bytes of the kernel for an idle socket, %.0f bytes of a node for a recent event\n", least, scale.KeptBytes())
	fmt.Fprintf(out, "wire: %.0f bytes for an event with a text of %d\n", scale.WireBytes(), scale.SampleEvent().Text)
	return nil
}
