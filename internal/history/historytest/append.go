package historytest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/history"
)

func (s *suite) testAppend(t *testing.T) {
	s.leaf(t, "Numbers", s.testNumbers)
	s.leaf(t, "IgnoresNumbersGiven", s.testNumbersGiven)
	s.leaf(t, "Fidelity", s.testFidelity)
	s.leaf(t, "Times", s.testTimes)
	s.leaf(t, "TooLarge", s.testTooLarge)
}

func (s *suite) testNumbers(t *testing.T) {
	ctx, store := s.start(t)
	ada := user(1)
	for _, room := range []chat.RoomID{"lobby", "attic"} { // a room's numbers are its own
		var want uint64
		for round, n := range []int{1, 3, 1, 250, 2} {
			got := mustAppend(t, ctx, store, room, messages(ada, fmt.Sprint("r", round), n)...)
			for i, e := range got {
				want++
				if e.Seq != want {
					t.Fatalf("%s, batch of %d: event %d got number %d, want %d", room, n, i, e.Seq, want)
				}
			}
			last := mustRead(t, ctx, store, room, history.Query{Limit: 1})
			checkSame(t, "newest", last.Events, got[n-1:])
		}
		if log := wholeLog(t, ctx, store, room); len(log) != int(want) {
			t.Fatalf("%s has %d events, want %d", room, len(log), want)
		}
	}
}

func (s *suite) testNumbersGiven(t *testing.T) {
	ctx, store := s.start(t)
	e := message(user(1), "c", "hi")
	e.Room, e.Seq, e.At = "elsewhere", 77, time.Now().Add(time.Hour)
	given := []chat.Event{e}
	got := mustAppend(t, ctx, store, "lobby", given...)
	if got[0].Seq != 1 || time.Until(got[0].At) > time.Minute {
		t.Fatalf("number and time given were kept: %+v", got[0])
	}
	if given[0] != e {
		t.Fatalf("append changed what it was given: %+v", given[0])
	}
	if p := mustRead(t, ctx, store, "elsewhere", history.Query{Limit: 5}); p.Head != 0 {
		t.Fatalf("the room given in the event has head %d", p.Head)
	}
}

// testFidelity stores what a careless engine changes.
func (s *suite) testFidelity(t *testing.T) {
	ctx, store := s.start(t)
	texts := map[string]string{
		"plain":     "salut",
		"nul":       "before\x00after",
		"controls":  "\x01\x1b[31m\x7f",
		"emoji":     "👩‍👩‍👧‍👦 🇫🇷 e\u0301",
		"lines":     "a\r\nb\nc\u2028d\u2029e",
		"spaces":    "  \t around \t  ",
		"direction": "\u202eright to left\u202c",
		"bom":       "\ufeffbom",
		"astral":    "\U0010ffff \uffff \ue000",
		"operators": `{"$where": "x"} $set a.b %s ' " \ ; -- ?1`,
		"html":      "<script>alert(1)</script>&amp;",
		"64 KiB":    strings.Repeat("0123456789abcdé", 1<<16/16),
		"longest":   strings.Repeat("漢", 65536/3),
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			room := chat.RoomID("fidelity-é-" + strings.ReplaceAll(name, " ", "_"))
			got := mustAppend(t, ctx, store, room, message(user(1), "c", text))
			if got[0].Text != text {
				t.Fatalf("came back as %.200q, want %.200q", got[0].Text, text)
			}
			checkSame(t, "read", wholeLog(t, ctx, store, room), got)
		})
	}
	t.Run("every field", func(t *testing.T) {
		u := chat.User{ID: "u_fidelity", Name: "Zoë |名|", Color: "#0123ef"}
		events := []chat.Event{
			{Kind: "a kind to come", User: u, CID: strings.Repeat("~", chat.MaxCID), Text: ""},
			{Kind: chat.KindMessage, User: user(2), CID: "!", Text: "x"},
		}
		got := mustAppend(t, ctx, store, "fields", events...)
		for i, e := range got {
			e.Room, e.Seq, e.At = "", 0, time.Time{}
			if e != events[i] {
				t.Errorf("came back as %+v, want %+v", e, events[i])
			}
		}
		checkSame(t, "read", wholeLog(t, ctx, store, "fields"), got)
	})
}

func (s *suite) testTimes(t *testing.T) {
	ctx, store := s.start(t)
	start := time.Now()
	var last time.Time
	for i := range 20 {
		for _, e := range mustAppend(t, ctx, store, "lobby", messages(user(1), fmt.Sprint(i), 3)...) {
			if e.At.Before(last) {
				t.Fatalf("event %d at %v, the one in front at %v", e.Seq, e.At, last)
			}
			last = e.At
		}
	}
	// A minute is for a store on another machine, whose clock differs.
	if first := mustRead(t, ctx, store, "lobby", history.Query{IsAfter: true, Limit: 1}).Events[0].At; first.Before(start.Add(-time.Minute)) {
		t.Errorf("stored at %v, after %v", first, start)
	}
	if last.After(time.Now().Add(time.Minute)) {
		t.Errorf("stored at %v, before %v", last, time.Now())
	}
}

// testTooLarge sends more than any engine stores in one event: 17 MiB is over both MongoDB's and SQLite's bound here.
func (s *suite) testTooLarge(t *testing.T) {
	ctx, store := s.start(t)
	huge := strings.Repeat("x", 17<<20)
	ada := user(1)
	_, err := store.Append(ctx, "lobby", []chat.Event{message(ada, "a", "small"), message(ada, "b", huge)})
	if !errors.Is(err, history.ErrTooLarge) || errors.Is(err, history.ErrUnavailable) {
		t.Fatalf("17 MiB gave %v, want ErrTooLarge", err)
	}
	if p := mustRead(t, ctx, store, "lobby", history.Query{Limit: 5}); p.Head != 0 || len(p.Events) != 0 {
		t.Fatalf("of a refused batch, %d events are stored", len(p.Events))
	}
	got := mustAppend(t, ctx, store, "lobby", message(ada, "a", "small"), message(ada, "b", "small too"))
	if !slices.Equal(seqs(got), []uint64{1, 2}) {
		t.Fatalf("after a refused batch the numbers are %v", seqs(got))
	}
}
