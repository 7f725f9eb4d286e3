package redis

import (
	"fmt"
	"testing"

	"github.com/redis/rueidis"

	"salon/internal/chat"
	"salon/internal/redistest"
)

// Publish/subscribe knows no databases: two deployments on one server meet in the channels, whatever their numbers are.
func TestAnotherHistoryIsNotHeard(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for _, database := range []string{"/0", "/1"} {
		box := &inbox{}
		to := openIn(t, server.URL()+"/0", "h_own", "to"+database, box.take)
		own := openIn(t, server.URL()+"/0", "h_own", "own"+database, func(chat.RoomID, []byte) {})
		stranger := openIn(t, server.URL()+database, "h_other", "stranger"+database, func(chat.RoomID, []byte) {})
		await(t, "all are healthy", func() bool { return to.Healthy() && own.Healthy() && stranger.Healthy() })
		if err := to.Subscribe(t.Context(), "lobby"); err != nil {
			t.Fatal(err)
		}
		var said []string
		for i := range 20 {
			said = append(said, fmt.Sprint("of another history ", i))
			if err := stranger.Publish(t.Context(), "lobby", []byte(said[i])); err != nil {
				t.Fatal(err)
			}
		}
		// One channel keeps its order: when this has come, all before it has.
		reaches(t, own, box, "lobby")
		for _, msg := range said {
			if box.has(msg) > 0 {
				t.Fatalf("database %s: came from a node of another history: %q", database, msg)
			}
		}
	}
}

// A canary proves the flow to the node that sent it: one of the same name in another history proves nothing.
func TestAnotherHistorysCanaryProvesNothing(t *testing.T) {
	t.Parallel()
	b := &Broker{node: "n_1", history: "h_own"}
	p := newPartition(b, "channel")
	for history, want := range map[string]bool{"h_other": false, "h_own": true} {
		before := p.heard
		p.take(rueidis.PubSubMessage{Message: string(envelope{history: history, node: "n_1"}.seal())})
		if got := p.heard.After(before); got != want {
			t.Errorf("a canary of %s: heard %v, want %v", history, got, want)
		}
	}
}
