package rows

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// Pair is two builds of Salon that are compared: the one of the sources around, and the other.
type Pair struct{ Here, Other *Bench }

func (p Pair) benches() [2]*Bench { return [2]*Bench{p.Here, p.Other} }

// runsEach is how often each build is measured in a round. Two runs of the same build show how far two runs differ by chance.
const runsEach = 2

// Reading is a figure of one run of one build.
type Reading struct {
	What, Unit string
	AtLeast    bool // more is better; else less is
	Value      float64
}

// Comparison is one figure of both builds.
type Comparison struct {
	Reading                // without a value
	runs    [2][][]float64 // of each build, of each round, of each run
}

// alternating compares by what once measures, in turns: here, other, here, other, and so on.
func alternating(once func(context.Context, *Bench) ([]Reading, error)) func(context.Context, Pair) ([]Comparison, error) {
	return func(ctx context.Context, p Pair) ([]Comparison, error) {
		var all []Comparison
		for n := range p.Here.Rounds {
			for range runsEach {
				for side, b := range p.benches() {
					readings, err := once(ctx, b)
					if err != nil {
						return nil, fmt.Errorf("%s, round %d: %w", b.Name, n+1, err)
					}
					all = record(all, n, side, readings)
					p.Here.say("  round %d: %-12s %s", n+1, b.Name, list(readings))
				}
			}
		}
		return all, nil
	}
}

// alternatingTakes is how long [alternating] takes where one run takes so long.
func alternatingTakes(once time.Duration) func(rounds int) time.Duration {
	return func(rounds int) time.Duration { return time.Duration(rounds*runsEach*2) * once }
}

// record adds a run of the build on a side in a round.
func record(all []Comparison, round, side int, readings []Reading) []Comparison {
	for _, r := range readings {
		at := slices.IndexFunc(all, func(c Comparison) bool { return c.What == r.What })
		if at < 0 {
			at = len(all)
			all = append(all, Comparison{Reading: r})
		}
		for s := range all[at].runs {
			for len(all[at].runs[s]) <= round {
				all[at].runs[s] = append(all[at].runs[s], nil)
			}
		}
		all[at].runs[side][round] = append(all[at].runs[side][round], r.Value)
	}
	return all
}

// Medians gives the median of all runs of each build.
func (c Comparison) Medians() (here, other float64) {
	return median(slices.Concat(c.runs[0]...)), median(slices.Concat(c.runs[1]...))
}

// Change gives by what share the figure here is more than the other: the median over the rounds.
func (c Comparison) Change() float64 {
	var changes []float64
	for n := range c.runs[0] {
		changes = append(changes, more(median(c.runs[0][n]), median(c.runs[1][n])))
	}
	return median(changes)
}

// Spread gives by what share two runs of the same build in the same round differed at most.
func (c Comparison) Spread() (spread float64) {
	for _, build := range c.runs {
		for _, runs := range build {
			spread = max(spread, more(slices.Max(runs), slices.Min(runs)))
		}
	}
	return spread
}

// more gives by what share a is more than b. Two figures that are 0 are the same.
func more(a, b float64) float64 {
	if a == b {
		return 0
	}
	return a/b - 1
}

// Mark says whether the build here is better or worse by more than the spread, or the same.
func (c Comparison) Mark() string {
	change := c.Change()
	if c.AtLeast {
		change = -change
	}
	switch spread := c.Spread(); {
	case math.IsNaN(change) || math.IsNaN(spread):
		return "NO FIGURE"
	case change > spread:
		return "WORSE"
	case -change > spread:
		return "better"
	}
	return "same"
}

// list writes readings in one line.
func list(readings []Reading) string {
	s := ""
	for i, r := range readings {
		if i > 0 {
			s += ", "
		}
		s += r.What + " " + number(r.Value) + r.Unit
	}
	return s
}
