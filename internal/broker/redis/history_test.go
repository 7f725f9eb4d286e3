package redis

import (
	"fmt"
	"testing"

	"github.com/redis/rueidis"

	"salon/internal/chat"
	"salon/internal/redistest"
)

// Publish/subscribe knows no databases. Two deployments on one server share the channels, whatever their databases are.
func TestAnotherHistoryIsNotHeard(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for _, database := range []string{"/0", "/1"} {
		box := &inbox{}
		own, other := patient(server.URL()+"/0"), patient(server.URL()+database)
		own.history, other.history = "h_own", "h_other"
		to := own.open(t, "to"+database, box.take)
		from := own.open(t, "from"+database, func(chat.RoomID, []byte) {})
		stranger := other.open(t, "stranger"+database, func(chat.RoomID, []byte) {})
		redistest.Await(t, "all are healthy", func() bool { return to.Healthy() && from.Healthy() && stranger.Healthy() })
		if err := to.Subscribe(t.Context(), "lobby"); err != nil {
			t.Fatal(err)
		}
		var published []string
		for i := range 20 {
			published = append(published, fmt.Sprint("of another history ", i))
			if err := stranger.Publish(t.Context(), "lobby", []byte(published[i])); err != nil {
				t.Fatal(err)
			}
		}
		// A channel keeps its order. When this arrives, everything before it has arrived.
		reaches(t, from, box, "lobby")
		for _, msg := range published {
			if box.count(msg) > 0 {
				t.Fatalf("database %s: a message of another history arrived: %q", database, msg)
			}
		}
	}
}

// A probe proves that messages flow to the node that sent it. A probe of a node of the same name in another history does not.
func TestAnotherHistorysProbeProvesNothing(t *testing.T) {
	t.Parallel()
	p := newPartition(&shared{node: "n_1", history: "h_own"}, "channel")
	for history, want := range map[string]bool{"h_other": false, "h_own": true} {
		before := p.heard
		p.take(rueidis.PubSubMessage{Message: string(envelope{history: history, node: "n_1"}.encode())})
		if got := p.heard.After(before); got != want {
			t.Errorf("a probe of %s: heard %v, want %v", history, got, want)
		}
	}
}
