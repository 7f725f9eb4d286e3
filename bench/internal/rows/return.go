package rows

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"salon/bench/internal/load"
	"salon/bench/internal/process"
)

const (
	returners = 5000
	past      = 200 // messages in the room before they come back
	askFor    = 50  // of which each asks for the last so many
	pageReads = "salon_page_reads_total"
)

// comeback is one return of all.
type comeback struct {
	took  time.Duration
	reads float64 // pages from the store
	cpu   float64 // of the server, per member, in ns
}

// per100 gives the reads per 100 ms.
func (c comeback) per100() float64 { return c.reads / max(1, c.took.Seconds()*10) }

// runReturn has everyone's connection end at once and everyone come back at once: to the server as it is, whose memory has the
// room's last events, and to a server that was started anew, whose memory is empty.
func runReturn(ctx context.Context, b *Bench) (Outcome, error) {
	var warm, cold []comeback
	for n := range b.Rounds {
		w, c, err := returnOnce(ctx, b)
		if err != nil {
			return Outcome{}, fmt.Errorf("round %d: %w", n+1, err)
		}
		b.say("  round %d: back after %v with %.0f reads; after a restart %v, %.0f reads",
			n+1, w.took.Round(time.Millisecond), w.reads, c.took.Round(time.Millisecond), c.reads)
		warm, cold = append(warm, w), append(cold, c)
	}
	return Outcome{
		Columns: []string{"all back after", "store reads", "CPU each"},
		Figures: []Figure{comebackFigure("the server went on", warm), comebackFigure("the server was started anew", cold)},
		Verdicts: []Verdict{
			{What: "store reads of the room per 100 ms", Values: each(warm, comeback.per100), Reach: 1, Beyond: 0},
			{What: "the same, the server started anew", Values: each(cold, comeback.per100), Reach: 1, Beyond: none},
		},
	}, nil
}

// returnTakes is how long one run takes, on two cores with nothing beside.
const returnTakes = 14 * time.Second

// returnReadings has everyone come back once, to a server that went on and to one that was started anew.
func returnReadings(ctx context.Context, b *Bench) ([]Reading, error) {
	warm, cold, err := returnOnce(ctx, b)
	var all []Reading
	for _, c := range []struct {
		to string
		comeback
	}{{"", warm}, {", the server started anew", cold}} {
		all = append(all,
			Reading{What: "all back after" + c.to, Unit: " s", Value: c.took.Seconds()},
			Reading{What: "CPU per member" + c.to, Unit: " µs", Value: c.cpu / 1e3},
			Reading{What: "store reads" + c.to, Value: c.reads},
		)
	}
	return all, err
}

func comebackFigure(name string, c []comeback) Figure {
	return Figure{name, []string{
		number(median(each(c, func(c comeback) float64 { return c.took.Seconds() }))) + " s",
		number(median(each(c, func(c comeback) float64 { return c.reads }))),
		number(median(each(c, func(c comeback) float64 { return c.cpu / 1e3 }))) + " µs",
	}}
}

func each[T any](of []T, figure func(T) float64) []float64 {
	var all []float64
	for _, x := range of {
		all = append(all, figure(x))
	}
	return all
}

func returnOnce(ctx context.Context, b *Bench) (warm, cold comeback, err error) {
	port, err := process.FreePort()
	if err != nil {
		return warm, cold, err
	}
	data, err := os.MkdirTemp(b.Dir, "data-")
	if err != nil {
		return warm, cold, err
	}
	plan := load.Plan{Dialect: load.Salon{}, Members: b.scale(returners), Rooms: 1, Senders: 10, Sample: 50}
	serve := func(visit func(*process.Server) error) error {
		server, err := b.startSalon(ctx, port, data)
		if err != nil {
			return err
		}
		plan.Servers = []string{server.Addr}
		return errors.Join(visit(server), server.Stop())
	}
	err = serve(func(server *process.Server) (err error) {
		if plan.Tokens, err = talkAndGo(ctx, plan); err != nil {
			return err
		}
		plan.Last, plan.Senders = askFor, 0
		warm, err = comeBack(ctx, plan, server)
		return err
	})
	if err == nil {
		err = serve(func(server *process.Server) (err error) {
			cold, err = comeBack(ctx, plan, server)
			return err
		})
	}
	return warm, cold, err
}

// talkAndGo makes the members and the room's past, and gives what brings the members back.
func talkAndGo(ctx context.Context, plan load.Plan) (tokens []string, err error) {
	fleet, err := load.Connect(ctx, plan)
	if fleet != nil {
		defer fleet.Close()
	}
	if err != nil {
		return nil, err
	}
	fleet.Press(1)
	for fleet.Counters().Sent < past {
		if err := fleet.Run(ctx, time.Millisecond); err != nil {
			return nil, err
		}
	}
	return fleet.Tokens(), fleet.Drain(ctx)
}

func comeBack(ctx context.Context, plan load.Plan, server *process.Server) (c comeback, err error) {
	reads, err := metric(ctx, server, pageReads)
	if err != nil {
		return c, err
	}
	used, err := server.CPU()
	if err != nil {
		return c, err
	}
	start := time.Now()
	fleet, err := load.Connect(ctx, plan)
	if fleet != nil {
		defer fleet.Close()
	}
	if err != nil {
		return c, err
	}
	c.took = time.Since(start)
	usedAfter, err := server.CPU()
	if err != nil {
		return c, err
	}
	readsAfter, err := metric(ctx, server, pageReads)
	c.reads, c.cpu = readsAfter-reads, float64(usedAfter-used)/float64(plan.Members)
	return c, err
}
