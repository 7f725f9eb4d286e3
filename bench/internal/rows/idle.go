package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"salon/bench/internal/account"
	"salon/bench/internal/hold"
	"salon/bench/internal/process"
)

const (
	idleMembers = 10_000
	perRoom     = 100
	pingPeriod  = 25 * time.Second // of Salon and of centrifuge, by default: a window has one ping of every member
	settle      = 10 * time.Second // from the last join to the first window
)

// idler is a server with idle members.
type idler struct {
	kind    kind
	name    string
	args    []string
	bench   *Bench
	server  *process.Server
	members *hold.Members
	empty   account.Memory // before anyone came

	cpu    []float64 // ns per member and second, one of each window
	memory []float64 // bytes per member, whole process
}

// runIdle measures idle connections of Salon, waited for by polling and by a goroutine each, and of centrifuge. All servers hold
// their members at the same time, so that each window is of all.
func runIdle(ctx context.Context, b *Bench) (Outcome, error) {
	idlers := []*idler{
		{kind: salon, name: "salon --poll", args: []string{"--poll"}, bench: b},
		{kind: salon, name: "salon --no-poll", args: []string{"--no-poll"}, bench: b},
		{kind: centrifuge, name: "centrifuge, with presence", args: []string{"-presence"}, bench: b},
	}
	members := b.scale(idleMembers)
	if err := holdIdle(ctx, b, members, idlers); err != nil {
		return Outcome{}, err
	}
	return idleOutcome(members, idlers), nil
}

// holdIdle has all servers hold their members at the same time, and measures a window for each round.
func holdIdle(ctx context.Context, b *Bench, members int, idlers []*idler) (err error) {
	for _, i := range idlers {
		defer func() { err = errors.Join(err, i.stop()) }()
		if err := i.start(ctx, members); err != nil {
			return err
		}
		b.say("  %s holds %d members", i.name, members)
	}
	if err := wait(ctx, b.span(settle)); err != nil {
		return err
	}
	for n := range b.Rounds {
		if err := idleWindow(ctx, b.span(pingPeriod), members, idlers); err != nil {
			return err
		}
		b.say("  window %d of %d", n+1, b.Rounds)
	}
	return nil
}

// idleTakes is how long [compareIdle] takes, on two cores with nothing beside.
func idleTakes(rounds int) time.Duration {
	return 2 * (settle + 30*time.Second + time.Duration(rounds)*pingPeriod) // 30 s for the members to join
}

// compareIdle has the servers of both builds hold their members at the same time, two servers of each build, first by polling
// and then with a goroutine for each connection.
func compareIdle(ctx context.Context, p Pair) ([]Comparison, error) {
	var all []Comparison
	members := p.Here.scale(idleMembers)
	for _, way := range []string{"--poll", "--no-poll"} {
		var idlers []*idler
		for range runsEach {
			for _, b := range p.benches() {
				idlers = append(idlers, &idler{kind: salon, name: b.Name + " " + way, args: []string{way}, bench: b})
			}
		}
		if err := holdIdle(ctx, p.Here, members, idlers); err != nil {
			return nil, err
		}
		for n := range p.Here.Rounds {
			for at, i := range idlers {
				all = record(all, n, at%2, []Reading{
					{What: way + ": memory per member", Unit: " KB", Value: i.memory[n] / 1024},
					{What: way + ": CPU per member", Unit: " µs/s", Value: i.cpu[n] / 1e3},
				})
			}
		}
	}
	return all, nil
}

func (i *idler) start(ctx context.Context, members int) (err error) {
	b := i.bench
	if i.server, err = b.start(ctx, i.kind, i.args...); err != nil {
		return err
	}
	if i.empty, err = i.server.Memory(); err != nil {
		return err
	}
	dialect := map[kind]string{salon: "salon", centrifuge: "centrifuge"}[i.kind]
	i.members, err = hold.Start(ctx, b.Hold, dialect, i.server.Addr, members, members/perRoom)
	return err
}

func (i *idler) stop() (err error) {
	if i.members != nil {
		err = i.members.Stop()
	}
	if i.server != nil {
		err = errors.Join(err, i.server.Stop())
	}
	return err
}

func idleWindow(ctx context.Context, d time.Duration, members int, idlers []*idler) error {
	before := make([]time.Duration, len(idlers))
	for n, i := range idlers {
		var err error
		if before[n], err = i.server.CPU(); err != nil {
			return err
		}
	}
	if err := wait(ctx, d); err != nil {
		return err
	}
	for n, i := range idlers {
		after, err := i.server.CPU()
		if err != nil {
			return err
		}
		memory, err := i.server.Memory()
		if err != nil {
			return err
		}
		i.cpu = append(i.cpu, float64(after-before[n])/d.Seconds()/float64(members))
		i.memory = append(i.memory, float64(memory.RSS)/float64(members))
	}
	return nil
}

func idleOutcome(members int, idlers []*idler) Outcome {
	o := Outcome{Columns: []string{"memory each", "of it before anyone came", "CPU each"}}
	for _, i := range idlers {
		o.Figures = append(o.Figures, Figure{i.name, []string{
			number(median(i.memory)/1024) + " KB", number(float64(i.empty.RSS)/1024/float64(members)) + " KB",
			number(median(i.cpu)/1e3) + " µs/s",
		}})
	}
	peer := idlers[len(idlers)-1]
	for _, i := range idlers[:len(idlers)-1] {
		var kilobytes, ratios []float64
		for n := range i.cpu {
			kilobytes = append(kilobytes, i.memory[n]/1024)
			ratios = append(ratios, i.cpu[n]/peer.cpu[n])
		}
		o.Verdicts = append(o.Verdicts,
			Verdict{What: i.name + ": memory per idle connection, whole process", Values: kilobytes, Reach: 8, Beyond: 4, Unit: " KB"},
			Verdict{What: i.name + ": CPU per idle connection against centrifuge", Values: ratios, Reach: 0.5, Beyond: 0.25, Unit: "×"},
		)
	}
	o.Notes = []string{fmt.Sprintf("memory is Rss of the process at the end of a window; the first window begins %v after the last join", settle)}
	return o
}

// wait waits for d.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
