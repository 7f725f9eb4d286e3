package migrate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/history"
)

// ErrOther says that the target holds another history.
var ErrOther = errors.New("the target holds another history: choose an empty one")

// ErrMoving says that the source was written to meanwhile.
var ErrMoving = errors.New("the source is being written to: stop all its nodes, then copy into an empty target")

// Source is what is read.
type Source interface {
	history.Store
	accounts.Exporter
}

// Target is what is written, and read again to verify it.
type Target interface {
	Log
	Users
}

// Log is the part of a [Target] that holds the rooms' logs.
type Log interface {
	history.Store
	history.Importer
}

// Users is the part of a [Target] that holds the users.
type Users interface {
	accounts.Exporter
	accounts.Importer
}

// Join makes a [Target] of its parts, where an engine has a store for each. Its Close is log's.
func Join(log Log, users Users) Target {
	return struct {
		Log
		Users
	}{log, users}
}

const (
	workers   = 4
	pageUsers = 500
	pageRooms = 1000
)

// list returns all rooms of a store.
func list(ctx context.Context, s Source) ([]history.RoomInfo, error) {
	var all []history.RoomInfo
	for after := chat.RoomID(""); ; {
		page, err := s.Rooms(ctx, after, pageRooms)
		if err != nil {
			return nil, fmt.Errorf("list rooms: %w", err)
		}
		all = append(all, page...)
		if len(page) < pageRooms {
			return all, nil
		}
		after = page[len(page)-1].Room
	}
}

// each runs f for every room, some at a time, until one fails.
func each(ctx context.Context, rooms []history.RoomInfo, f func(context.Context, history.RoomInfo) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, r := range rooms {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return f(ctx, r)
		})
	}
	return g.Wait()
}

// read gives the page after a number, which must not be empty.
func read(ctx context.Context, s Source, room chat.RoomID, after uint64, limit int) ([]chat.Event, error) {
	var page history.Page
	err := patiently(ctx, func() (err error) {
		page, err = s.Read(ctx, room, history.Query{After: after, IsAfter: true, Limit: limit})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s after %d: %w", room, after, err)
	}
	if len(page.Events) == 0 || page.Events[0].Seq != after+1 {
		return nil, fmt.Errorf("read %s after %d: there is a hole", room, after)
	}
	return page.Events, nil
}

// eachUsers reads all users, a page at a time.
func eachUsers(ctx context.Context, s Source, f func(page []accounts.Record) error) error {
	for after := chat.UserID(""); ; {
		page, err := s.ExportUsers(ctx, after, pageUsers)
		if err != nil {
			return fmt.Errorf("read users: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		if err := f(page); err != nil {
			return err
		}
		after = page[len(page)-1].Identity.User.ID
	}
}

// same tells whether two events are the same.
func same(a, b *chat.Event) bool {
	return a.Room == b.Room && a.Seq == b.Seq && a.Kind == b.Kind && a.At.Equal(b.At) && a.User == b.User && a.CID == b.CID && a.Text == b.Text
}

// ordered gives the record with its tokens and names in one order and its times in one form.
func ordered(u accounts.Record) accounts.Record {
	u.Identity.Created = u.Identity.Created.UTC()
	u.Tokens, u.Names = append([]accounts.Token{}, u.Tokens...), append([]accounts.HeldName{}, u.Names...)
	slices.SortFunc(u.Tokens, func(a, b accounts.Token) int { return bytes.Compare(a.Hash[:], b.Hash[:]) })
	slices.SortFunc(u.Names, func(a, b accounts.HeldName) int { return cmp.Compare(a.Key, b.Key) })
	for i := range u.Tokens {
		u.Tokens[i].Added = u.Tokens[i].Added.UTC()
	}
	for i := range u.Names {
		u.Names[i].Until = u.Names[i].Until.UTC()
	}
	return u
}
