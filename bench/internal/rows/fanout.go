package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"salon/bench/internal/load"
	"salon/bench/internal/process"
)

// fanout is a row in which several servers, or one several times, do the same work.
type fanout struct {
	name, title string
	work        work
	variants    []variant // the first is Salon
	judge       func(rounds) []Verdict
	compare     []reading     // by which two builds of Salon are compared
	takes       time.Duration // one run, on two cores with nothing beside
}

// work is what the members do. Either rate or press is set.
type work struct {
	members, rooms, senders int

	segment int // longest TCP segment, in bytes; 0 for loopback's

	pad   int     // bytes more in each text
	rate  float64 // messages per second, all senders together
	press int     // sends that each sender has under way
	warm  time.Duration
	time  time.Duration
}

// variant is one of the servers that do the work.
type variant struct {
	name     string
	kind     kind
	compress bool
	nodes    int // in rows over nodes; 0 for two
	stall    int // every how many members one stops reading; 0 for none
	args     func(current []sample) []string
}

// rounds are the samples: of each round, of each variant in the row's order.
type rounds [][]sample

// ratio gives, of each round, figure of variant a over that of b.
func (r rounds) ratio(a, b int, figure func(sample) float64) []float64 {
	var ratios []float64
	for _, round := range r {
		ratios = append(ratios, figure(round[a])/figure(round[b]))
	}
	return ratios
}

func cpu(s sample) float64  { return s.cpu }
func p99(s sample) float64  { return s.p99 }
func rate(s sample) float64 { return s.rate }
func wire(s sample) float64 { return s.bytes }

// readings has Salon alone do the work once.
func (row fanout) readings(ctx context.Context, b *Bench) ([]Reading, error) {
	s, err := row.once(ctx, b, row.variants[0], nil)
	return s.read(row.compare), err
}

func (row fanout) run(ctx context.Context, b *Bench) (Outcome, error) {
	var all rounds
	for n := range b.Rounds {
		var current []sample
		for _, v := range row.variants {
			s, err := row.once(ctx, b, v, current)
			if err != nil {
				return Outcome{}, fmt.Errorf("%s, round %d: %w", v.name, n+1, err)
			}
			b.say("  round %d: %-24s %9.0f deliveries/s  %6.0f ns each  p99 %.2f ms", n+1, v.name, s.rate, s.cpu, s.p99)
			current = append(current, s)
		}
		all = append(all, current)
	}
	return Outcome{Columns: sampleColumns, Figures: all.figures(row.variants), Verdicts: row.judge(all)}, nil
}

// once has one server do the work, from its start to its end.
func (row fanout) once(ctx context.Context, b *Bench, v variant, current []sample) (s sample, err error) {
	var args []string
	if v.args != nil {
		args = v.args(current)
	}
	server, err := b.start(ctx, v.kind, args...)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	w := row.work.scaled(b)
	fleet, err := load.Connect(ctx, w.plan(v, server.Addr))
	if fleet != nil {
		defer fleet.Close()
	}
	if err != nil {
		return s, err
	}
	return w.measure(ctx, b, v, fleet, server)
}

// scaled gives the work as b does it: when quick, with a tenth of the members, and of the rooms where there are several.
func (w work) scaled(b *Bench) work {
	w.members = b.scale(w.members)
	if w.rooms > 1 {
		w.rooms, w.senders = b.scale(w.rooms), b.scale(w.senders)
		if b.Quick {
			w.rate /= 10
		}
	}
	w.senders = min(w.senders, w.members)
	w.warm, w.time = b.span(w.warm), b.span(w.time)
	return w
}

func (w work) plan(v variant, servers ...string) load.Plan {
	return load.Plan{
		Dialect: v.kind.dialect(), Servers: servers, Compress: v.compress, Segment: w.segment,
		Members: w.members, Rooms: w.rooms, Senders: w.senders, Sample: min(max(1, w.members/20), 50),
	}
}

// measure has the fleet do the work and checks at the end that every member got everything.
func (w work) measure(ctx context.Context, b *Bench, v variant, fleet *load.Fleet, server *process.Server) (s sample, err error) {
	stalled := 0
	if v.stall > 0 {
		if stalled, err = fleet.Stall(v.stall); err != nil {
			return s, err
		}
	}
	before, began := 0.0, time.Now()
	if v.kind == salon {
		if before, err = metric(ctx, server, batches); err != nil {
			return s, err
		}
	}
	w.send(fleet)
	if err := fleet.Run(ctx, w.warm); err != nil {
		return s, err
	}
	if s, err = window(ctx, fleet, w.time, server); err != nil || v.kind != salon {
		return s, errors.Join(err, fleet.Drain(ctx))
	}
	after, err := metric(ctx, server, batches)
	if err != nil {
		return s, err
	}
	s.batchEvery = time.Since(began).Seconds() / max(1, after-before)
	if err := fleet.Drain(ctx); err != nil {
		return s, err
	}
	if lags, err := metric(ctx, server, "salon_lags_total"); err != nil || int(lags) != stalled && !b.Quick {
		return s, errors.Join(err, fmt.Errorf("%.0f members lag, %d do not read", lags, stalled))
	}
	return s, nil
}

const batches = "salon_append_batches_total"

// send begins the sending.
func (w work) send(fleet *load.Fleet) {
	fleet.Pad(w.pad)
	if w.rate > 0 {
		fleet.Pace(w.rate)
	} else {
		fleet.Press(w.press)
	}
}

var sampleColumns = []string{"deliveries/s", "CPU each", "p50", "p99", "bytes each", "load's CPU"}

// figures gives each variant's medians.
func (r rounds) figures(variants []variant) []Figure {
	var figures []Figure
	for i, v := range variants {
		of := func(figure func(sample) float64) float64 {
			var values []float64
			for _, round := range r {
				values = append(values, figure(round[i]))
			}
			return median(values)
		}
		name := v.name
		if every := of(func(s sample) float64 { return s.batchEvery }); every > 0 {
			name += fmt.Sprintf(" (a batch every %s ms)", number(every*1e3))
		}
		figures = append(figures, Figure{name, []string{
			fmt.Sprintf("%.0f", of(rate)), spent(of(cpu)),
			number(of(func(s sample) float64 { return s.p50 })) + " ms", number(of(p99)) + " ms",
			fmt.Sprintf("%.0f", of(wire)), fmt.Sprintf("%.0f %%", 100*of(func(s sample) float64 { return s.busy })),
		}})
	}
	return figures
}

// spent writes so many ns.
func spent(ns float64) string {
	if ns < 1000 {
		return number(ns) + " ns"
	}
	return number(ns/1e3) + " µs"
}
