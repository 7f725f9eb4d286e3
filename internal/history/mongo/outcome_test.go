package mongo

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/mongotest"
)

// TestOutcomes does to one insert what networks and servers do, and looks at what Append makes of it, and whether what
// is sent again after an error is stored once.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	uri := mongotest.Start(t)
	stepDown := bson.D{{Key: "ok", Value: 0.0}, {Key: "code", Value: int32(10107)}, {Key: "codeName", Value: "NotWritablePrimary"}, {Key: "errmsg", Value: "not primary"}}
	unmet := func(doc *bson.D) {
		*doc = append(*doc, bson.E{Key: "writeConcernError", Value: bson.D{{Key: "code", Value: int32(91)}, {Key: "errmsg", Value: "shutting down"}}})
	}
	full := bson.D{{Key: "ok", Value: 0.0}, {Key: "code", Value: int32(14031)}, {Key: "codeName", Value: "OutOfDiskSpace"}, {Key: "errmsg", Value: "no space"}}
	released := make(chan struct{})
	close(released)
	for name, c := range map[string]struct {
		fault   fault
		unknown uint64
		fails   bool // at first, when the same is done every time
	}{
		"nothing":                      {fault{}, 0, false},
		"lost before":                  {fault{drop: true}, 1, true},
		"answer lost":                  {fault{cut: true}, 1, true}, // once, the retry is refused, which tells that it is stored
		"comes late":                   {fault{cut: true, late: released}, 1, true},
		"stepped down before":          {fault{answer: stepDown}, 1, true},
		"write concern not met":        {fault{rewrite: unmet}, 1, true},
		"disk full":                    {fault{answer: full}, 1, true},
		"stepped down after, no count": {fault{rewrite: func(doc *bson.D) { *doc = stepDown }}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time goes into the driver's pauses
			p := newFaultProxy(t, uri)
			db := mongotest.Database()
			s, plain := openOn(t, p.uri, db), openOn(t, uri, db)
			mustAppend(t, s, "lobby", batchOf(0, 0, 2)) // the room is known

			p.once("insert", c.fault)
			mustAppend(t, s, "lobby", batchOf(1, 0, 3))
			if n := s.counts.unknown.Load(); n != c.unknown {
				t.Errorf("%d outcomes could not be told, want %d", n, c.unknown)
			}
			mustAppend(t, plain, "lobby", batchOf(2, 0, 2))

			p.set(func(command string) fault {
				if command == "insert" {
					return c.fault
				}
				return fault{}
			})
			if _, err := s.Append(t.Context(), "lobby", batchOf(1, 1, 3)); c.fails != errors.Is(err, history.ErrUnavailable) {
				t.Errorf("done every time: %v, an error expected: %v", err, c.fails)
			}
			mustAppend(t, plain, "lobby", batchOf(2, 1, 2))
			p.set(nil)
			mustAppend(t, s, "lobby", batchOf(1, 1, 3))
			mustAppend(t, s, "lobby", batchOf(1, 0, 3)) // once more

			checkLog(t, plain, "lobby", true, map[int]int{0: 2, 1: 6, 2: 4})
		})
	}
}

// TestLate has an insert that was given up reach the server at the worst moments.
func TestLate(t *testing.T) {
	t.Parallel()
	uri := mongotest.Start(t)
	ada, bob := batchOf(1, 0, 4), batchOf(2, 0, 3)
	for name, c := range map[string]struct {
		between func(t *testing.T, s *Store) // what happens before it arrives
		after   func(t *testing.T, s *Store) // and after
		ordered bool                         // it was sent again in the order it had
		want    map[int]int                  // how many events of whom
	}{
		"nobody was there":         {nil, nil, true, map[int]int{1: 4}},
		"and is sent again":        {nil, again(ada...), true, map[int]int{1: 4}},
		"and in part, other order": {nil, again(ada[2], ada[0]), true, map[int]int{1: 4}},
		"others were there":        {again(bob...), nil, true, map[int]int{2: 3}},
		"others, and sent again":   {again(bob...), again(ada...), true, map[int]int{1: 4, 2: 3}},
		"was sent again before":    {again(ada...), nil, true, map[int]int{1: 4}},
		"its end was sent again":   {again(ada[3]), nil, true, map[int]int{1: 1}},
		"its end comes between":    {again(bob[0], ada[1]), again(ada...), false, map[int]int{1: 4, 2: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time goes into the driver's pauses
			p := newFaultProxy(t, uri)
			db := mongotest.Database()
			s, other := openOn(t, p.uri, db), openOn(t, uri, db)
			mustAppend(t, s, "lobby", batchOf(0, 0, 2))
			mustAppend(t, other, "lobby", batchOf(0, 1, 2)) // other knows the room, s is behind

			release := make(chan struct{})
			p.set(func(command string) fault { // the first insert is held, and s cannot do more about it
				if command != "insert" {
					return fault{}
				}
				p.rule = func(command string) fault { return fault{drop: command == "insert"} }
				return fault{cut: true, late: release}
			})
			s.heads.put("lobby", position{seq: 4, at: time.Now().UTC().Truncate(time.Millisecond)})
			if _, err := s.Append(t.Context(), "lobby", ada); !errors.Is(err, history.ErrUnavailable) {
				t.Fatalf("append: %v", err)
			}
			if c.between != nil {
				c.between(t, other)
			}
			close(release)
			p.held.Wait()
			if c.after != nil {
				c.after(t, other)
			}
			c.want[0] = 4
			checkLog(t, other, "lobby", c.ordered, c.want)
		})
	}
}

