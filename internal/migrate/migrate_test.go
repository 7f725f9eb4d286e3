package migrate

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"salon/internal/accounts"
	accountssqlite "salon/internal/accounts/sqlite"
	"salon/internal/chat"
	"salon/internal/history"
	historysqlite "salon/internal/history/sqlite"
	"salon/internal/sqliteconn"
)

// stores are an embedded history's.
type stores struct {
	Target
	users *accountssqlite.Store
}

func open(t *testing.T) stores {
	t.Helper()
	db, err := sqliteconn.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	users := accountssqlite.New(db)
	return stores{Join(historysqlite.New(db), users), users}
}

// fill makes a history with rooms, users, tokens and held names.
func fill(t *testing.T, s stores, rooms, each int) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for r := range rooms {
		id := chat.UserID(fmt.Sprintf("u_%04d", r))
		u := chat.User{ID: id, Name: fmt.Sprint("user ", r), Color: chat.ColorOf(id)}
		if err := errors.Join(
			s.users.PutUser(t.Context(), accounts.Identity{User: u, Created: now}),
			s.users.AddToken(t.Context(), chat.HashToken(string(id)), id, now),
			s.users.ClaimName(t.Context(), chat.NameKey(u.Name), id, now, now.Add(time.Hour)),
		); err != nil {
			t.Fatal(err)
		}
		events := make([]chat.Event, each)
		for i := range events {
			events[i] = chat.Event{Kind: chat.KindMessage, User: u, CID: fmt.Sprint("c", i), Text: fmt.Sprint("text ", i, " é 🎈")}
		}
		if _, err := s.Append(t.Context(), chat.RoomID(fmt.Sprint("room", r)), events); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThereAndBack(t *testing.T) {
	a, b, c := open(t), open(t), open(t)
	fill(t, a, 5, 450)
	for _, step := range []struct {
		from Source
		to   Target
	}{{a, b}, {b, c}} {
		got, err := Run(t.Context(), step.from, step.to, nil)
		if err != nil || got != (Report{Rooms: 5, Users: 5, Events: 2250, Copied: 2250}) {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if got, err := Run(t.Context(), a, c, nil); err != nil || got.Copied != 0 {
		t.Errorf("again: %+v, %v", got, err)
	}
}

func TestCutOffAndTakenUpAgain(t *testing.T) {
	a, b := open(t), open(t)
	fill(t, a, 3, 900)
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int64
	_, err := Run(ctx, a, b, func(done, total int64) {
		if calls.Add(1) == 6 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) && !errors.Is(err, history.ErrUnavailable) {
		t.Fatalf("cut off: %v", err)
	}
	got, err := Run(t.Context(), a, b, nil)
	if err != nil || got.Events != 2700 || got.Copied == 0 || got.Copied == 2700 {
		t.Errorf("taken up again: %+v, %v", got, err)
	}
}

func TestRefusesAnother(t *testing.T) {
	a, b := open(t), open(t)
	fill(t, a, 1, 1)
	fill(t, b, 1, 1)
	if _, err := Run(t.Context(), a, b, nil); !errors.Is(err, ErrOther) {
		t.Errorf("another history: %v", err)
	}
}

// wrong is a target that changes what it is given.
type wrong struct{ Target }

func (w wrong) ImportEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error {
	events = append([]chat.Event{}, events...)
	events[len(events)-1].Text += "!"
	return w.Target.ImportEvents(ctx, room, events)
}

func TestFindsADifference(t *testing.T) {
	a, b := open(t), open(t)
	fill(t, a, 2, 10)
	if _, err := Run(t.Context(), a, wrong{b}, nil); err == nil {
		t.Error("a changed text was not found")
	}
}

// flaky is a target that does not answer at every third import.
type flaky struct {
	Target
	n *atomic.Int64
}

func (f flaky) ImportEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error {
	if f.n.Add(1)%3 == 0 {
		return fmt.Errorf("test: %w", history.ErrUnavailable)
	}
	return f.Target.ImportEvents(ctx, room, events)
}

func TestGoesOnWhenTheTargetAnswersAgain(t *testing.T) {
	a, b := open(t), open(t)
	fill(t, a, 2, 900)
	if got, err := Run(t.Context(), a, flaky{b, new(atomic.Int64)}, nil); err != nil || got.Copied != 1800 {
		t.Errorf("%+v, %v", got, err)
	}
}
