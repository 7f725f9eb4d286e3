package sqlite_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

// speaker is who says things in benchmarks.
func speaker(n int) chat.User {
	id := chat.UserID(fmt.Sprintf("u_bench%011d", n))
	return chat.User{ID: id, Name: fmt.Sprintf("Zoé %d", n), Color: chat.ColorOf(id)}
}

var text = strings.Repeat("eighty-byte ", 7)[:80]

func line(u chat.User) chat.Event {
	return chat.Event{Kind: chat.KindMessage, User: u, CID: chat.NewCID(), Text: text}
}

// cpu is what the process has used so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAppendAlone is one commit per message: the floor that group commit is compared with.
func BenchmarkAppendAlone(b *testing.B) {
	s := open(b, b.TempDir())
	u := speaker(0)
	b.ReportAllocs()
	was, i := cpu(), 0
	for b.Loop() {
		i++
		if _, err := s.Append(b.Context(), chat.RoomID(fmt.Sprint("room-", i%200)), []chat.Event{line(u)}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu()-was).Nanoseconds())/float64(b.N), "cpu-ns/event")
}

// BenchmarkAppend has senders in 200 rooms, each with one append under way at a time.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ senders, batch int }{{1, 1}, {5, 1}, {1, 10}} {
		b.Run(fmt.Sprintf("rooms=200/senders=%d/batch=%d", c.senders, c.batch), func(b *testing.B) {
			s := open(b, b.TempDir())
			n := 200 * c.senders
			b.ReportAllocs()
			was := cpu()
			b.ResetTimer()
			took := make([][]time.Duration, n)
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					room, u := chat.RoomID(fmt.Sprint("room-", i%200)), speaker(i)
					for range (b.N + c.batch*n - 1) / (c.batch * n) {
						events := make([]chat.Event, c.batch)
						for k := range events {
							events[k] = line(u)
						}
						asked := time.Now()
						if _, err := s.Append(b.Context(), room, events); err != nil {
							b.Error(err)
							return
						}
						took[i] = append(took[i], time.Since(asked))
					}
				})
			}
			wg.Wait()
			all := slices.Sorted(slices.Values(slices.Concat(took...)))
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "max-ms")
			b.ReportMetric(float64((cpu()-was).Nanoseconds())/float64(b.N), "cpu-ns/event")
		})
	}
}

// BenchmarkLast50 reads the newest page of a log of a million events.
func BenchmarkLast50(b *testing.B) {
	s := open(b, b.TempDir())
	const events, part = 1_000_000, 10_000
	at := time.UnixMilli(time.Now().UnixMilli()).UTC()
	for seq := 0; seq < events; seq += part {
		batch := make([]chat.Event, part)
		for i := range batch {
			batch[i] = line(speaker(i % 100))
			batch[i].Seq, batch[i].At = uint64(seq+i+1), at
		}
		if err := s.ImportEvents(b.Context(), "lobby", batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if p, err := s.Read(b.Context(), "lobby", history.Query{Limit: 50}); err != nil || len(p.Events) != 50 {
			b.Fatal(len(p.Events), err)
		}
	}
}
