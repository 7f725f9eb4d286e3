package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"salon/internal/chat"
	"salon/test/checker"
)

// talkers is how many clients talk at once; pace is how many texts they send together each second. The store that the suite runs
// on reads whole collections for most questions, so that more would measure it.
const (
	talkers = 30
	pace    = 30.0
)

// rooms are where everybody is.
var rooms = []chat.RoomID{"attic", "cellar", "garden", "kitchen"}

// clients is all the clients that there are and were.
type clients struct {
	tally *tally
	urls  []string
	talk  context.Context // ends when they are to fall silent for good
	quiet atomic.Bool     // they are to be silent for now
	seed  uint64

	mu     sync.Mutex // guards what follows
	here   []*person
	gone   []*person // ended by a fault, or by themselves
	others []*checker.Witness
	begun  int
	visits int // that got all their answers
	again  int // sends that were repeated and acknowledged again
}

// enter begins n people.
func (c *clients) enter(n int) {
	for range n {
		c.add(c.begin("", ""))
	}
}

// begin begins a person; with no name, under a new one.
func (c *clients) begin(name, token string) *person {
	c.mu.Lock()
	c.begun++
	n := c.begun
	c.mu.Unlock()
	if name == "" {
		name = fmt.Sprint("person ", n)
	}
	urls := make([]string, len(c.urls))
	for i := range urls {
		urls[i] = c.urls[(n+i)%len(urls)]
	}
	return begin(c.talk, origin{
		name: name, token: token, urls: urls, pace: pace / talkers, quiet: &c.quiet, seed: c.seed + uint64(n),
	}, c.tally)
}

func (c *clients) add(p *person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.here = append(c.here, p)
}

// take takes one of the clients out; nil when nobody is left.
func (c *clients) take(rng *rand.Rand) *person {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.here) == 0 {
		return nil
	}
	i := rng.IntN(len(c.here))
	p := c.here[i]
	c.here = slices.Delete(c.here, i, i+1)
	c.gone = append(c.gone, p)
	return p
}

// present gives those who are here now.
func (c *clients) present() []*person {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.here)
}

// at most this many clients are restarted by one fault.
const several = 4

// restart ends some clients without goodbye, and begins them again as new processes that know their token and nothing else: their
// since is as old as can be.
func (c *clients) restart(ctx context.Context, f fault) error {
	rng := rand.New(rand.NewPCG(f.seed, 0))
	var ended []*person
	for range 1 + rng.IntN(several) {
		if p := c.take(rng); p != nil {
			p.crash()
			ended = append(ended, p)
		}
	}
	pause(ctx, f.lasts)
	for _, p := range ended {
		token, _ := p.credentials()
		c.add(c.begin(p.name, token))
	}
	return nil
}

// replace has some clients leave for good, and others come with tokens that nobody gave out: they become new users.
func (c *clients) replace(ctx context.Context, f fault) error {
	rng := rand.New(rand.NewPCG(f.seed, 0))
	n := 0
	for range 1 + rng.IntN(several) {
		p := c.take(rng)
		if p == nil {
			continue
		}
		n++
		if rng.IntN(2) == 0 {
			p.crash()
		} else {
			p.leave()
		}
	}
	pause(ctx, f.lasts)
	for range n {
		c.add(c.begin("", chat.NewToken()))
	}
	return nil
}

// replaceEnded begins somebody new for each who was refused for good, and says why they were.
func (c *clients) replaceEnded() (why []error) {
	c.mu.Lock()
	n := len(c.here)
	c.here = slices.DeleteFunc(c.here, func(p *person) bool {
		if !p.gone() {
			return false
		}
		p.witness.Gone()
		c.gone = append(c.gone, p)
		why = append(why, fmt.Errorf("%s: %w", p.name, p.err))
		return true
	})
	n -= len(c.here)
	c.mu.Unlock()
	c.enter(n)
	return why
}

// witnesses gives all that bear witness.
func (c *clients) witnesses() []*checker.Witness {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.others)
	for _, p := range slices.Concat(c.here, c.gone) {
		all = append(all, p.witness)
	}
	return all
}
