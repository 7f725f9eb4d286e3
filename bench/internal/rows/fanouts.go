package rows

import "time"

const (
	senders = 8 // in hot rooms
	press   = 8 // sends that each of them has under way
)

// fanouts gives the rows in which members listen to what some of them send.
func fanouts() []fanout {
	steady := work{members: 1000, rooms: 1, senders: 10, rate: 20, warm: time.Second, time: 4 * time.Second}
	hot := work{members: 1000, rooms: 1, senders: senders, press: press, warm: time.Second, time: 3 * time.Second}
	fewer := hot
	fewer.members = 100
	return []fanout{
		{
			"room1000", "one room, 1,000 members, 20 messages/s, no compression", steady,
			[]variant{{name: "salon", kind: salon}, {name: "floor", kind: floor}},
			func(r rounds) []Verdict {
				return []Verdict{{What: "CPU per delivery against the floor", Values: r.ratio(0, 1, cpu), Reach: 1.25, Beyond: 1.1, Unit: "×"}}
			},
			[]reading{byCPU, byP99}, 7 * time.Second,
		},
		{
			"hot1000", "hot room: as many messages as go, 1,000 members", hot, hotVariants(), judgeHot,
			[]reading{byRate, byCPU, byP99}, 6 * time.Second,
		},
		{
			"hot100", "hot room: as many messages as go, 100 members", fewer, hotVariants(), judgeHot,
			[]reading{byRate, byCPU, byP99}, 5 * time.Second,
		},
		{
			"rooms", "1,000 rooms × 10 members, 1 message/s in each",
			work{members: 10_000, rooms: 1000, senders: 1000, rate: 1000, warm: time.Second, time: 4 * time.Second},
			[]variant{{name: "salon", kind: salon}, {name: "floor", kind: floor}},
			func(r rounds) []Verdict {
				return []Verdict{{What: "CPU per delivery against the floor", Values: r.ratio(0, 1, cpu), Reach: 1.3, Beyond: 1.15, Unit: "×"}}
			},
			[]reading{byCPU, byP99}, 12 * time.Second,
		},
		{
			"compressed", "compressed fan-out: one room, 1,000 members, 20 messages/s", steady,
			[]variant{{name: "salon, compressed", kind: salon, compress: true}, {name: "salon, plain", kind: salon}},
			func(r rounds) []Verdict {
				return []Verdict{{What: "CPU per delivery against plain", Values: r.ratio(0, 1, cpu), Reach: 1.25, Beyond: 1.1, Unit: "×"}}
			},
			[]reading{byCPU, byP99, byBytes}, 7 * time.Second,
		},
		{
			"bytes", "bytes on the wire, hot room, 1,000 members", hot,
			[]variant{{name: "salon, compressed", kind: salon, compress: true}, {name: "salon, plain", kind: salon}},
			func(r rounds) []Verdict {
				return []Verdict{{What: "bytes per delivery against plain", Values: r.ratio(0, 1, wire), Reach: 0.45, Beyond: 0.33, Unit: "×"}}
			},
			[]reading{byBytes, byRate, byCPU}, 6 * time.Second,
		},
		{
			"stalled", "one in ten of 200 members stops reading, 100 messages/s of 4 KB",
			// No time to warm up: that queues fill and members are told that they lag is part of it. With loopback's long
			// segments the system would keep megabytes for each member before Salon noticed.
			work{members: 200, rooms: 1, senders: 10, segment: 1400, rate: 100, pad: 4 << 10, time: 6 * time.Second},
			[]variant{{name: "salon, 1 in 10 stalled", kind: salon, stall: 10}, {name: "salon, all read", kind: salon}},
			func(r rounds) []Verdict {
				return []Verdict{{What: "p99 of the others against all reading", Values: r.ratio(0, 1, p99), Reach: 1.2, Beyond: 1.05, Unit: "×"}}
			},
			[]reading{byP99, byCPU}, 8 * time.Second,
		},
	}
}

// hotVariants has Salon first: its batches say which write delay the peer gets.
func hotVariants() []variant {
	return []variant{
		{name: "salon", kind: salon},
		{name: "centrifuge", kind: centrifuge},
		{name: "centrifuge, delayed", kind: centrifuge, args: delayed},
		{name: "batched floor", kind: batchedFloor},
		{name: "floor", kind: floor},
	}
}

// delayed sets the peer's write delay as Salon behaves: the time between two of its batches, in this round.
func delayed(current []sample) []string {
	every := time.Duration(current[0].batchEvery * float64(time.Second)).Round(10 * time.Microsecond)
	return []string{"-write-delay", max(every, 10*time.Microsecond).String()}
}

func judgeHot(r rounds) []Verdict {
	return []Verdict{
		{What: "CPU per delivery against centrifuge", Values: r.ratio(0, 1, cpu), Reach: 0.5, Beyond: 0.25, Unit: "×"},
		{What: "p99 against centrifuge", Values: r.ratio(0, 1, p99), Reach: 1, Beyond: none, Unit: "×"},
		{What: "deliveries against the batched floor", Values: r.ratio(0, 3, rate), Reach: none, Beyond: 0.6, AtLeast: true, Unit: "×"},
	}
}
