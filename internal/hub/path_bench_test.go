package hub

import (
	"context"
	"fmt"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

// instant is a history that stores at once, in memory that it does not keep.
type instant struct {
	history.Store
	seq uint64
}

func (s *instant) Append(_ context.Context, _ chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	at := time.Unix(1764000000, 0).UTC()
	for i := range events {
		s.seq++
		events[i].Room, events[i].Seq, events[i].At = "r", s.seq, at
	}
	return events, nil
}

func (*instant) Read(context.Context, chat.RoomID, history.Query) (history.Page, error) {
	return history.Page{}, nil
}

// BenchmarkMessage sends one message after another through a room: append, gate and delivery, without a store and without
// sockets. It is what the hub itself costs.
func BenchmarkMessage(b *testing.B) {
	for _, members := range []int{10, 1000} {
		b.Run(fmt.Sprint("members=", members), func(b *testing.B) {
			w := newWorld(b)
			w.history = &instant{}
			h := w.alone(b)
			var sender *Member
			for i := range members {
				m, err := h.Join(b.Context(), Join{
					Room: "r", Session: fmt.Sprint("s", i), User: user(fmt.Sprint("u", i)), To: void{}, Format: jsonFormat,
					Answer: func(*Joined) {},
				})
				if err != nil {
					b.Fatal(err)
				}
				sender = m
			}
			stored := make(chan struct{}, 1)
			done := func(*chat.Event, error) { stored <- struct{}{} }
			ev := chat.Event{Kind: chat.KindMessage, User: user("u"), CID: "c", Text: "a usual line of a chat, neither short nor long"}
			b.ReportAllocs()
			for b.Loop() {
				sender.Send(ev, done)
				<-stored
			}
		})
	}
}
