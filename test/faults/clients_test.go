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

// talkers is how many clients talk at once; pace is how many texts they send together each second. More would only load the store
// that the suite runs on, which reads a whole collection for most queries.
const (
	talkers = 30
	pace    = 30.0
)

// rooms are the rooms that every client joins.
var rooms = []chat.RoomID{"attic", "cellar", "garden", "kitchen"}

// clients starts and ends the clients, and keeps those that ended, for their records.
type clients struct {
	tally *tally
	urls  []string
	talk  context.Context // ends when they are to stop talking for good
	quiet atomic.Bool     // they are not to talk for now
	seed  uint64

	mu     sync.Mutex // guards what follows
	here   []*person
	gone   []*person          // ended by a fault, or by themselves
	others []*checker.Witness // of visits
	begun  int                // so far
	visits int                // that got all their answers
	again  int                // sends that were repeated and acknowledged again
}

// enter starts n new clients.
func (c *clients) enter(n int) {
	for range n {
		c.add(c.begin("", ""))
	}
}

// begin starts a client, under a new name where name is empty.
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

// take removes one of the present clients and returns it; nil when none is left.
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

// present gives the clients that run now.
func (c *clients) present() []*person {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.here)
}

// several is how many clients one fault restarts at most.
const several = 4

// restart ends some clients without a close frame, and starts them again as new ones that know their token and nothing else: they
// ask for the log from its beginning.
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

// replace ends some clients for good, and starts others with tokens that no server gave out: they become new users.
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

// replaceEnded starts a new client for each that was refused for good, and says why they were.
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

// witnesses gives the records of all clients.
func (c *clients) witnesses() []*checker.Witness {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.others)
	for _, p := range slices.Concat(c.here, c.gone) {
		all = append(all, p.witness)
	}
	return all
}
