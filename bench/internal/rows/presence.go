package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"salon/bench/internal/load"
)

const (
	crowd      = 10_000
	churn      = 0.01            // of the members, that go and come each second
	awayFor    = 2 * time.Second // from going to coming
	presenceIn = 5 * time.Second // the window
)

// churner has members go and come, in turn, but for those that count.
type churner struct {
	fleet  *load.Fleet
	next   int
	away   []int // who went, the longest away first
	most   int   // how many are away at once
	events int   // goings and comings
}

func (c *churner) step() {
	for c.fleet.IsFull(c.next) {
		c.next = (c.next + 1) % c.fleet.Members()
	}
	c.say(c.next, fmt.Sprintf(`{"type":"leave","room":%q}`, load.RoomName(0)))
	c.away = append(c.away, c.next)
	c.next = (c.next + 1) % c.fleet.Members()
	if len(c.away) > c.most {
		c.say(c.away[0], fmt.Sprintf(`{"type":"join","room":%q,"last":0}`, load.RoomName(0)))
		c.away = c.away[1:]
	}
}

func (c *churner) say(member int, request string) {
	c.fleet.Say(member, request)
	c.events++
}

// runPresence counts what is told about who is there, against one push per coming or going and member.
func runPresence(ctx context.Context, b *Bench) (_ Outcome, err error) {
	server, err := b.start(ctx, salon)
	if err != nil {
		return Outcome{}, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	members := b.scale(crowd)
	fleet, err := load.Connect(ctx, load.Plan{
		Dialect: load.Salon{}, Servers: []string{server.Addr}, Members: members, Rooms: 1, Sample: 50,
	})
	if fleet != nil {
		defer fleet.Close()
	}
	if err != nil {
		return Outcome{}, err
	}
	each := time.Duration(float64(time.Second) / (churn * float64(members)))
	c := &churner{fleet: fleet, next: 1, most: int(awayFor / each)}
	fleet.Pulse(each, c.step)
	if err := fleet.Run(ctx, b.span(3*awayFor)); err != nil {
		return Outcome{}, err
	}
	var factors, pushes, cost []float64
	for n := range b.Rounds {
		events, before := c.events, fleet.Counters().Presence
		cpuBefore, err := server.CPU()
		if err != nil {
			return Outcome{}, err
		}
		if err := fleet.Run(ctx, presenceIn); err != nil { // not shorter when quick: a crowd is told its count once a second
			return Outcome{}, err
		}
		cpuAfter, err := server.CPU()
		if err != nil {
			return Outcome{}, err
		}
		each := float64(fleet.Counters().Presence-before) / float64(fleet.FullMembers())
		factors = append(factors, float64(c.events-events)/each)
		pushes = append(pushes, each/presenceIn.Seconds())
		cost = append(cost, (cpuAfter-cpuBefore).Seconds()/presenceIn.Seconds()*100)
		b.say("  window %d: %d went or came, %.1f pushes to each member", n+1, c.events-events, each)
	}
	return Outcome{
		Columns: []string{"pushes/s to each member", "server's CPU"},
		Figures: []Figure{{"salon", []string{number(median(pushes)), number(median(cost)) + " %"}}},
		Verdicts: []Verdict{{
			What: "fewer pushes than one per event and member", Values: factors, Reach: 50, Beyond: 200, AtLeast: true, Unit: "×",
		}},
	}, nil
}
