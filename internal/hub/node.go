package hub

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"salon/internal/chat"
	"salon/internal/cluster"
	"salon/internal/history"
	"salon/internal/roster"
)

// storeTimeout bounds one call to history. A call that takes longer counts as unavailable.
const storeTimeout = 10 * time.Second

// node is what the rooms of a node have in common.
type node struct {
	history history.Store
	cluster *cluster.Cluster
	rosters *roster.Keeper
	format  *Format // the one that pages are kept in
	log     *slog.Logger
	reads   singleflight.Group // of pages of history
	// unconfirmed has the head of a room compared whose append got no answer.
	unconfirmed func(chat.RoomID)

	// life ends with the hub's Close. It is kept here since rooms start their goroutines on demand. What must still be done
	// even then (what was taken is stored or refused) is cut off by patience, later.
	life     context.Context
	end      context.CancelFunc
	patience context.Context
	cut      context.CancelFunc

	work   sync.WaitGroup // every goroutine of the hub
	closed atomic.Bool    // no more sends
	stats  Stats
}

// encode encodes events in the page format.
func (n *node) encode(events []chat.Event) []entry {
	entries := make([]entry, len(events))
	for i := range events {
		entries[i] = entry{ev: events[i], line: n.format.Event(&events[i])}
	}
	return entries
}
