package edge_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"salon/internal/chat"
	"salon/internal/edge"
	"salon/internal/history"
	"salon/internal/rooms"
	"salon/internal/ws"
)

// flaky is a history that fails so many reads of pages after a number.
type flaky struct {
	history.Store
	fails atomic.Int32
	pages atomic.Int32 // that were read then
}

func (f *flaky) Read(ctx context.Context, room chat.RoomID, q history.Query) (history.Page, error) {
	if q.IsAfter && f.fails.Add(-1) >= 0 {
		return history.Page{}, history.ErrUnavailable
	}
	if q.IsAfter {
		f.pages.Add(1)
	}
	return f.Store.Read(ctx, room, q)
}

// piped is a server in a bubble, whose connections are pipes.
type piped struct {
	*edge.Server
	rooms  *rooms.Rooms
	t      *testing.T
	served sync.WaitGroup
}

// text makes a client of text mode.
func (p *piped) text(name string) *guest {
	p.t.Helper()
	server, client := edge.Pipe(p.t, &ws.Options{QueueBytes: queueBytes}, &ws.DialOptions{})
	p.served.Go(func() { p.Serve(server, &edge.Params{Room: chat.DefaultRoom}) })
	g := &guest{t: p.t, conn: client}
	g.line()
	g.say("%s", name)
	if got := g.line(); !strings.HasPrefix(got, "Bienvenue "+name) {
		p.t.Fatalf("%s is greeted with %q", name, got)
	}
	return g
}

// inBubble runs f with a server.
func inBubble(t *testing.T, change func(*world), f func(t *testing.T, p *piped)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		change(&w)
		p := &piped{t: t}
		p.rooms, p.Server = w.serve(t)
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			p.Bye(ctx)
			p.served.Wait()
			p.Stop()
			p.rooms.Close()
		}()
		f(t, p)
	})
}

// A person of text mode whose queue was full is shown all it missed, each line once and in order, also where history does
// not answer for a while; and then what is said later.
func TestTextModeCatchesUp(t *testing.T) {
	f := &flaky{}
	inBubble(t, func(w *world) { f.Store, w.History = w.History, f }, func(t *testing.T, p *piped) {
		bob, ada := p.text("bob"), p.text("ada")
		if got := bob.line(); got != "Annonce : ada a rejoint la chatroom" {
			t.Fatalf("bob is shown %q", got)
		}
		const lines = 500 // more than two pages
		line := func(i int) string { return fmt.Sprint(i, " ", strings.Repeat("x", 2<<10)) }
		for i := range lines { // bob reads nothing
			ada.say("%s", line(i))
			synctest.Wait()
		}
		if n := p.rooms.Stats().Lags.Load(); n != 1 {
			t.Fatalf("%d members lag", n)
		}
		const fails = 2
		f.fails.Store(fails)
		began := time.Now()
		for i := range lines {
			if got, want := bob.line(), "ada a dit : "+line(i); got != want {
				t.Fatalf("shown %.40q, want %.40q", got, want)
			}
		}
		if waited, want := time.Since(began), 3*time.Second; f.fails.Load() >= 0 || f.pages.Load() == 0 || waited < want || waited > 2*want {
			t.Errorf("caught up after %v, %d pages", waited, f.pages.Load())
		}
		synctest.Wait()
		for i := range 5 { // it is back in the room
			ada.say("%s", line(i))
			if got, want := bob.line(), "ada a dit : "+line(i); got != want {
				t.Fatalf("shown %.40q, want %.40q", got, want)
			}
		}
		for _, g := range []*guest{bob, ada} {
			g.conn.Kill()
		}
	})
}
