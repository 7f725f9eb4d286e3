package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
)

// run starts a client and ends it with the test's bubble.
func run(t *testing.T, c *Client) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return sync.OnceValue(func() error { cancel(); return <-done })
}

// diary notes what a client was told.
type diary struct {
	mu      sync.Mutex
	notices []Notice
}

func (d *diary) on(n Notice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notices = append(d.notices, n)
}

func noticesOf[N Notice](d *diary) []N {
	d.mu.Lock()
	defer d.mu.Unlock()
	var some []N
	for _, n := range d.notices {
		if n, ok := n.(N); ok {
			some = append(some, n)
		}
	}
	return some
}

func (d *diary) texts(room chat.RoomID) (texts []string) {
	for _, e := range noticesOf[Event](d) {
		if e.Room == room {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

func TestFirstPageThenLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel()
		for i := range 10 {
			m.say("lobby", fmt.Sprint(i))
		}
		var d diary
		stop := run(t, New(Options{Name: "ada", Rooms: []chat.RoomID{"lobby"}, Last: 3, On: d.on, Dial: m.dial}))
		synctest.Wait()
		m.say("lobby", "live")
		synctest.Wait()
		stop()
		if got := fmt.Sprint(d.texts("lobby")); got != "[7 8 9 live]" {
			t.Errorf("shown %s", got)
		}
		for _, e := range noticesOf[Event](&d) {
			if e.Past != (e.Text != "live") {
				t.Errorf("%q: past is %v", e.Text, e.Past)
			}
		}
	})
}

func TestTokenIsKeptAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel()
		var d diary
		var saved []string
		c := New(Options{Name: "ada", Token: "stale", On: d.on, Dial: m.dial,
			SaveToken: func(s string) { saved = append(saved, s) }})
		stop := run(t, c)
		synctest.Wait()
		c.Drop()
		time.Sleep(time.Minute)
		stop()
		if got := fmt.Sprintf("%q", saved); got != `["" "token-0"]` {
			t.Errorf("saved %s", got)
		}
		w := noticesOf[Welcome](&d)
		if len(w) != 2 || w[0].Back || !w[0].First || !w[1].Back || w[1].First {
			t.Errorf("welcomes %+v", w)
		}
		if len(noticesOf[Forgotten](&d)) != 1 {
			t.Error("not told that the token was forgotten")
		}
	})
}

func TestRefusedForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel()
		var d diary
		c := New(Options{Name: "ada", Rooms: []chat.RoomID{"lobby"}, On: d.on, Dial: m.dial})
		early, _ := c.Send(t.Context(), "lobby", strings.Repeat("x", 101)) // the limits are not known yet
		stop := run(t, c)
		synctest.Wait()
		if _, err := c.Send(t.Context(), "lobby", strings.Repeat("\x01", 200)); codeOf(err) != chat.CodeTooLarge {
			t.Errorf("a text over the limit: %v", err)
		}
		if _, err := c.Send(t.Context(), "lobby", ""); codeOf(err) != chat.CodeInvalidText {
			t.Errorf("an empty text: %v", err)
		}
		if _, err := c.Send(t.Context(), "elsewhere", "x"); !errors.Is(err, ErrNotJoined) {
			t.Errorf("a room that was not joined: %v", err)
		}
		bad, _ := c.Send(t.Context(), "lobby", "forbidden")
		c.Send(t.Context(), "lobby", "fine")
		if err := c.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		stop()
		r := noticesOf[Refused](&d)
		if len(r) != 2 || r[0].CID != early || r[1].CID != bad || codeOf(r[1].Err) != chat.CodeInvalidText {
			t.Errorf("refused %+v", r)
		}
		if got := fmt.Sprint(d.texts("lobby")); got != "[fine]" {
			t.Errorf("shown %s", got)
		}
		if _, err := c.Send(t.Context(), "lobby", "late"); !errors.Is(err, ErrEnded) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestFlushComesAfterTheNotices: whoever flushed knows what became of each send.
func TestFlushComesAfterTheNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel()
		acked := 0
		told := make(chan struct{})
		c := New(Options{Name: "ada", Rooms: []chat.RoomID{"lobby"}, Dial: m.dial, On: func(n Notice) {
			if _, ok := n.(Acked); ok {
				<-told
				acked++
			}
		}})
		stop := run(t, c)
		c.Send(t.Context(), "lobby", "x")
		synctest.Wait() // the acknowledgement has come, and its notice is held up
		if c.Pending() != 0 {
			t.Fatalf("%d sends are pending", c.Pending())
		}
		close(told)
		if err := c.Flush(t.Context()); err != nil || acked != 1 {
			t.Errorf("flushed after %d notices, %v", acked, err)
		}
		stop()
	})
}

