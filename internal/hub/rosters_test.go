package hub

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	brokermem "salon/internal/broker/memory"
	"salon/internal/chat"
	"salon/internal/presence"
)

// looking counts how often it is asked who is in a room.
type looking struct {
	presence.Store
	looks atomic.Int64
}

func (l *looking) Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (presence.Members, error) {
	l.looks.Add(1)
	return l.Store.Members(ctx, room, cursor, limit)
}

// enter is join for any room.
func enter(t *testing.T, h *testNode, room chat.RoomID, name string) (*Member, *screen) {
	t.Helper()
	s := &screen{}
	return joinWith(t, h, s, Join{Room: room, Session: "s_" + name + string(room), User: user(name)}), s
}

// A node with many rooms asks for their digests, and who is there only where one differs.
func TestManyRoomsAreComparedByDigests(t *testing.T) {
	w := newWorld(t)
	seen := &looking{Store: w.presence.Node("n2")}
	h1, h2 := w.node(t, "n1"), w.with(t, "n2", true, func(c *setup) { c.roster.Presence = seen })
	const rooms = 700 // more than are asked for at once
	var last *screen
	for i := range rooms {
		_, last = enter(t, h2, chat.RoomID(fmt.Sprint("r", i)), "bob")
	}
	eventually(t, "presence knows bob everywhere", func() bool {
		known, err := w.presence.Node("watch").Rooms(t.Context(), 2*rooms)
		return err == nil && len(known) == rooms
	})
	before := seen.looks.Load()
	for range 5 {
		h2.rosters.Reconcile(t.Context())
	}
	if n := seen.looks.Load() - before; n > 0 {
		t.Errorf("%d looks at %d rooms in which nothing changed", n, rooms)
	}
	w.net.Lose(func(*brokermem.Node, chat.RoomID, []byte) bool { return true })
	enter(t, h1, chat.RoomID(fmt.Sprint("r", rooms-1)), "ada")
	eventually(t, "bob is told of ada, who was lost", func() bool {
		h2.rosters.Reconcile(t.Context())
		return last.count("presence join") == 1
	})
}

// One came and one went, another took a new name, and all was lost on the way: the count is right and the list is not.
func TestSameCountOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h1, h2 := w.node(t, "n1"), w.node(t, "n2")
		ada, _ := join(t, h1, "ada", From{})
		join(t, h1, "dan", From{})
		eventually(t, "presence knows ada and dan", func() bool { return peopled(t, w)["r"] == 2 })
		_, watch := join(t, h2, "bob", From{})
		w.net.Lose(func(*brokermem.Node, chat.RoomID, []byte) bool { return true })
		ada.Leave(true)
		join(t, h1, "eve", From{})
		eventually(t, "bob is told", func() bool { return watch.count("presence join") == 1 && watch.count("presence leave") == 1 })
		renamed := user("dan")
		renamed.Name = "dennis"
		h1.rosters.UserChanged(renamed, true)
		eventually(t, "bob is told of the name", func() bool { return watch.count("presence rename") == 1 })
	})
}
