package memory

import (
	"testing"

	"salon/internal/broker"
	"salon/internal/broker/brokertest"
	"salon/internal/chat"
)

func TestBroker(t *testing.T) {
	brokertest.Run(t, func(*testing.T) brokertest.World {
		net := NewNet()
		return brokertest.World{
			Join: func(_ *testing.T, h broker.Handler) broker.Broker { return net.Join(h) },
			Cut: func(_ *testing.T, b broker.Broker) func() {
				node := b.(*Node)
				node.SetAway(true)
				return func() { node.SetAway(false) }
			},
		}
	})
}

func TestLose(t *testing.T) {
	net := NewNet()
	a := net.Join(func(chat.RoomID, []byte) {})
	defer a.Close()
	got := make(chan string, 8)
	b := net.Join(func(_ chat.RoomID, msg []byte) { got <- string(msg) })
	defer b.Close()
	if err := b.Subscribe(t.Context(), "lobby"); err != nil {
		t.Fatal(err)
	}
	net.Lose(func(to *Node, _ chat.RoomID, msg []byte) bool { return to == b && string(msg) == "lost" })
	for _, msg := range []string{"lost", "kept"} {
		if err := a.Publish(t.Context(), "lobby", []byte(msg)); err != nil {
			t.Fatal(err)
		}
	}
	if msg := <-got; msg != "kept" {
		t.Errorf("got %q", msg)
	}
}

// The queue of a handler that does not return is bounded, and the epoch counts the loss.
func TestFullQueue(t *testing.T) {
	net := NewNet()
	a := net.Join(func(chat.RoomID, []byte) {})
	defer a.Close()
	release, entered := make(chan struct{}), make(chan struct{}, 64)
	b := net.Join(func(chat.RoomID, []byte) { entered <- struct{}{}; <-release })
	if err := b.Subscribe(t.Context(), "lobby"); err != nil {
		t.Fatal(err)
	}
	big := make([]byte, 8<<20)
	for i := range 6 { // one with the handler, four queued, one lost
		if err := a.Publish(t.Context(), "lobby", big); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			<-entered
		}
	}
	if b.Epoch() == 0 {
		t.Error("a message was lost and the epoch is the same")
	}
	b.mu.Lock()
	queued := b.queued
	b.mu.Unlock()
	if queued > maxQueue {
		t.Errorf("%d bytes wait, over the bound", queued)
	}
	close(release)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkPublish(b *testing.B) {
	net := NewNet()
	from := net.Join(func(chat.RoomID, []byte) {})
	defer from.Close()
	to := net.Join(func(chat.RoomID, []byte) {})
	defer to.Close()
	if err := to.Subscribe(b.Context(), "lobby"); err != nil {
		b.Fatal(err)
	}
	msg := make([]byte, 512)
	b.ReportAllocs()
	for b.Loop() {
		if err := from.Publish(b.Context(), "lobby", msg); err != nil {
			b.Fatal(err)
		}
	}
}