func codeOf(err error) chat.Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestFullOutboxWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel()
		c := New(Options{Name: "ada", Rooms: []chat.RoomID{"lobby"}, Pending: 2, Dial: m.dial})
		for range 2 {
			if _, err := c.Send(t.Context(), "lobby", "x"); err != nil {
				t.Fatal(err)
			}
		}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := c.Send(short, "lobby", "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the third send: %v", err)
		}
		stop := run(t, c)
		if _, err := c.Send(t.Context(), "lobby", "y"); err != nil {
			t.Error(err)
		}
		if err := c.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		stop()
		if len(m.logs["lobby"]) != 3 || c.Pending() != 0 {
			t.Errorf("%d stored, %d pending", len(m.logs["lobby"]), c.Pending())
		}
	})
}

func TestSilentServerIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel()
		var d diary
		c := New(Options{Name: "ada", On: d.on, Dial: func(ctx context.Context, url string) (Conn, error) {
			conn, err := m.dial(ctx, url)
			if m.dials == 1 {
				return &deaf{Conn: conn, after: 1}, err
			}
			return conn, err
		}})
		start := time.Now()
		stop := run(t, c)
		time.Sleep(5 * time.Minute)
		stop()
		lost := noticesOf[Lost](&d)
		if len(lost) != 1 || !errors.Is(lost[0].Err, ErrSilent) {
			t.Fatalf("lost %+v after %v", lost, time.Since(start))
		}
		if w := noticesOf[Welcome](&d); len(w) != 2 {
			t.Errorf("%d welcomes", len(w))
		}
		if p := m.requests("ping"); len(p) < 5 {
			t.Errorf("%d pings", len(p))
		}
	})
}

// deaf is a connection on which nothing comes any more after some messages.
type deaf struct {
	Conn
	after int
}

func (d *deaf) Read() ([]byte, error) {
	for {
		b, err := d.Conn.Read()
		if d.after--; err != nil || d.after >= 0 {
			return b, err
		}
	}
}

func TestRemovedDataBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel()
		for i := range 10 {
			m.say("lobby", fmt.Sprint(i))
		}
		var d diary
		stop := run(t, New(Options{Name: "ada", Rooms: []chat.RoomID{"lobby"}, Last: 1, On: d.on, Dial: m.dial}))
		synctest.Wait()
		m.mu.Lock()
		m.logs = map[chat.RoomID][]chat.Event{}
		m.mu.Unlock()
		m.cutAll()
		time.Sleep(time.Minute)
		m.say("lobby", "new")
		synctest.Wait()
		stop()
		if got := fmt.Sprint(d.texts("lobby")); got != "[9 new]" || len(noticesOf[Reset](&d)) != 1 {
			t.Errorf("shown %s, resets %v", got, noticesOf[Reset](&d))
		}
	})
}

func TestLeaveAndJoinAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel()
		var d diary
		c := New(Options{Name: "ada", Rooms: []chat.RoomID{"lobby"}, On: d.on, Dial: m.dial})
		stop := run(t, c)
		if err := c.Join(t.Context(), "garden"); err != nil {
			t.Fatal(err)
		}
		c.Send(t.Context(), "garden", "one")
		if err := c.Leave(t.Context(), "garden"); err != nil {
			t.Fatal(err)
		}
		m.say("garden", "unseen")
		m.cutAll()
		time.Sleep(time.Minute)
		if got := fmt.Sprint(d.texts("garden"), c.Rooms()); got != "[one] [lobby]" && got != "[] [lobby]" {
			t.Errorf("shown %s", got)
		}
		if err := c.Join(t.Context(), "garden"); err != nil {
			t.Fatal(err)
		}
		page, err := c.After(t.Context(), "garden", 1, 10)
		if err != nil || len(page.Events) != 1 || page.Events[0].Text != "unseen" || page.Head != 2 || page.More {
			t.Errorf("page %+v, %v", page, err)
		}
		u, err := c.Rename(t.Context(), "grace")
		if err != nil || u.Name != "grace" || c.User().Name != "grace" {
			t.Errorf("renamed to %+v, %v", u, err)
		}
		stop()
	})
}
