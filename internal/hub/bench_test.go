package hub

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/ws"
)

// The hot functions of a message's way, for benchstat:
//
//	go test -run '^$' -bench . -count 10 ./internal/protocol ./internal/hub ./internal/ws ./internal/history/sqlite

func sampleEntry(seq uint64) entry {
	ev := chat.Event{
		Room: "r", Seq: seq, Kind: chat.KindMessage, At: time.Unix(1764000000, 0).UTC(), CID: "0c2f2d0e-55a1",
		User: user("ada"), Text: "a usual line of a chat, neither short nor long",
	}
	return entry{ev: ev, line: jsonFormat.Event(&ev)}
}

// void is a connection that takes everything and writes nothing.
type void struct{}

func (void) Queue(*ws.Message)         {}
func (void) TryQueue(*ws.Message) bool { return true }
func (void) Flush()                    {}
func (void) Lagged(Place, uint64)      {}

func crowd(n int) []*receiver {
	members := make([]*receiver, n)
	for i := range members {
		members[i] = &receiver{lags: new(atomic.Int64), to: void{}, format: jsonFormat, user: chat.UserID(fmt.Sprint("u_", i)), next: 1}
	}
	return members
}

func BenchmarkEncode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sampleEntry(1)
	}
}

// BenchmarkGate lets events through in order, one at a time, with nobody to deliver to.
func BenchmarkGate(b *testing.B) {
	g := gate{open: true, next: 1}
	e := sampleEntry(1)
	entries := make([]entry, 1)
	b.ReportAllocs()
	for b.Loop() {
		e.ev.Seq = g.next
		entries[0] = e
		g.offer(entries, func(entry) {})
	}
}

// BenchmarkPack makes frames of a batch of 32 events.
func BenchmarkPack(b *testing.B) {
	items := make([]item, 32)
	for i := range items {
		items[i] = item{entry: sampleEntry(uint64(i + 1))}
	}
	b.ReportAllocs()
	for b.Loop() {
		frames, _ := pack("r", jsonFormat, items)
		frames[0].from(jsonFormat, 1)
	}
}

// BenchmarkTake hands one frame to 1,000 members: the cost per delivery without the connection's.
func BenchmarkTake(b *testing.B) {
	members := crowd(1000)
	frames, _ := pack("r", jsonFormat, []item{{entry: sampleEntry(1)}})
	b.ReportAllocs()
	for b.Loop() {
		for _, m := range members {
			m.next = 1
			m.take(frames[0])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/delivery")
}
