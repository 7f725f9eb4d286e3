package scale

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"salon/internal/broker/redis"
	"salon/internal/chat"
)

func TestSlot(t *testing.T) {
	for key, want := range map[string]int{
		"123456789":          0x31C3, // the specification's own example
		"{123456789}.rooms":  0x31C3,
		"a{123456789}{x}":    0x31C3,
		"":                   0,
		"salon:{7}:node:n_a": Slot("7"),
	} {
		if got := Slot(key); got != want {
			t.Errorf("%q is in slot %d, want %d", key, got, want)
		}
	}
	if Slot("{}1") == Slot("") {
		t.Error("an empty tag counts as one")
	}
}

func TestSpread(t *testing.T) {
	var keys []string
	for i := range Partitions {
		keys = append(keys, fmt.Sprintf("salon:partition:%d", i))
	}
	for _, primaries := range []int{1, 3, 32} {
		held, sum := Spread(keys, primaries), 0
		for _, n := range held {
			sum += n
		}
		if len(held) != primaries || sum != Partitions {
			t.Errorf("%d primaries: %v", primaries, held)
		}
	}
}

func TestBSON(t *testing.T) {
	if got := document(text(5, 5)); got != 22 { // {"hello": "world"}, the example of the specification
		t.Errorf("%d bytes", got)
	}
	e := Event{Room: 5, Kind: 7, User: 18, Name: 3, Color: 7, CID: 16, Text: 5}
	if got := e.BSON(); got != 205 { // as the driver writes the event of docs/SCHEMA.md
		t.Errorf("%d bytes", got)
	}
}

func TestFit(t *testing.T) {
	x, y := []float64{1, 2, 3, 4}, []float64{1, 4, 9, 16}
	var z []float64
	for i := range x {
		z = append(z, 3*x[i]+0.5*y[i])
	}
	if got, err := Fit(x, y, z); err != nil || math.Abs(got.X-3) > 1e-9 || math.Abs(got.Y-0.5) > 1e-9 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Fit(x, x, z); err == nil {
		t.Errorf("two that are the same were told apart: %+v", got)
	}
}

// The chance has a closed form; a simulation has to come to the same.
func TestChances(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const tries = 20_000
	nodes, rooms := 0, 10
	for range tries {
		seen := map[int]bool{}
		for range rooms {
			seen[rng.IntN(40)] = true
		}
		nodes += len(seen)
	}
	if got, want := float64(nodes)/tries, NodesOfRoom(40, float64(rooms)); math.Abs(got-want) > 0.05 {
		t.Errorf("a room is on %.2f nodes in the simulation, %.2f by the formula", got, want)
	}
}

func costs(t *testing.T) (c Costs) {
	t.Helper()
	c.Register(flag.NewFlagSet("", flag.PanicOnError))
	return c
}

// value gives the figure of the first line that begins so.
func value(t *testing.T, lines []Line, what string) float64 {
	t.Helper()
	i := slices.IndexFunc(lines, func(l Line) bool { return strings.HasPrefix(l.What, what) })
	if i < 0 {
		t.Fatalf("no line %q", what)
	}
	return lines[i].Value
}

func TestPlansGrowAsTheyShould(t *testing.T) {
	c := costs(t)
	m := Many{Members: 1e6, Each: 2, Size: 10, Rate: 0.1}
	twice := m
	twice.Members *= 2
	together := m
	together.ByRoom = true
	for _, test := range []struct {
		what          string
		before, after []Line
		want          float64
	}{
		{"nodes", m.Plan(c), twice.Plan(c), 2},
		{"Redis: probes", m.Plan(c), twice.Plan(c), 4},
		{"MongoDB: writes", m.Plan(c), twice.Plan(c), 2},
		{"rooms on one node", together.Plan(c), twice.Plan(c), 9.48}, // on 9.5 of 80 nodes each, not on one
		{"Redis: memory", together.Plan(c), m.Plan(c), 1},
		{"deliveries", Crowd{Members: 1e5, Rate: 20}.Plan(c), Crowd{Members: 1e5, Rate: 200}.Plan(c), 10},
		{"frames", Crowd{Members: 1e5, Rate: 200, Tick: 100}.Plan(c), Crowd{Members: 1e5, Rate: 200}.Plan(c), 20},
		{"documents", Stored{Events: 1e9, Event: SampleEvent()}.Plan(c), Stored{Events: 1e10, Event: SampleEvent()}.Plan(c), 10},
	} {
		if got := value(t, test.after, test.what) / value(t, test.before, test.what); math.Abs(got-test.want) > 0.01*test.want {
			t.Errorf("%s: %.3f times as much, want %.3f", test.what, got, test.want)
		}
	}
}

// TestPartitionsAreThePrograms holds this package's copy of where rooms go to what the program does.
func TestPartitionsAreThePrograms(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx := t.Context()
	lab, err := Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	b := redis.Open(lab.target(), chat.NewNodeID(), func(chat.RoomID, []byte) {}, redis.Options{})
	defer b.Close()
	s := lab.presence()
	defer s.Close(context.WithoutCancel(ctx))
	var want []string
	for i, room := range roomPerPartition() {
		if err := patiently(ctx, func() error { return b.Subscribe(ctx, room) }); err != nil {
			t.Fatal(err)
		}
		if err := join(ctx, s, room, i); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("salon:partition:%d", i))
	}
	slices.Sort(want)
	channels, err := lab.client.Do(ctx, lab.client.B().PubsubShardchannels().Pattern("salon:partition:*").Build()).AsStrSlice()
	slices.Sort(channels)
	if err != nil || !slices.Equal(channels, want) {
		t.Errorf("the broker is in %d channels, %v: %v", len(channels), err, channels)
	}
	buckets, err := lab.client.Do(ctx, lab.client.B().Keys().Pattern("salon:{*}:rooms").Build()).AsStrSlice()
	if err != nil || len(buckets) != Partitions {
		t.Errorf("presence is in %d buckets, %v", len(buckets), err)
	}
}
