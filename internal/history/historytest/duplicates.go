package historytest

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
	"salon/internal/history"
)

func (s *suite) testDuplicates(t *testing.T) {
	s.leaf(t, "Later", s.testAgain)
	s.leaf(t, "WithinBatch", s.testWithinBatch)
	s.leaf(t, "AmongNewOnes", s.testAmongNew)
	s.leaf(t, "OthersAreDistinct", s.testDistinct)
	s.leaf(t, "ManyAtOnce", s.testSameAtOnce)
}

func (s *suite) testAgain(t *testing.T) {
	ctx, store := s.start(t)
	ada := user(1)
	first := mustAppend(t, ctx, store, "lobby", message(ada, "x", "first"))
	mustAppend(t, ctx, store, "lobby", messages(user(2), "other", 5)...)

	changed := ada
	changed.Name, changed.Color = "Ada the Second", "#000000"
	again := mustAppend(t, ctx, store, "lobby", message(changed, "x", "second thoughts"))
	checkSame(t, "sent again", again, first) // the stored one, as it was
	if log := wholeLog(t, ctx, store, "lobby"); len(log) != 6 {
		t.Fatalf("the log has %d events, want 6", len(log))
	}
	next := mustAppend(t, ctx, store, "lobby", message(ada, "y", "next"))
	if next[0].Seq != 7 {
		t.Fatalf("after a duplicate the next number is %d, want 7", next[0].Seq)
	}
}

func (s *suite) testWithinBatch(t *testing.T) {
	ctx, store := s.start(t)
	ada, bob := user(1), user(2)
	got := mustAppend(t, ctx, store, "lobby",
		message(ada, "a", "1"), message(ada, "b", "2"), message(ada, "a", "again"), message(bob, "a", "3"),
		message(ada, "c", "4"), message(ada, "b", "again"), message(ada, "a", "and again"))
	if want := []uint64{1, 2, 1, 3, 4, 2, 1}; !slices.Equal(seqs(got), want) {
		t.Fatalf("numbers %v, want %v", seqs(got), want)
	}
	for i, original := range map[int]int{2: 0, 5: 1, 6: 0} {
		if !same(got[i], got[original]) {
			t.Errorf("event %d is %+v, want the stored %+v", i, got[i], got[original])
		}
	}
	checkSame(t, "log", wholeLog(t, ctx, store, "lobby"), []chat.Event{got[0], got[1], got[3], got[4]})
}

func (s *suite) testAmongNew(t *testing.T) {
	ctx, store := s.start(t)
	ada := user(1)
	old := mustAppend(t, ctx, store, "lobby", messages(ada, "m", 100)...)
	var batch []chat.Event // old, new, old, new, …
	for i := range 100 {
		batch = append(batch, message(ada, fmt.Sprintf("m-%d", i+1), "changed"), message(ada, fmt.Sprintf("n-%d", i+1), "new"))
	}
	got := mustAppend(t, ctx, store, "lobby", batch...)
	var added []chat.Event
	for i := range old {
		if !same(got[2*i], old[i]) {
			t.Fatalf("event %d is %+v, want the stored %+v", 2*i, got[2*i], old[i])
		}
		if e := got[2*i+1]; e.Seq != uint64(101+i) {
			t.Fatalf("new event %d has number %d, want %d", i, e.Seq, 101+i)
		}
		added = append(added, got[2*i+1])
	}
	checkSame(t, "log", wholeLog(t, ctx, store, "lobby"), append(old, added...))
}

func (s *suite) testDistinct(t *testing.T) {
	ctx, store := s.start(t)
	if got := mustAppend(t, ctx, store, "lobby", message(user(1), "x", "1"), message(user(2), "x", "2"), message(user(1), "X", "3")); !slices.Equal(seqs(got), []uint64{1, 2, 3}) {
		t.Fatalf("numbers %v, want 1 to 3: another user, another case is another send", seqs(got))
	}
	if got := mustAppend(t, ctx, store, "attic", message(user(1), "x", "elsewhere")); got[0].Seq != 1 || got[0].Text != "elsewhere" {
		t.Fatalf("the same cid in another room came back as %+v", got[0])
	}
	if got := mustAppend(t, ctx, store, "Lobby", message(user(1), "x", "upper")); got[0].Text != "upper" {
		t.Fatalf("a room of another case is the same room: %+v", got[0])
	}
}

// testSameAtOnce sends the same events from many goroutines, as clients that retry do: each is stored once and every
// answer is the same.
func (s *suite) testSameAtOnce(t *testing.T) {
	ctx, store := s.start(t)
	const senders = 8
	n := max(s.events/100, 5)
	answers := make([][]chat.Event, senders)
	var g errgroup.Group
	for i := range senders {
		g.Go(func() error {
			batch := messages(user(1), "same", n)
			if i%2 == 1 {
				slices.Reverse(batch)
			}
			for part := range slices.Chunk(batch, 1+i) {
				got, err := store.Append(ctx, "lobby", part)
				if err != nil {
					return fmt.Errorf("sender %d: %w", i, err)
				}
				answers[i] = append(answers[i], got...)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	log := wholeLog(t, ctx, store, "lobby")
	if len(log) != n {
		t.Fatalf("%d events sent %d times are stored as %d", n, senders, len(log))
	}
	for i, answer := range answers {
		slices.SortFunc(answer, func(a, b chat.Event) int { return int(a.Seq) - int(b.Seq) })
		checkSame(t, fmt.Sprint("answers to sender ", i), answer, log)
	}
	if p := mustRead(t, ctx, store, "lobby", history.Query{Limit: 1}); p.Head != uint64(n) {
		t.Fatalf("head %d, want %d", p.Head, n)
	}
}
