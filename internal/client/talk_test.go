package client

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
)

// TestNoGapNoDouble lets several clients talk through a server that does all that a network and a busy server can do, and
// looks at what each was shown and what the log holds.
func TestNoGapNoDouble(t *testing.T) {
	for _, mishaps := range []struct {
		name string
		of   map[string]float64
	}{
		{"cuts", map[string]float64{"cut before": .02, "cut after": .02, "cut before ack": .1, "unreachable": .3}},
		{"live events", map[string]float64{"lose": .1, "repeat": .1, "late": .1, "lag": .05}},
		{"refusals", map[string]float64{"refuse": .2, "not member": .05}},
		{"everything", map[string]float64{
			"cut before": .01, "cut after": .01, "cut before ack": .05, "unreachable": .3, "lose": .05, "repeat": .1,
			"late": .1, "lag": .03, "refuse": .1, "not member": .02}},
	} {
		t.Run(mishaps.name, func(t *testing.T) {
			for range 2 {
				seed := rand.Uint64()
				if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
					seed = s
				}
				synctest.Test(t, func(t *testing.T) { talk(t, seed, mishaps.of) })
				if t.Failed() {
					t.Fatalf("again with SEED=%d", seed)
				}
			}
		})
	}
}

func talk(t *testing.T, seed uint64, mishaps map[string]float64) {
	const people, texts = 4, 60
	random := rand.New(rand.NewPCG(seed, 1))
	m := newModel()
	m.pageSize = 7 // absences longer than a page are common
	m.chance = chances(random, mishaps)
	rooms := []chat.RoomID{"lobby", "garden"}
	var clients [people]*Client
	var diaries [people]diary
	var stops [people]func() error
	for i := range clients {
		clients[i] = New(Options{
			Name: fmt.Sprint("p", i), Rooms: rooms, FromStart: true, Pending: 10, On: diaries[i].on, Dial: m.dial,
		})
		stops[i] = run(t, clients[i])
	}
	var talking sync.WaitGroup
	for i, c := range clients {
		talking.Go(func() {
			for n := range texts {
				if _, err := c.Send(t.Context(), rooms[n%2], fmt.Sprintf("p%d %d", i, n)); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Duration(n%7) * 50 * time.Millisecond)
			}
			if err := c.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	talking.Wait()
	m.mu.Lock()
	m.chance = func(string) bool { return false }
	m.mu.Unlock()
	m.cutAll() // the last live event may have been lost: coming back shows it
	time.Sleep(5 * time.Minute)
	for i := range clients {
		stops[i]()
		for _, room := range rooms {
			checkShown(t, &diaries[i], room, m.logs[room])
		}
	}
	for _, room := range rooms {
		checkLog(t, m.logs[room], people, texts)
	}
}

// checkShown compares what a client was shown of a room with its log.
func checkShown(t *testing.T, d *diary, room chat.RoomID, log []chat.Event) {
	t.Helper()
	var next uint64
	for _, e := range noticesOf[Event](d) {
		if e.Room != room {
			continue
		}
		if next++; e.Seq != next {
			t.Fatalf("%s: event %d was shown where %d was next", room, e.Seq, next)
		}
		if e.Text != log[e.Seq-1].Text {
			t.Fatalf("%s: event %d was shown as %q, it is %q", room, e.Seq, e.Text, log[e.Seq-1].Text)
		}
	}
	if next != uint64(len(log)) {
		t.Fatalf("%s: shown up to %d of %d", room, next, len(log))
	}
	acked := map[string]uint64{}
	for _, a := range noticesOf[Acked](d) {
		if a.Room == room {
			acked[a.CID] = a.Seq
		}
	}
	for _, e := range log {
		if seq, ok := acked[e.CID]; ok && seq != e.Seq {
			t.Fatalf("%s: %d was acknowledged as %d", room, e.Seq, seq)
		}
	}
}

// checkLog sees that each text of each sender is stored once, in the order it was sent.
func checkLog(t *testing.T, log []chat.Event, people, texts int) {
	t.Helper()
	if want := people * texts / 2; len(log) != want {
		t.Fatalf("%d events are stored, %d were sent", len(log), want)
	}
	last := map[string]int{}
	for _, e := range log {
		_, number, _ := strings.Cut(e.Text, " ")
		n, _ := strconv.Atoi(number)
		if before, ok := last[e.User.Name]; ok && n <= before {
			t.Fatalf("%s: %d is stored after %d", e.User.Name, n, before)
		}
		last[e.User.Name] = n
	}
}
