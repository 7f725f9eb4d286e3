package hub

import (
	"fmt"
	"testing"

	"salon/internal/chat"
)

// TestRingsAreBounded has recent events of three rooms take too much memory: the stillest lose theirs first, and who comes
// there is shown the same as before.
func TestRingsAreBounded(t *testing.T) {
	h := newWorld(t).alone(t)
	ringOf := func(id chat.RoomID) ring {
		r := h.rooms.known(id)
		defer r.release()
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.gate.recent
	}
	memory := func(id chat.RoomID) int {
		g := ringOf(id)
		return g.memory()
	}
	enter := func(room chat.RoomID, session string, last int) (*Member, *screen) {
		s := &screen{}
		return joinWith(t, h, s, Join{Room: room, Session: session, User: user("ada"), From: From{Last: last}}), s
	}
	rooms := []chat.RoomID{"first", "second", "third"}
	all := 0
	for i, room := range rooms {
		m, _ := enter(room, fmt.Sprint("s", i), 0)
		say(t, m, "ada", 100)
		eventually(t, "all went through", func() bool { return len(ringOf(room).entries) == 100 })
		all += memory(room)
	}
	before := []int{memory("first"), memory("second"), memory("third")}

	h.rooms.trimRings(all)
	if memory("first") != before[0] {
		t.Fatal("there was room for all")
	}
	h.rooms.trimRings(all - 1)
	if memory("first") > ringLeast || memory("second") != before[1] || memory("third") != before[2] {
		t.Fatalf("the rooms take %d, %d, %d", memory("first"), memory("second"), memory("third"))
	}
	h.rooms.trimRings(0)
	for i, room := range rooms {
		if n := memory(room); n > ringLeast || n == 0 {
			t.Errorf("%s takes %d", room, n)
		}
		m, s := enter(room, fmt.Sprint("t", i), 60)
		s.dense(t, 41, 100)
		say(t, m, "ada", 3)
		eventually(t, "it is shown", func() bool { return s.last() == 103 })
		s.dense(t, 41, 103)
	}
}
