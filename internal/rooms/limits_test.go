package rooms

import (
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
)

// limited fails unless err is a temporary refusal that says how long to wait, and returns that time.
func limited(t *testing.T, err error) time.Duration {
	t.Helper()
	e, ok := err.(*chat.Error)
	if !ok || e.Code != chat.CodeRateLimited || !e.Temporary || e.RetryAfter <= 0 {
		t.Fatalf("refused with %#v", err)
	}
	return e.RetryAfter
}

func TestSendRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, burst = 4, 10
		var l limits
		l.init(&Config{Limits: chat.Limits{Rate: rate}, Burst: burst, MaxOpen: 100})
		for i := range burst {
			if err := l.send(); err != nil {
				t.Fatalf("send %d of the burst: %v", i, err)
			}
		}
		wait := limited(t, l.send())
		if most := time.Second/rate + 2*time.Millisecond; wait > most {
			t.Errorf("wait %v, want at most %v", wait, most)
		}
		time.Sleep(wait) // the time that was told is enough,
		if err := l.send(); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		limited(t, l.send()) // for one
		time.Sleep(time.Second)
		for range rate {
			if err := l.send(); err != nil {
				t.Errorf("a second later: %v", err)
			}
		}
		limited(t, l.send())
	})
}

func TestNoSendRate(t *testing.T) {
	var l limits
	l.init(&Config{MaxOpen: 100})
	for range 10000 {
		if err := l.send(); err != nil {
			t.Fatal(err)
		}
	}
}

// Sends that are not stored yet are bounded; each one that is answered makes room for another.
func TestWaitingSends(t *testing.T) {
	const most = 3
	w := open(t, func(c *Config) { c.MaxOpen = most })
	let := make(chan struct{})
	w.faults.hold.Store(&let)
	g := w.enter("ada")
	g.join("r")
	var waiting []<-chan answered
	for range most {
		answers, err := g.start(&Send{Room: "r", CID: chat.NewCID(), Text: "x"})
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, answers)
	}
	limited(t, g.refused(chat.CodeRateLimited, &Send{Room: "r", CID: chat.NewCID(), Text: "x"}))
	close(let)
	for _, answers := range waiting {
		if a := <-answers; a.err != nil {
			t.Error(a.err)
		}
	}
	for range 2 * most {
		g.send("r", "x")
	}
	w.faults.fail(chat.ErrUnavailable)
	for range 2 * most { // also one that is not stored is answered
		g.refused(chat.CodeUnavailable, &Send{Room: "r", CID: chat.NewCID(), Text: "x"})
	}
}

func TestRenameLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limits
		for i := range renameBurst {
			if err := l.rename(); err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
		}
		time.Sleep(limited(t, l.rename()))
		if err := l.rename(); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		if wait := limited(t, l.rename()); wait < renameEvery-time.Second {
			t.Errorf("wait %v, want about %v", wait, renameEvery)
		}
	})
}

func TestTypingLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limits
		for range 3 {
			if !l.typing(time.Now()) {
				t.Error("the room is not told")
			}
			time.Sleep(typingEvery - time.Nanosecond)
			if l.typing(time.Now()) {
				t.Error("the room is told too often")
			}
			time.Sleep(time.Nanosecond)
		}
	})
}

// One typing in a second reaches the others, whatever the client sends.
func TestTyping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, nil)
		ada, bob := w.enter("ada"), w.enter("bob")
		ada.join("r")
		bob.join("r")
		for range 5 {
			ada.must(&Typing{Room: "r"})
		}
		synctest.Wait()
		if n := bob.saw("typing ada"); n != 1 {
			t.Errorf("bob was told %d times", n)
		}
		if n := ada.saw("typing ada"); n != 0 {
			t.Errorf("ada was told of herself %d times", n)
		}
	})
}

func TestRenames(t *testing.T) {
	w := open(t, nil)
	ada, bob := w.enter("ada"), w.enter("bob")
	ada.join("r")
	bob.join("r")
	ada.refused(chat.CodeInvalidName, &Rename{Name: "\x00"})
	for range 2 * renameBurst { // no change, and not counted
		for _, name := range []string{"", "ada"} {
			if got := ada.must(&Rename{Name: name}).(Renamed).User; got.Name != "ada" {
				t.Fatalf("%q made her %q", name, got.Name)
			}
		}
	}
	ada.refused(chat.CodeNameTaken, &Rename{Name: "bob"}) // counted
	for _, name := range []string{"a1", "a2", "a3", "a4"} {
		if got := ada.must(&Rename{Name: name}).(Renamed).User; got.Name != name || ada.User() != got {
			t.Errorf("answered %q, is %q", got.Name, ada.User().Name)
		}
	}
	ada.refused(chat.CodeRateLimited, &Rename{Name: "a5"})
	eventually(t, "bob is told of the last name", func() bool { return bob.saw("rename a4 a3") == 1 })
}
