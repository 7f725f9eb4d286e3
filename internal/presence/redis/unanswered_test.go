package redis

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"salon/internal/presence"
	"salon/internal/redistest"
)

// A call took effect and its answer never came. Repeated, it returns what it did.
func TestRepeatedAfterUnknownOutcome(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	direct := newWorld(server.URL(), patient).open(t, "direct")
	answers := holdAnswers(t, server.Addr)
	s := newWorld("redis://"+answers.addr, patient).open(t, "a")
	mustBeat(t, s)
	mustJoin(t, s, "other", 0) // so that the server knows the scripts
	mustLeave(t, s, "other", 0)
	// unanswered calls f, waits until the room has count users, and only then ends f, whose answer has not come.
	unanswered := func(users int, f func(context.Context) error) {
		t.Helper()
		answers.hold()
		defer answers.release()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		failed := make(chan error, 1)
		go func() { failed <- f(ctx) }()
		redistest.Await(t, "the call took effect", func() bool { return count(t, direct, "lobby") == users })
		cancel()
		if err := <-failed; !errors.Is(err, presence.ErrUnavailable) {
			t.Errorf("without an answer: %v", err)
		}
	}
	unanswered(1, func(ctx context.Context) error {
		_, err := s.Join(ctx, "lobby", someone(1))
		return err
	})
	if c, err := s.Join(t.Context(), "lobby", someone(1)); err != nil || !c.First || c.Count != 1 {
		t.Errorf("Join again: %+v, %v; want First", c, err)
	}
	if c, err := s.Join(t.Context(), "lobby", someone(1)); err != nil || c.First {
		t.Errorf("a third Join: %+v, %v; want no First", c, err)
	}
	unanswered(0, func(ctx context.Context) error {
		_, err := s.Leave(ctx, "lobby", someone(1).ID)
		return err
	})
	if c, err := s.Leave(t.Context(), "lobby", someone(1).ID); err != nil || !c.Last || c.Count != 0 {
		t.Errorf("Leave again: %+v, %v; want Last", c, err)
	}
	if c, err := s.Leave(t.Context(), "lobby", someone(1).ID); err != nil || c.Last {
		t.Errorf("a third Leave: %+v, %v; want no Last", c, err)
	}
}

// holder is a connection to a server that can hold its answers back.
type holder struct {
	addr string
	held sync.Mutex // locked while answers are held back
}

// holdAnswers listens on an address that leads to addr.
func holdAnswers(t *testing.T, addr string) *holder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &holder{addr: l.Addr().String()}
	var running sync.WaitGroup
	t.Cleanup(func() { l.Close(); running.Wait() })
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", addr)
			if err != nil {
				client.Close()
				return
			}
			running.Go(func() { io.Copy(server, client); server.Close() })
			running.Go(func() { io.Copy(h.gate(client), server); client.Close() })
		}
	})
	return h
}

func (h *holder) hold()    { h.held.Lock() }
func (h *holder) release() { h.held.Unlock() }

// gate returns a writer to w that waits while answers are held back.
func (h *holder) gate(w io.Writer) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		h.held.Lock()
		defer h.held.Unlock()
		return w.Write(p)
	})
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
