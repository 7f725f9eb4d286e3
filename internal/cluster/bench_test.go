package cluster

import (
	"bytes"
	"fmt"
	"testing"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// The JSON rows are how clients are told of events, and how nodes told each other before. For benchstat:
//
//	go test -run '^$' -bench 'Encode|Decode' -count 10 ./internal/cluster

var batches = []int{1, 50}

var line []byte // keeps the compiler from leaving out what a node keeps

func batch(n int) []chat.Event {
	events := make([]chat.Event, n)
	for i := range events {
		events[i] = sample(uint64(1000 + i))
	}
	return events
}

func encodeJSON(events []chat.Event) []byte {
	msg := make([]byte, 0, 256*len(events)) // as with the binary one, no growing
	for i := range events {
		msg = protocol.AppendEvent(append(msg, '\n'), &events[i])
	}
	return msg
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range batches {
		events := batch(n)
		b.Run(fmt.Sprintf("events=%d/binary", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				line = encodeEvents(events...)
			}
			b.ReportMetric(float64(len(encodeEvents(events...))), "bytes/message")
		})
		b.Run(fmt.Sprintf("events=%d/json", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				line = encodeJSON(events)
			}
			b.ReportMetric(float64(len(encodeJSON(events))), "bytes/message")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range batches {
		events := batch(n)
		body := encodeEvents(events...)[headerSize:]
		b.Run(fmt.Sprintf("events=%d/binary", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, _, err := decodeEvents("lobby", body); err != nil || len(got) != n {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("events=%d/binary-and-lines", n), func(b *testing.B) { // with the lines for this node's members
			b.ReportAllocs()
			for b.Loop() {
				got, _, err := decodeEvents("lobby", body)
				if err != nil {
					b.Fatal(err)
				}
				for i := range got {
					line = protocol.AppendEvent(make([]byte, 0, 256), &got[i])
				}
			}
		})
		msg := encodeJSON(events)
		b.Run(fmt.Sprintf("events=%d/json", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var got []chat.Event
				for line = range bytes.SplitSeq(bytes.Clone(msg[1:]), []byte{'\n'}) {
					p, err := protocol.DecodePush(line)
					if err != nil {
						b.Fatal(err)
					}
					got = append(got, p.Event())
				}
			}
		})
	}
}
