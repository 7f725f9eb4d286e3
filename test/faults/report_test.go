package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"salon/test/checker"
)

// report is the result of a run.
type report struct {
	faults     map[string]int // by kind
	recoveries []recovery     // one after each burst
	wire       *tally
	verdict    *checker.Verdict
	ended      []error // clients that were refused for good
	refused    int     // sends that were
	resets     int     // rooms that began anew for a client
	losses     int     // connections that clients lost
	visits     int
	again      int
}

// slow tells how often presence took longer than [presenceIn], from when all was healed and all clients were back: before, they
// are not present. It says how fast the machine was and is not judged; that presence becomes true at all is.
func (r *report) slow() (n int) {
	for _, c := range r.recoveries {
		if c.who-c.back > presenceIn {
			n++
		}
	}
	return n
}

// broken counts the broken promises.
func (r *report) broken() int {
	return r.verdict.Broken() + r.wire.gaps + r.wire.repeats + r.refused + r.resets + len(r.ended)
}

func (r *report) String() string {
	var b strings.Builder
	total := 0
	for _, name := range slices.Sorted(maps.Keys(r.faults)) {
		fmt.Fprintf(&b, "\n  %4d  %s", r.faults[name], name)
		total += r.faults[name]
	}
	v := r.verdict
	fmt.Fprintf(&b, "\n%d faults in %d bursts; %d connections, %d lost", total, len(r.recoveries), r.wire.connections, r.losses)
	fmt.Fprintf(&b, "\nchecked: %d acknowledgements (%d of %d visits sent again), %d events stored, %d shown, %d on the wire",
		v.Acks, r.again, r.visits, v.Events, v.Sights, r.wire.events)
	b.WriteString(r.times())
	for _, count := range []struct {
		what string
		n    int
	}{
		{"acknowledged and lost", v.Lost}, {"never acknowledged", v.Unsettled}, {"stored twice", v.Twice},
		{"sends in another order", v.Shuffled}, {"holes in a log", v.Holes}, {"gaps in what was shown", v.Gaps},
		{"shown again", v.Repeats}, {"shown, not stored", v.Phantoms}, {"gaps on a connection", r.wire.gaps},
		{"repeats on a connection", r.wire.repeats},
		{"sends refused for good", r.refused}, {"clients refused for good", len(r.ended)}, {"logs that began anew", r.resets},
	} {
		fmt.Fprintf(&b, "\n  %4d  %s", count.n, count.what)
	}
	for _, d := range slices.Concat(v.Details, r.wire.details) {
		fmt.Fprintf(&b, "\n  %s", d)
	}
	for _, err := range r.ended {
		fmt.Fprintf(&b, "\n  %v", err)
	}
	return b.String()
}

// times gives the longest times from the end of a burst. They say how fast the machine was.
func (r *report) times() string {
	var most recovery
	for _, c := range r.recoveries {
		most.back, most.who = max(most.back, c.back), max(most.who, c.who)
		most.lists, most.shown = max(most.lists, c.lists), max(most.shown, c.shown)
	}
	s := "\nafter the last fault of a burst was healed, at most (only printed, not judged):"
	for _, line := range []struct {
		took time.Duration
		what string
	}{
		{most.back, "until all clients were back"},
		{most.who, "until every node told truly who is there"},
		{most.lists, "until every client's list of members was right"},
		{most.shown, "until everybody was shown all that was said"},
	} {
		s += fmt.Sprintf("\n  %6.2f s  %s", line.took.Seconds(), line.what)
	}
	return s + fmt.Sprintf("\n  %4d of %d times presence took longer than %v from when all clients were back", r.slow(), len(r.recoveries), presenceIn)
}
