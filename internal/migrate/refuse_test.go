package migrate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/history"
)

func say(t *testing.T, s stores, room chat.RoomID, where string, n int) {
	t.Helper()
	for i := range n {
		e := chat.Event{
			Kind: chat.KindMessage, User: chat.User{ID: "u_0000", Name: "user 0"},
			CID: fmt.Sprint(where, i), Text: fmt.Sprint("said in ", where, " ", i),
		}
		if _, err := s.Append(t.Context(), room, []chat.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
}

// change does to the first user what a server does: renames it, takes its token, gives its new name to it.
func change(t *testing.T, s stores) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	eve := chat.User{ID: "u_0000", Name: "eve", Color: chat.ColorOf("u_0000")}
	if err := errors.Join(
		s.users.PutUser(t.Context(), accounts.Identity{User: eve, Created: now}),
		s.users.RevokeToken(t.Context(), chat.HashToken("u_0000")),
		s.users.ClaimName(t.Context(), "eve", "u_0000", now, now.Add(time.Hour)),
	); err != nil {
		t.Fatal(err)
	}
}

// content is all that a store holds.
type content struct {
	Users []accounts.Record
	Rooms []history.RoomInfo
	Pages []history.Page
}

func contentOf(t *testing.T, s stores) (c content) {
	t.Helper()
	users, err := s.ExportUsers(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		c.Users = append(c.Users, ordered(u))
	}
	if c.Rooms, err = list(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for _, r := range c.Rooms {
		page, err := s.Read(t.Context(), r.Room, history.Query{Limit: chat.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		c.Pages = append(c.Pages, page)
	}
	return c
}

// A target that was used since it was copied is refused, and nothing in it changes.
func TestRefusedTargetStaysAsItIs(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, from, to stores){
		"both went on in one room": func(t *testing.T, from, to stores) {
			say(t, to, "room0", "target", 2)
			say(t, from, "room0", "source", 5)
			change(t, to)
		},
		"the target is ahead": func(t *testing.T, _, to stores) {
			say(t, to, "room0", "target", 2)
			change(t, to)
		},
		"a room that the source has not": func(t *testing.T, from, to stores) {
			say(t, to, "another", "target", 1)
			say(t, from, "room0", "source", 1)
			change(t, to)
		},
		"users only": func(t *testing.T, _, to stores) { change(t, to) },
	} {
		t.Run(name, func(t *testing.T) {
			from, to := open(t), open(t)
			fill(t, from, 3, 3)
			if _, err := Run(t.Context(), from, to, nil); err != nil {
				t.Fatal(err)
			}
			use(t, from, to)
			before := contentOf(t, to)
			if _, err := Run(t.Context(), from, to, nil); !errors.Is(err, ErrOther) || errors.Is(err, ErrMoving) {
				t.Errorf("not refused as it should be: %v", err)
			}
			if after := contentOf(t, to); !reflect.DeepEqual(before, after) {
				t.Errorf("what was refused has changed:\nbefore %+v\nafter  %+v", before, after)
			}
		})
	}
}

// A source that went on after its copy is carried over behind it, changed users too.
func TestSourceWentOn(t *testing.T) {
	from, to := open(t), open(t)
	fill(t, from, 2, 3)
	if _, err := Run(t.Context(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	say(t, from, "room1", "source", 4)
	say(t, from, "new", "source", 1)
	change(t, from)
	if got, err := Run(t.Context(), from, to, nil); err != nil || got.Copied != 5 {
		t.Errorf("%+v, %v", got, err)
	}
}

// live is a source whose nodes still write: something happens in it while its first page of events is read.
type live struct {
	Source
	happens func()
}

func (l live) Read(ctx context.Context, room chat.RoomID, q history.Query) (history.Page, error) {
	l.happens()
	return l.Source.Read(ctx, room, q)
}

func TestSourceInUse(t *testing.T) {
	for name, happens := range map[string]func(t *testing.T, s stores){
		"somebody speaks":     func(t *testing.T, s stores) { say(t, s, "room0", "source", 1) },
		"somebody is renamed": change,
		"a room begins":       func(t *testing.T, s stores) { say(t, s, "new", "source", 1) },
		"somebody new arrives": func(t *testing.T, s stores) {
			if err := s.users.PutUser(t.Context(), accounts.Identity{User: chat.User{ID: "u_new", Name: "new"}, Created: time.Now()}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := open(t), open(t)
			fill(t, from, 1, 3)
			done := false // Run reads one room by one goroutine
			source := live{from, func() {
				if !done {
					done = true
					happens(t, from)
				}
			}}
			if _, err := Run(t.Context(), source, to, nil); !errors.Is(err, ErrMoving) {
				t.Errorf("not told: %v", err)
			}
			if _, err := Run(t.Context(), from, open(t), nil); err != nil {
				t.Errorf("into an empty target, with the source still: %v", err)
			}
		})
	}
}