func again(events ...chat.Event) func(*testing.T, *Store) {
	return func(t *testing.T, s *Store) { mustAppend(t, s, "lobby", events) }
}

// TestRefusals has the server say which key refused, as MongoDB does.
func TestRefusals(t *testing.T) {
	t.Parallel()
	uri := mongotest.Start(t)
	p := newFaultProxy(t, uri)
	db := mongotest.Database()
	s, other := openOn(t, p.uri, db), openOn(t, uri, db)
	pattern := func(keys bson.D) func(*bson.D) {
		return func(doc *bson.D) {
			for _, e := range *doc {
				if e.Key == "writeErrors" {
					list := e.Value.(bson.A)
					list[0] = append(list[0].(bson.D), bson.E{Key: "keyPattern", Value: keys})
				}
			}
		}
	}
	mustAppend(t, s, "lobby", batchOf(0, 0, 2))
	mustAppend(t, other, "lobby", batchOf(1, 0, 2)) // s does not know
	p.once("insert", fault{rewrite: pattern(bson.D{{Key: "_id", Value: 1}})})
	mustAppend(t, s, "lobby", batchOf(0, 1, 2))
	if n := s.counts.conflicts.Load(); n != 1 {
		t.Errorf("%d conflicts counted, want 1", n)
	}
	p.once("insert", fault{rewrite: pattern(bson.D{{Key: "room", Value: 1}, {Key: "user.id", Value: 1}, {Key: "cid", Value: 1}})})
	mustAppend(t, s, "lobby", slices.Concat(batchOf(0, 2, 1), batchOf(0, 1, 2), batchOf(0, 3, 1)))
	if n := s.counts.repeats.Load(); n != 2 {
		t.Errorf("%d repeats counted, want 2", n)
	}
	mustAppend(t, other, "lobby", batchOf(1, 1, 2)) // once more, and the server does not say which key
	mustAppend(t, s, "lobby", batchOf(0, 4, 2))
	if n := s.counts.conflicts.Load(); n != 2 {
		t.Errorf("%d conflicts counted, want 2", n)
	}
	checkLog(t, other, "lobby", true, map[int]int{0: 8, 1: 4})
}

// TestOrderedInsert holds the server to what Append relies on: an insert of many stops at the first that is refused.
func TestOrderedInsert(t *testing.T) {
	t.Parallel()
	uri := mongotest.Start(t)
	for _, at := range []int{0, 1, 57, 99, 100, 457, maxBatch - 1} {
		s := openOn(t, uri, mongotest.Database())
		events := batchOf(0, 0, maxBatch)
		for i := range events {
			events[i].Room, events[i].Seq, events[i].At = "lobby", uint64(i+1), time.Now().UTC().Truncate(time.Millisecond)
		}
		events[at].CID = "taken"
		taken := events[at]
		taken.Room = "lobby"
		taken.Seq = 5000 // somewhere else
		if _, _, err := s.events.insert(t.Context(), []chat.Event{taken}); err != nil {
			t.Fatal(err)
		}
		stored, key, err := s.events.insert(t.Context(), events)
		if err != nil || stored != at || key == keyNumber {
			t.Errorf("refused at %d: %d stored, key %d, %v", at, stored, key, err)
		}
		if there, err := s.events.span(t.Context(), "lobby", 1, uint64(len(events))); err != nil || len(there) != at {
			t.Errorf("refused at %d: %d are there, %v", at, len(there), err)
		}
	}
}

