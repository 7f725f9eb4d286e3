// Package faults runs three nodes on Redis and a MongoDB-compatible server, with a faulty proxy in every link. Clients talk while
// everything goes wrong that can. Then what each client was told is compared with the history.
//
// What goes wrong is drawn from a seed, which is printed. TIME and SEED in the environment set how long and which; see README.md.
//
// The test's goroutine owns the world. It starts a goroutine for each fault of a burst, and waits for all of them. Until a fault is
// healed, no other fault is done to the same place.
package faults

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/test/checker"
	"salon/test/harness"
)

// TestFaults is the suite.
func TestFaults(t *testing.T) {
	whole, seed := settings(t)
	replay := fmt.Sprintf("make faults TIME=%v SEED=%d", whole, seed)
	t.Logf("to replay: %s", replay)
	ctx, cancel := context.WithTimeout(t.Context(), 2*whole+10*harness.Patience) // ends a test that hangs
	defer cancel()
	w := start(t)
	r := &report{faults: map[string]int{}, wire: &tally{}}
	talk, stopTalk := context.WithCancel(ctx)
	defer stopTalk()
	w.startClients(t, talk, seed, r.wire)
	if err := w.awaitRecovery(ctx, t, r); err != nil {
		t.Fatalf("before any fault: %v", err)
	}
	r.recoveries = nil // this one was from no fault
	plan := newPlanner(seed, sizeOf(whole))
	for began, n := time.Now(), 0; time.Since(began) < whole && !t.Failed(); n++ {
		w.burst(ctx, t, plan, n%3 > 0, r)
		if err := w.awaitRecovery(ctx, t, r); err != nil {
			t.Errorf("after the faults: %v", err)
		}
		w.clients.quiet.Store(false)
	}
	stopTalk()
	w.judge(ctx, t, r)
	t.Logf("%s\nto replay: %s", r, replay)
	if r.broken() > 0 {
		t.Error("promises were broken")
	}
}

func settings(t *testing.T) (whole time.Duration, seed uint64) {
	whole, seed = time.Minute, rand.Uint64N(1_000_000)
	var err error
	if s := os.Getenv("TIME"); s != "" {
		if whole, err = time.ParseDuration(s); err != nil {
			t.Fatalf("TIME: %v", err)
		}
	}
	if s := os.Getenv("SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("SEED: %v", err)
		}
	}
	return whole, seed
}

// startClients starts the clients that talk, and one at each node that only listens and stays there.
func (w *world) startClients(t *testing.T, talk context.Context, seed uint64, wire *tally) {
	w.clients = &clients{tally: wire, talk: talk, seed: seed}
	for i, n := range w.nodes {
		w.clients.urls = append(w.clients.urls, n.url())
		w.watchers = append(w.watchers, begin(talk, origin{name: fmt.Sprint("watcher ", i+1), urls: []string{n.url()}}, wire))
	}
	w.clients.enter(talkers)
	t.Cleanup(func() {
		for _, p := range w.everybody() {
			p.leave()
		}
	})
}

// burst makes the next faults of the plan, and returns when all are healed. With silence the clients stop talking in the middle of
// it, so that no later message reveals what is lost between nodes then.
func (w *world) burst(ctx context.Context, t *testing.T, plan *planner, silence bool, r *report) {
	faults := plan.next()
	if silence {
		timer := time.AfterFunc(plan.silenceAt(faults), func() { w.clients.quiet.Store(true) })
		defer timer.Stop()
	}
	var work sync.WaitGroup
	for _, f := range faults {
		r.faults[f.kind.name]++
		t.Logf("+%-6v %v", f.at.Round(10*time.Millisecond), f)
		work.Go(func() {
			pause(ctx, f.at)
			defer w.places.hold(f.targets)()
			if err := f.kind.do(ctx, w, f); err != nil {
				t.Errorf("%v: %v", f, err)
			}
		})
	}
	work.Wait()
}

// awaitRecovery waits until everything is as it should be, and notes how long that took.
func (w *world) awaitRecovery(ctx context.Context, t *testing.T, r *report) error {
	ctx, cancel := context.WithTimeout(ctx, harness.Patience)
	defer cancel()
	c, err := w.settle(ctx, func(why []error) { r.ended = append(r.ended, why...) })
	r.recoveries = append(r.recoveries, c)
	t.Log(c)
	if err != nil {
		return err
	}
	return w.clients.visit(ctx, fault{lasts: 2 * time.Second, seed: uint64(len(r.recoveries))})
}

// judge waits until everything that was sent is acknowledged and every client has seen everything, and counts the broken promises.
func (w *world) judge(ctx context.Context, t *testing.T, r *report) {
	waiting, cancel := context.WithTimeout(ctx, harness.Patience)
	defer cancel()
	for _, p := range w.everybody() {
		if err := p.Flush(waiting); err != nil {
			t.Errorf("%s still has %d to send: %v", p.name, p.Pending(), err)
		}
	}
	late := w.late(ctx, t, r)
	logs := w.seenByAll(ctx, t, append(late, w.everybody()...))
	for _, p := range late {
		p.end()
		<-p.ended
	}
	all := w.clients.witnesses()
	for _, p := range append(late, w.watchers...) {
		all = append(all, p.witness)
	}
	r.verdict = checker.Check(logs, all)
	r.visits, r.again = w.clients.visits, w.clients.again
	for _, p := range slices.Concat(w.everybody(), w.clients.gone) {
		r.losses, r.refused, r.resets = r.losses+p.losses, r.refused+p.refused, r.resets+p.resets
	}
}

// late starts a client at each node now, to be shown the whole logs by that node.
func (w *world) late(ctx context.Context, t *testing.T, r *report) (late []*person) {
	for i, n := range w.nodes {
		p := begin(ctx, origin{name: fmt.Sprint("latecomer ", i+1), urls: []string{n.url()}}, r.wire)
		t.Cleanup(p.leave)
		late = append(late, p)
	}
	return late
}

// seenByAll waits until every client was shown everything that is stored, and gives the logs.
func (w *world) seenByAll(ctx context.Context, t *testing.T, all []*person) map[chat.RoomID][]chat.Event {
	waiting, cancel := context.WithTimeout(ctx, harness.Patience)
	defer cancel()
	for {
		logs := w.mustRead(ctx, t)
		for _, p := range all {
			if err := until(waiting, func() error { return sawAll(p, logs) }); err != nil {
				t.Error(err)
			}
		}
		again := w.mustRead(ctx, t)
		if length(again) == length(logs) || waiting.Err() != nil { // else something came into the store late
			return again
		}
	}
}

func (w *world) mustRead(ctx context.Context, t *testing.T) map[chat.RoomID][]chat.Event {
	logs, err := w.logs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return logs
}

func sawAll(p *person, logs map[chat.RoomID][]chat.Event) error {
	for room, log := range logs {
		if last := p.witness.Last(room); last < uint64(len(log)) {
			return fmt.Errorf("%s was shown %s up to %d of %d", p.name, room, last, len(log))
		}
	}
	return nil
}

func length(logs map[chat.RoomID][]chat.Event) (n int) {
	for _, log := range maps.All(logs) {
		n += len(log)
	}
	return n
}
