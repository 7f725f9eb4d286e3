// Package faults runs three nodes on Redis and a MongoDB-compatible server, with a bad proxy in every link, lets people talk
// while everything goes wrong that can, and then holds what each was told against the history.
//
// What goes wrong is drawn from a seed, which is printed. TIME and SEED in the environment set how long and which; see README.md.
//
// The test's goroutine owns the world and starts each burst's faults, one goroutine for each, which it waits for. A place that a
// fault is done to is that fault's alone until it is healed.
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
	ctx, cancel := context.WithTimeout(t.Context(), 2*whole+5*time.Minute)
	defer cancel()
	w := start(t)
	r := &report{faults: map[string]int{}, wire: &tally{}}
	talk, hush := context.WithCancel(ctx)
	defer hush()
	w.people(t, talk, seed, r.wire)
	if err := w.calmDown(ctx, r); err != nil {
		t.Fatalf("before any fault: %v", err)
	}
	r.calms = nil // so far nothing had gone wrong
	plan := newPlanner(seed, sizeOf(whole))
	for began := time.Now(); time.Since(began) < whole && !t.Failed(); {
		w.burst(ctx, t, plan.next(), r)
		if err := w.calmDown(ctx, r); err != nil {
			t.Errorf("after the faults: %v", err)
		}
	}
	hush()
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

// people begins those who talk, and one at each node who stays there.
func (w *world) people(t *testing.T, talk context.Context, seed uint64, wire *tally) {
	w.crew = &crew{tally: wire, talk: talk, seed: seed}
	for i, n := range w.nodes {
		w.crew.doors = append(w.crew.doors, n.url())
		w.watchers = append(w.watchers, begin(talk, origin{name: fmt.Sprint("watcher ", i+1), doors: []string{n.url()}}, wire))
	}
	w.crew.enter(people)
	t.Cleanup(func() {
		for _, p := range w.everybody() {
			p.leave()
		}
	})
}

// burst does what was drawn, and returns when all of it is healed.
func (w *world) burst(ctx context.Context, t *testing.T, faults []fault, r *report) {
	var work sync.WaitGroup
	for _, f := range faults {
		r.faults[f.kind.name]++
		t.Logf("+%-6v %v", f.at.Round(10*time.Millisecond), f)
		work.Go(func() {
			pause(ctx, f.at)
			if err := f.kind.do(ctx, w, f); err != nil {
				t.Errorf("%v: %v", f, err)
			}
		})
	}
	work.Wait()
}

// calmDown waits until everything is as it should be, and notes how long that took.
func (w *world) calmDown(ctx context.Context, r *report) error {
	ctx, cancel := context.WithTimeout(ctx, harness.Patience)
	defer cancel()
	c, err := w.settle(ctx, func(why []error) { r.ended = append(r.ended, why...) })
	r.calms = append(r.calms, c)
	return err
}

// judge waits until all that was sent is settled and everybody has seen all, and counts what is broken.
func (w *world) judge(ctx context.Context, t *testing.T, r *report) {
	ctx, cancel := context.WithTimeout(ctx, 2*harness.Patience)
	defer cancel()
	for _, p := range w.everybody() {
		if err := p.Flush(ctx); err != nil {
			t.Errorf("%s still has %d to send: %v", p.name, p.Pending(), err)
		}
	}
	logs := w.seenByAll(ctx, t)
	var all []*checker.Witness
	for _, n := range w.nodes { // each node shows the whole log to one who comes now
		p := begin(ctx, origin{name: fmt.Sprint("late at ", n.Port), doors: []string{n.url()}}, r.wire)
		if err := until(ctx, func() error { return sawAll(p, logs) }); err != nil {
			t.Error(err)
		}
		p.end()
		<-p.ended
		all = append(all, p.witness)
	}
	for _, p := range w.watchers {
		all = append(all, p.witness)
	}
	r.verdict = checker.Check(logs, append(all, w.crew.witnesses()...))
	r.visits, r.again = w.crew.visits, w.crew.again
	for _, p := range slices.Concat(w.everybody(), w.crew.gone) {
		r.losses, r.refused, r.resets = r.losses+p.losses, r.refused+p.refused, r.resets+p.resets
	}
}

// seenByAll waits until everybody was shown all, and gives the logs.
func (w *world) seenByAll(ctx context.Context, t *testing.T) map[chat.RoomID][]chat.Event {
	for {
		logs, err := w.logs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range w.everybody() {
			if err := until(ctx, func() error { return sawAll(p, logs) }); err != nil {
				t.Error(err)
			}
		}
		again, err := w.logs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if length(again) == length(logs) || ctx.Err() != nil { // else something came late into the store
			return again
		}
	}
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
