package mongo

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"salon/internal/chat"
	"salon/internal/mongotest"
)

// TestEventLog reads rooms whose names begin alike.
func TestEventLog(t *testing.T) {
	t.Parallel()
	s := openOn(t, mongotest.Start(t), mongotest.Database())
	sizes := map[chat.RoomID]uint64{"a": 1, "lobb": 7, "lobby": 300, "lobby-": 3, "lobby.x": 5, "lobby0": 2, "lobbyé": 4, "none": 0}
	logs := map[chat.RoomID][]chat.Event{}
	for room, n := range sizes {
		if n > 0 {
			logs[room] = mustAppend(t, s, room, batchOf(0, 0, int(n)))
		}
	}
	t.Run("last and span", func(t *testing.T) {
		for room, n := range sizes {
			for _, from := range []uint64{0, 1, 2, n / 2, max(n, 1) - 1, n, n + 1, n + 1000} {
				p, err := s.events.last(t.Context(), room, position{seq: from})
				if err != nil || p.seq != max(from, n) {
					t.Errorf("%s from %d: last is %d, want %d, %v", room, from, p.seq, max(from, n), err)
				}
			}
			for _, span := range [][2]uint64{{1, n}, {1, 1}, {n, n}, {n/2 + 1, n + 9}, {n + 1, n + 1}} {
				want := logs[room]
				want = want[min(max(span[0], 1)-1, n):min(span[1], n)]
				got, err := s.events.span(t.Context(), room, span[0], span[1])
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s %v: %d events, want %d, %v", room, span, len(got), len(want), err)
				}
			}
		}
	})
	t.Run("sends", func(t *testing.T) {
		log := logs["lobby"]
		stored := []chat.Event{log[290], log[3], log[0]}
		got, err := s.events.sends(t.Context(), "lobby", append(stored, batchOf(9, 9, 1)[0])) // the last is stored nowhere
		slices.SortFunc(got, func(a, b chat.Event) int { return int(b.Seq) - int(a.Seq) })
		if err != nil || !slices.Equal(got, stored) {
			t.Errorf("sends: %v, want %v, %v", got, stored, err)
		}
	})
	t.Run("grown", func(t *testing.T) {
		var rooms []chat.RoomID
		var from []position
		var want []int
		for i := range 20 {
			rooms, from = append(rooms, "lobby"), append(from, position{seq: 300})
			if i%3 == 0 {
				rooms[i], from[i] = chat.RoomID(fmt.Sprint("grown-", i)), position{seq: 1}
				mustAppend(t, s, rooms[i], batchOf(0, 0, 2))
				want = append(want, i)
			}
		}
		if got, err := s.events.grown(t.Context(), rooms, from); err != nil || !slices.Equal(got, want) {
			t.Errorf("grown: %v, want %v, %v", got, want, err)
		}
	})
}

func TestEventID(t *testing.T) {
	ids := []string{
		eventID("lobby", 1), eventID("lobby", 9), eventID("lobby", 10), eventID("lobby", maxSeq), endID("lobby"), eventID("lobby0", 1),
	}
	if !slices.IsSorted(ids) {
		t.Errorf("not in order: %q", ids)
	}
	if before := eventID("lobby-", 3); before > ids[0] || before < "lobby" {
		t.Errorf("a room that begins alike is among another's: %q", before)
	}
}

func TestFirstMissing(t *testing.T) {
	events := func(seqs ...uint64) (list []chat.Event) {
		for _, seq := range seqs {
			list = append(list, chat.Event{Seq: seq})
		}
		return list
	}
	for _, c := range []struct {
		there       []chat.Event
		first, last uint64
		want        uint64
	}{
		{events(3, 4, 5), 3, 5, 0}, {events(3, 4), 3, 5, 5}, {events(3, 5), 3, 5, 4}, {events(4, 5), 3, 5, 3}, {nil, 3, 5, 3},
	} {
		if got := firstMissing(c.there, c.first, c.last); got != c.want {
			t.Errorf("%v of %d to %d: %d, want %d", c.there, c.first, c.last, got, c.want)
		}
	}
}

func TestRefusedKey(t *testing.T) {
	for want, doc := range map[uniqueKey]bson.D{
		keyEither: {{Key: "code", Value: 11000}},
		keyNumber: {{Key: "keyPattern", Value: bson.D{{Key: "_id", Value: 1}}}},
		keySend:   {{Key: "keyPattern", Value: bson.D{{Key: "room", Value: 1}, {Key: "user.id", Value: 1}, {Key: "cid", Value: 1}}}},
	} {
		raw, err := bson.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got := refusedKey(raw); got != want {
			t.Errorf("%v: %d, want %d", doc, got, want)
		}
	}
	if got := refusedKey(nil); got != keyEither {
		t.Errorf("nothing said: %d", got)
	}
}

// TestBatchChunks cuts by count and by bytes, and never gives nothing while something is left.
func TestBatchChunks(t *testing.T) {
	events := batchOf(0, 0, 10)
	for i := range events {
		events[i].Text = string(make([]byte, 5<<20))
	}
	b, err := newBatch("lobby", events)
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for chunk := b.next(math.MaxInt); len(chunk) > 0; chunk = b.next(math.MaxInt) {
		sizes = append(sizes, len(chunk))
		for _, e := range chunk {
			b.store(e)
		}
	}
	if !slices.Equal(sizes, []int{3, 3, 3, 1}) {
		t.Errorf("50 MiB in chunks of %v events", sizes)
	}
}
