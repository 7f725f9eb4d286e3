package rows

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"salon/bench/internal/load"
	"salon/bench/internal/process"
)

const (
	crowd      = 10_000
	churn      = 0.01             // of the members, that go each second; as many come
	longAway   = 4 * time.Second  // at most, from going to coming: chance decides, so that the count is never the same for long
	presenceIn = 10 * time.Second // the window: not shorter when quick, as a crowd is told its count once a second
)

// churner has members leave the room and join it again, except those that count what they are told.
type churner struct {
	fleet  *load.Fleet
	rng    *rand.Rand
	turn   int   // goes next
	beats  int   // so far
	comes  []int // by beat, modulo their number: who comes then; -1 for nobody
	events int   // goings and comings so far
}

func newChurner(fleet *load.Fleet, beat time.Duration) *churner {
	return &churner{
		fleet: fleet, rng: rand.New(rand.NewPCG(2026, 11)), turn: 1,
		comes: slices.Repeat([]int{-1}, int(longAway/beat)),
	}
}

// beat has one member leave, and the member whose time has come join again.
func (c *churner) beat() {
	now := c.beats % len(c.comes)
	c.beats++
	if back := c.comes[now]; back >= 0 {
		c.say(back, fmt.Sprintf(`{"type":"join","room":%q,"last":0}`, load.RoomName(0)))
	}
	c.comes[now] = -1
	for c.fleet.IsFull(c.turn) {
		c.turn = (c.turn + 1) % c.fleet.Members()
	}
	at := c.rng.IntN(len(c.comes))
	for c.comes[at] >= 0 || at == now {
		at = (at + 1) % len(c.comes)
		if at == now { // all times are taken
			return
		}
	}
	c.say(c.turn, fmt.Sprintf(`{"type":"leave","room":%q}`, load.RoomName(0)))
	c.comes[at] = c.turn
	c.turn = (c.turn + 1) % c.fleet.Members()
}

func (c *churner) say(member int, request string) {
	c.fleet.Say(member, request)
	c.events++
}

// present tells how many members are in the room.
func (c *churner) present() int {
	n := c.fleet.Members()
	for _, member := range c.comes {
		if member >= 0 {
			n--
		}
	}
	return n
}

// crowded is a server with a room full of members that come and go.
type crowded struct {
	server *process.Server
	fleet  *load.Fleet
	churn  *churner
}

// fill starts a server, fills the room, and has members come and go until as many come as go. Empty it after use, after an
// error too.
func fill(ctx context.Context, b *Bench) (c crowded, err error) {
	if c.server, err = b.start(ctx, salon); err != nil {
		return c, err
	}
	members := b.scale(crowd)
	c.fleet, err = load.Connect(ctx, load.Plan{
		Dialect: load.Salon{}, Servers: []string{c.server.Addr}, Members: members, Rooms: 1, Sample: 50,
	})
	if err != nil {
		return c, err
	}
	beat := time.Duration(float64(time.Second) / (churn * float64(members)))
	c.churn = newChurner(c.fleet, beat)
	c.fleet.Pulse(beat, c.churn.beat)
	return c, c.fleet.Run(ctx, longAway)
}

func (c crowded) empty() error {
	if c.fleet != nil {
		c.fleet.Close()
	}
	if c.server != nil {
		return c.server.Stop()
	}
	return nil
}

// presenceWindow is what happened within [presenceIn].
type presenceWindow struct {
	events int     // goings and comings
	pushes float64 // that a member got
	cpu    float64 // of the server, in % of a core
}

func (c crowded) window(ctx context.Context) (w presenceWindow, err error) {
	events, pushes := c.churn.events, c.fleet.Counters().Presence
	used, err := c.server.CPU()
	if err != nil {
		return w, err
	}
	if err := c.fleet.Run(ctx, presenceIn); err != nil {
		return w, err
	}
	usedAfter, err := c.server.CPU()
	return presenceWindow{
		events: c.churn.events - events,
		pushes: float64(c.fleet.Counters().Presence-pushes) / float64(c.fleet.FullMembers()),
		cpu:    (usedAfter - used).Seconds() / presenceIn.Seconds() * 100,
	}, err
}

// runPresence counts what is told about who is there, against one push per coming or going and member.
func runPresence(ctx context.Context, b *Bench) (_ Outcome, err error) {
	c, err := fill(ctx, b)
	defer func() { err = errors.Join(err, c.empty()) }()
	if err != nil {
		return Outcome{}, err
	}
	var factors, pushes, cost []float64
	for n := range b.Rounds {
		w, err := c.window(ctx)
		if err != nil {
			return Outcome{}, err
		}
		factors = append(factors, float64(w.events)/max(1, w.pushes))
		pushes = append(pushes, w.pushes/presenceIn.Seconds())
		cost = append(cost, w.cpu)
		b.say("  window %d: %d went or came, %.1f pushes to each member", n+1, w.events, w.pushes)
	}
	if err := c.churn.check(ctx, c.server); err != nil {
		return Outcome{}, err
	}
	return Outcome{
		Columns: []string{"pushes/s to each member", "server's CPU"},
		Figures: []Figure{{"salon", []string{number(median(pushes)), number(median(cost)) + " %"}}},
		Verdicts: []Verdict{{
			What: "fewer pushes than one per event and member", Values: factors, Reach: 50, Beyond: 200, AtLeast: true, Unit: "×",
		}},
	}, nil
}

// presenceTakes is how long one run takes, on two cores with nothing beside.
const presenceTakes = 25 * time.Second

// presenceReadings measures one window of a new server.
func presenceReadings(ctx context.Context, b *Bench) (_ []Reading, err error) {
	c, err := fill(ctx, b)
	defer func() { err = errors.Join(err, c.empty()) }()
	if err != nil {
		return nil, err
	}
	w, err := c.window(ctx)
	if err != nil {
		return nil, err
	}
	return []Reading{
		{What: "pushes/s to each member", Value: w.pushes / presenceIn.Seconds()},
		{What: "server's CPU", Unit: " %", Value: w.cpu},
	}, c.churn.check(ctx, c.server)
}

// check ends the coming and going, and has the server count: it must have followed.
func (c *churner) check(ctx context.Context, server *process.Server) error {
	c.fleet.Pulse(0, nil)
	var there float64
	for range 50 {
		if err := c.fleet.Run(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		var err error
		if there, err = metric(ctx, server, "salon_members"); err != nil || int(there) == c.present() {
			return err
		}
	}
	return fmt.Errorf("the server has %.0f members in the room, there are %d", there, c.present())
}
