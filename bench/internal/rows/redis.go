package rows

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"salon/bench/internal/load"
	"salon/bench/internal/process"
)

// stack is what two nodes share.
type stack struct {
	redis *process.Server
	mongo *process.Server // nil where the nodes share no history
	nodes []*process.Server
}

// overNodes is a row in which two nodes share a room.
type overNodes struct {
	name, title string
	work        work
	variants    []variant
	judge       func(rounds) []Verdict
	compared    variant       // of Salon's, that two builds are compared in
	compare     []reading     // by which they are
	takes       time.Duration // one run, on two cores with nothing beside
}

var byRedis = reading{what: "CPU of Redis per delivery", unit: " ns", of: cpu}

func redisRows() []overNodes {
	steady := work{members: 1000, rooms: 1, senders: 10, rate: 200, warm: time.Second, time: 4 * time.Second}
	hot := work{members: 1000, rooms: 1, senders: senders, press: press, warm: time.Second, time: 3 * time.Second}
	peers := []variant{{name: "Redis under salon", kind: salon}, {name: "Redis under centrifuge", kind: centrifuge}}
	ours := []variant{{name: "two nodes", kind: salon}, {name: "one node", kind: salon, nodes: 1}}
	return []overNodes{
		{"redis", "two nodes, 1,000 members in a room over both, 200 messages/s", steady, peers, againstPeer,
			peers[0], []reading{byRedis}, 20 * time.Second},
		{"redis-hot", "two nodes, 1,000 members in a room over both, as many messages as go", hot, peers, againstPeer,
			peers[0], []reading{byRate, byRedis}, 20 * time.Second},
		{"nodes", "two nodes against one, 1,000 members in a room, as many messages as go", hot, ours, againstOne,
			ours[1], []reading{byRate, byRedis}, 18 * time.Second}, // two nodes are compared in redis-hot
	}
}

func againstPeer(r rounds) []Verdict {
	return []Verdict{{What: "CPU of Redis per delivery against centrifuge", Values: r.ratio(0, 1, cpu), Reach: 0.3, Beyond: 0.1, Unit: "×"}}
}

// againstOne has no target: both nodes, Redis, the history and the load share the machine's cores.
func againstOne(r rounds) []Verdict {
	return []Verdict{
		{What: "deliveries per second of two nodes against one", Values: r.ratio(0, 1, rate), Reach: none, Beyond: none, Unit: "×"},
		{What: "CPU of Redis per delivery of two nodes against one", Values: r.ratio(0, 1, cpu), Reach: none, Beyond: none, Unit: "×"},
	}
}

// run compares what Redis does for one delivery, for Salon and for centrifuge. Salon's history is on a
// MongoDB-compatible server, which is good enough for this figure and for no other.
func (row overNodes) run(ctx context.Context, b *Bench) (Outcome, error) {
	if ok, err := takesRedis(ctx, b); err != nil || !ok {
		return Outcome{Notes: []string{"this salon has no --redis and --mongo: nothing to measure yet"},
			Verdicts: []Verdict{{What: "CPU of Redis per delivery against centrifuge", Reach: 0.3, Beyond: 0.1, Unit: "×"}}}, err
	}
	ferretdb, err := b.ferretdb(ctx)
	if err != nil {
		return Outcome{}, err
	}
	var all rounds
	for n := range b.Rounds {
		var current []sample
		for _, v := range row.variants {
			s, err := row.once(ctx, b, v, ferretdb)
			if err != nil {
				return Outcome{}, fmt.Errorf("%s, round %d: %w", v.name, n+1, err)
			}
			b.say("  round %d: %-24s %9.0f deliveries/s  %6.1f ns each", n+1, v.name, s.rate, s.cpu)
			current = append(current, s)
		}
		all = append(all, current)
	}
	return Outcome{
		Columns: sampleColumns, Figures: all.figures(row.variants),
		Verdicts: row.judge(all),
		Notes:    []string{"CPU each is that of Redis"},
	}, nil
}

// readings has Salon's nodes do the work once, over the MongoDB-compatible server of its own sources.
func (row overNodes) readings(ctx context.Context, b *Bench) ([]Reading, error) {
	ferretdb, err := b.ferretdb(ctx)
	if err != nil {
		return nil, err
	}
	s, err := row.once(ctx, b, row.compared, ferretdb)
	return s.read(row.compare), err
}

// ferretdb builds the MongoDB-compatible server that belongs to Salon's sources, where that is not done yet.
func (b *Bench) ferretdb(ctx context.Context) (program string, err error) {
	program = b.Programs.Salon + "-ferretdb"
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	b.say("  builds the MongoDB-compatible server of %s", b.Tree)
	return program, process.BuildOne(ctx, filepath.Join(b.Tree, "test", "ferretdb"), ".", program)
}

func takesRedis(ctx context.Context, b *Bench) (bool, error) {
	help, err := exec.CommandContext(ctx, b.Programs.Salon, "serve", "--help").Output()
	if err != nil {
		return false, fmt.Errorf("salon serve --help: %w", err)
	}
	return bytes.Contains(help, []byte("--redis")) && bytes.Contains(help, []byte("--mongo")), nil
}

func (row overNodes) once(ctx context.Context, b *Bench, v variant, ferretdb string) (s sample, err error) {
	st := &stack{}
	defer func() { err = errors.Join(err, st.stop()) }()
	if err := st.start(ctx, b, v, ferretdb); err != nil {
		return s, err
	}
	w := row.work.scaled(b)
	var addrs []string
	for _, node := range st.nodes {
		addrs = append(addrs, node.Addr)
	}
	plan := w.plan(v, addrs...)
	plan.AtOnce = 16 // the MongoDB-compatible server is slow with many new users at once
	fleet, err := load.Connect(ctx, plan)
	if fleet != nil {
		defer fleet.Close()
	}
	if err != nil {
		return s, err
	}
	w.send(fleet)
	if err := fleet.Run(ctx, w.warm); err != nil {
		return s, err
	}
	if s, err = window(ctx, fleet, w.time, st.redis); err != nil {
		return s, err
	}
	return s, fleet.Drain(ctx)
}

// start starts what the nodes share, and the nodes.
func (st *stack) start(ctx context.Context, b *Bench, v variant, ferretdb string) (err error) {
	dir, err := os.MkdirTemp(b.Dir, "data-")
	if err != nil {
		return err
	}
	port, err := process.FreePort()
	if err != nil {
		return err
	}
	st.redis, err = process.Start(ctx, b.Dir, "redis", "redis-server", port, "--bind", "127.0.0.1", "--port", strconv.Itoa(port),
		"--dir", dir, "--save", "", "--appendonly", "no")
	if err != nil {
		return err
	}
	args := []string{"-redis", st.redis.Addr}
	if v.kind == salon {
		if port, err = process.FreePort(); err != nil {
			return err
		}
		st.mongo, err = process.Start(ctx, b.Dir, "ferretdb", ferretdb, port, "-listen", "127.0.0.1:"+strconv.Itoa(port), "-dir", dir)
		if err != nil {
			return err
		}
		args = []string{"--redis", "redis://" + st.redis.Addr, "--mongo", "mongodb://" + st.mongo.Addr + "/salon"}
	}
	for range cmp.Or(v.nodes, 2) {
		node, err := b.start(ctx, v.kind, args...)
		if err != nil {
			return err
		}
		st.nodes = append(st.nodes, node)
	}
	return nil
}

func (st *stack) stop() (err error) {
	for _, s := range append(st.nodes, st.mongo, st.redis) {
		if s != nil {
			err = errors.Join(err, s.Stop())
		}
	}
	return err
}
