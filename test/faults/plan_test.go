package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// nodes is how many nodes there are.
const nodes = 3

// fault is one thing that goes wrong for a while.
type fault struct {
	kind    *kind
	node    int           // the node that it is done to; -1 for none in particular
	at      time.Duration // after the beginning of its burst
	lasts   time.Duration // until it is healed
	targets []string      // places to which no other fault is done meanwhile
	seed    uint64        // seed of its own choices
}

func (f fault) String() string {
	s := f.kind.name
	if f.node >= 0 {
		s += fmt.Sprint(" ", f.node+1)
	}
	return fmt.Sprintf("%s for %v", s, f.lasts.Round(10*time.Millisecond))
}

func (f fault) overlaps(g fault) bool {
	return f.at < g.at+g.lasts && g.at < f.at+f.lasts &&
		slices.ContainsFunc(f.targets, func(t string) bool { return slices.Contains(g.targets, t) })
}

// planner draws bursts of faults. The same seed and size draw the same bursts, whatever happens in the run.
type planner struct {
	rand *rand.Rand
	size size
	deck []*kind // kinds that are drawn before any is drawn again
}

// size is how much of everything there is in a burst.
type size struct {
	burst  time.Duration // the time in which faults begin
	faults int           // in one burst
	stop   time.Duration // how long a stopped node stays so; more than a lease, so that it is given up
}

// sizeOf gives the size for a run: a short one has many short bursts, so that each kind comes at least once.
func sizeOf(whole time.Duration) size {
	if whole < 3*time.Minute {
		return size{burst: 6 * time.Second, faults: 8, stop: 7 * time.Second}
	}
	return size{burst: 15 * time.Second, faults: 12, stop: 20 * time.Second}
}

func newPlanner(seed uint64, s size) *planner {
	return &planner{rand: rand.New(rand.NewPCG(seed, 0)), size: s}
}

// next draws a burst, its faults in the order of their beginnings.
func (p *planner) next() []fault {
	var burst []fault
	var late []*kind // found no free place in this burst
	for tries := 0; len(burst) < p.size.faults && tries < 5*p.size.faults; tries++ {
		k := p.draw()
		f := p.place(k)
		for more := 0; more < 20 && slices.ContainsFunc(burst, f.overlaps); more++ {
			f = p.place(k)
		}
		if slices.ContainsFunc(burst, f.overlaps) {
			late = append(late, k)
		} else {
			burst = append(burst, f)
		}
	}
	p.deck = append(late, p.deck...)
	slices.SortStableFunc(burst, func(f, g fault) int { return int(f.at - g.at) })
	return burst
}

// silenceAt gives when in a burst the clients stop talking, so that something may be lost between nodes unnoticed: in the middle of a
// fault at Redis, if there is one.
func (p *planner) silenceAt(burst []fault) time.Duration {
	for _, f := range burst {
		if f.kind.where == atRedis && f.lasts > 0 || f.kind.where == atRedisLink {
			return f.at + f.lasts/2
		}
	}
	return p.size.burst / 2
}

func (p *planner) draw() *kind {
	if len(p.deck) == 0 {
		for i := range kinds {
			p.deck = append(p.deck, &kinds[i])
		}
		p.rand.Shuffle(len(p.deck), func(i, j int) { p.deck[i], p.deck[j] = p.deck[j], p.deck[i] })
	}
	k := p.deck[0]
	p.deck = p.deck[1:]
	return k
}

// place gives a fault of a kind a time and a target.
func (p *planner) place(k *kind) fault {
	f := fault{kind: k, node: -1, at: p.between(0, p.size.burst), lasts: p.between(k.shortest, k.longest), seed: p.rand.Uint64()}
	switch {
	case k.name == stopNode:
		f.lasts = p.size.stop
	case k.name == clientsRestart, k.name == clientsStale, k.name == clientsVisit:
		return f // several of these may happen at once
	}
	switch k.where {
	case atEveryStoreLink:
		for n := range nodes {
			f.targets = append(f.targets, fmt.Sprint(atStoreLink, n))
		}
	case atRedis:
		f.targets = []string{string(atRedis)}
	default:
		f.node = p.rand.IntN(nodes)
		f.targets = []string{fmt.Sprint(k.where, f.node)}
	}
	return f
}

func (p *planner) between(a, b time.Duration) time.Duration {
	if b <= a {
		return a
	}
	return a + time.Duration(p.rand.Int64N(int64(b-a)))
}

func TestPlan(t *testing.T) {
	for seed := range uint64(200) {
		for _, whole := range []time.Duration{time.Minute, 10 * time.Minute} {
			checkPlan(t, seed, whole)
		}
	}
}

func checkPlan(t *testing.T, seed uint64, whole time.Duration) {
	p, again := newPlanner(seed, sizeOf(whole)), newPlanner(seed, sizeOf(whole))
	had := map[string]int{}
	for range 4 {
		burst := p.next()
		if fmt.Sprint(burst) != fmt.Sprint(again.next()) {
			t.Fatalf("seed %d draws another plan the second time", seed)
		}
		for i, f := range burst {
			had[f.kind.name]++
			if f.at > p.size.burst || f.lasts > 21*time.Second {
				t.Fatalf("seed %d: %v is not bounded", seed, f)
			}
			if slices.ContainsFunc(burst[:i], f.overlaps) {
				t.Fatalf("seed %d: two faults at once in one place: %v", seed, burst)
			}
		}
	}
	for i := range kinds {
		if had[kinds[i].name] == 0 {
			t.Errorf("seed %d, %v: never: %s", seed, whole, kinds[i].name)
		}
	}
}
