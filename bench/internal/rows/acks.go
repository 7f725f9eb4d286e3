package rows

import (
	"context"
	"fmt"
	"os"
	"time"

	"salon/bench/internal/commits"
)

const ackRooms = 200

// acksRow is the work: each sender has a room of its own.
var acksRow = fanout{
	work: work{
		members: ackRooms, rooms: ackRooms, senders: ackRooms, press: press, warm: time.Second, time: 3 * time.Second,
	},
	variants: []variant{{kind: salon}},
	compare:  []reading{byAcks, byCPU, byP99},
	takes:    6 * time.Second,
}

// runAcks compares Salon's acknowledged sends with a store, and no server, that commits each message by itself.
func runAcks(ctx context.Context, b *Bench) (Outcome, error) {
	row := acksRow
	var sends, single, ratios, cost, late, every, busy []float64
	for n := range b.Rounds {
		s, err := row.once(ctx, b, row.variants[0], nil)
		if err != nil {
			return Outcome{}, fmt.Errorf("salon, round %d: %w", n+1, err)
		}
		dir, err := os.MkdirTemp(b.Dir, "data-")
		if err != nil {
			return Outcome{}, err
		}
		c, err := commits.PerSecond(ctx, dir, ackRooms, b.span(row.work.time))
		if err != nil {
			return Outcome{}, fmt.Errorf("commits, round %d: %w", n+1, err)
		}
		b.say("  round %d: %.0f acknowledged, %.0f single commits per second", n+1, s.acks, c)
		sends, single, ratios = append(sends, s.acks), append(single, c), append(ratios, s.acks/c)
		cost, late, every, busy = append(cost, s.cpu), append(late, s.p99), append(every, s.batchEvery*1e3), append(busy, 100*s.busy)
	}
	return Outcome{
		Columns: []string{"per second", "CPU each", "p99", "an append every", "load's CPU"},
		Figures: []Figure{
			{"salon: acknowledged sends", []string{
				number(median(sends)), spent(median(cost)), number(median(late)) + " ms", number(median(every)) + " ms",
				number(median(busy)) + " %",
			}},
			{"SQLite alone: one commit per message", []string{number(median(single)), "", "", "", ""}},
		},
		Verdicts: []Verdict{{What: "acknowledged sends against one commit per message", Values: ratios, Reach: 20, Beyond: 50, AtLeast: true, Unit: "×"}},
		Notes:    []string{fmt.Sprintf("%d senders with %d sends under way each", b.scale(ackRooms), press)},
	}, nil
}
