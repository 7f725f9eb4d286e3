package rooms

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/presence/memory"
)

func TestList(t *testing.T) {
	w := open(t, nil)
	ada, bob := w.enter("ada"), w.enter("bob")
	for _, room := range []string{"a", "b", "c", "d"} {
		ada.join(room)
	}
	bob.join("c")
	for _, room := range []string{"b", "b", "d"} {
		ada.send(room, "x")
	}
	ada.must(&Leave{Room: "d"}) // nobody is there, something was said
	ada.must(&Leave{Room: "a"}) // nobody is there, nothing was said
	want := []Listing{{Room: "b", Head: 2, Count: 1}, {Room: "c", Count: 2}, {Room: "d", Head: 1}}
	eventually(t, "presence knows who is where", func() bool {
		counts := w.rosters.Counts(t.Context())
		return len(counts) == 2 && counts["b"] == 1 && counts["c"] == 2
	})
	for _, limit := range []int{1, 2, 3, 4} {
		var got []Listing
		for after := chat.RoomID(""); ; {
			page := ada.must(&List{After: after, Limit: limit}).(Listed)
			if len(page.Rooms) > limit || page.Next != "" && len(page.Rooms) != limit {
				t.Errorf("%d rooms on a page of %d", len(page.Rooms), limit)
			}
			got = append(got, page.Rooms...)
			if after = page.Next; after == "" {
				break
			}
		}
		if len(got) != len(want) {
			t.Fatalf("by %d: %v", limit, got)
		}
		for i, l := range got {
			if l.At.IsZero() != (l.Head == 0) {
				t.Errorf("%s has the head %d of %v", l.Room, l.Head, l.At)
			}
			l.At = want[i].At
			if l != want[i] {
				t.Errorf("by %d: %+v, want %+v", limit, l, want[i])
			}
		}
	}
}

// slowRooms is a history that lists its rooms when it is let.
type slowRooms struct {
	history.Store
	looks atomic.Int32
	let   chan struct{}
}

func (s *slowRooms) Rooms(ctx context.Context, _ chat.RoomID, _ int) ([]history.RoomInfo, error) {
	s.looks.Add(1)
	select {
	case <-s.let:
		return []history.RoomInfo{{Room: "r", Head: 1}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Callers that want the same page at once share one look, and one of them who gives up does not end it for the others.
func TestListIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowRooms{let: make(chan struct{})}
		s, err := New(Config{
			Node: "n", History: store, Presence: memory.New().Node("n"), Format: testFormat, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, giveUp := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := s.list(ctx, "", 5)
			gone <- err
		}()
		synctest.Wait()
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				listed, err := s.list(t.Context(), "", 5)
				if err != nil || len(listed.Rooms) != 1 {
					t.Errorf("%v, %v", listed, err)
				}
			})
		}
		callers.Go(func() { // another page
			if _, err := s.list(t.Context(), "a", 5); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		giveUp()
		synctest.Wait()
		if err := <-gone; Problem(err).Code != chat.CodeUnavailable {
			t.Errorf("gave up with %v", err)
		}
		close(store.let)
		callers.Wait()
		if n := store.looks.Load(); n != 2 {
			t.Errorf("%d looks for two pages", n)
		}
	})
}