// mustAppend appends what must succeed, and checks the answer.
func mustAppend(t *testing.T, s *Store, room chat.RoomID, events []chat.Event) []chat.Event {
	t.Helper()
	got, err := s.Append(t.Context(), room, events)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	for i, e := range got {
		if e.Seq == 0 || e.CID != events[i].CID || e.User != events[i].User || e.Text != events[i].Text {
			t.Fatalf("event %d was %+v and came back as %+v", i, events[i], e)
		}
	}
	return got
}

// checkLog reads room's log and holds it to the promises: numbers without a hole, each send once, so many of each of
// batchOf's users, times that do not go back, and, if ordered, each batch in the order it was sent in.
func checkLog(t *testing.T, s *Store, room chat.RoomID, ordered bool, want map[int]int) {
	t.Helper()
	log, got := readLog(t, s, room), map[string]int{}
	seen, inBatch := map[sendKey]bool{}, map[string]int{}
	for i, e := range log {
		if e.Seq != uint64(i+1) {
			t.Fatalf("%d is where %d should be", e.Seq, i+1)
		}
		if seen[keyOf(e)] {
			t.Fatalf("%v is stored twice", keyOf(e))
		}
		seen[keyOf(e)] = true
		if i > 0 && e.At.Before(log[i-1].At) {
			t.Errorf("the time of %d is before that of the one in front", e.Seq)
		}
		got[e.User.Name]++
		var b, k int
		if _, err := fmt.Sscanf(e.CID, "%d-%d", &b, &k); err != nil {
			t.Fatal(err)
		}
		batch := fmt.Sprint(e.User.Name, " ", b)
		if last, ok := inBatch[batch]; ok && last >= k && ordered {
			t.Errorf("%s: %d comes after %d", batch, k, last)
		}
		inBatch[batch] = k
	}
	for n, count := range want {
		if name := fmt.Sprint("node ", n); got[name] != count {
			t.Errorf("%s has %d events, want %d", name, got[name], count)
		}
	}
}

func readLog(t *testing.T, s *Store, room chat.RoomID) []chat.Event {
	t.Helper()
	var log []chat.Event
	for {
		p, err := s.Read(t.Context(), room, history.Query{IsAfter: true, After: uint64(len(log)), Limit: chat.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		if log = append(log, p.Events...); !p.More {
			if p.Head != uint64(len(log)) {
				t.Fatalf("the head is %d, the log has %d", p.Head, len(log))
			}
			return log
		}
	}
}

// TestClock has a node whose clock is an hour behind write after another.
func TestClock(t *testing.T) {
	t.Parallel()
	uri, db := mongotest.Start(t), mongotest.Database()
	ahead, behind := openOn(t, uri, db), openOn(t, uri, db)
	behind.now = func() time.Time { return time.Now().Add(-time.Hour) }
	first := mustAppend(t, ahead, "lobby", batchOf(0, 0, 1))
	mustAppend(t, behind, "lobby", batchOf(1, 0, 1))
	mustAppend(t, behind, "lobby", batchOf(1, 1, 1))
	log := readLog(t, ahead, "lobby")
	if !log[1].At.Equal(first[0].At) || !log[2].At.Equal(first[0].At) {
		t.Errorf("after %v the times are %v and %v", first[0].At, log[1].At, log[2].At)
	}
}

// TestBrokenData deletes what nothing here ever does: the last events of a log, up to its stored head, and an event
// inside a log.
func TestBrokenData(t *testing.T) {
	t.Parallel()
	uri, db := mongotest.Start(t), mongotest.Database()
	s := openOn(t, uri, db)
	mustAppend(t, s, "hole", batchOf(0, 0, 5))
	mustAppend(t, s, "head", batchOf(0, 0, 5))
	if err := s.Close(); err != nil { // which writes the heads
		t.Fatal(err)
	}
	s = openOn(t, uri, db)
	for _, id := range []string{eventID("hole", 3), eventID("head", 4), eventID("head", 5)} {
		if _, err := s.events.events.DeleteOne(t.Context(), byID(id)); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := s.Read(t.Context(), "hole", history.Query{Limit: 5}); err == nil || errors.Is(err, history.ErrUnavailable) {
		t.Errorf("a log with a hole reads as %+v, %v", p, err)
	}
	if got := mustAppend(t, s, "head", batchOf(1, 0, 1)); got[0].Seq != 4 {
		t.Errorf("after a log of 3 with the stored head 5 comes %d", got[0].Seq)
	}
}
