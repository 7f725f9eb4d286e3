// Package history is the contract of the rooms' logs, from which every other copy in the system can be rebuilt.
//
// Engines live in packages below and pass the one suite in historytest. A [Store] is safe for concurrent use.
package history

import (
	"context"
	"errors"
	"time"

	"salon/internal/chat"
)

// The errors of every engine. Others are bugs or broken data.
var (
	// ErrUnavailable says that the store did not answer or could not write (gone, full, read-only, timed out). What
	// was asked may or may not have happened: ask again with the same cid.
	ErrUnavailable = chat.ErrUnavailable
	// ErrTooLarge says that an event is larger than this engine stores.
	ErrTooLarge = errors.New("history: event too large")
	// ErrConflict says that what is imported does not continue or repeat what is stored.
	ErrConflict = errors.New("history: another history is stored")
	// ErrNone says that a database that was only to be read holds no history.
	ErrNone = errors.New("there is no history")
	// ErrClosed says that the store was closed.
	ErrClosed = chat.ErrClosed
)

// Store keeps the rooms' logs.
//
// A call whose context ends before it is done gives an error that is both [ErrUnavailable] and the context's; what it
// was to write may still be written.
type Store interface {
	Log

	// ID is this history's lasting, random name, made when it was created. Two nodes with different IDs do not share
	// a history.
	ID(ctx context.Context) (string, error)

	// Close finishes the appends that wait and closes the database, also for an accounts.Store in the same database.
	// Calls after it give [ErrClosed], except for Close, which then does nothing.
	Close() error
}

// Log is the rooms' logs, each append-only and numbered without a hole.
type Log interface {
	// Append stores events at the end of room's log and gives them the next sequence numbers, in order, and At, the
	// time of storing (UTC, whole milliseconds, never before the event in front). The result has one event for each
	// given, in the order given. An event whose (User.ID, CID) is already in the room's log, or earlier in this batch,
	// is not stored again: the stored one comes back in its place, with the number, time and text it has. Append returns
	// once the events are durable; an error means that nothing is known to be stored. It takes 1 to any number of events,
	// all valid by package chat's rules; Room, Seq and At of those given are ignored.
	// Errors: [ErrUnavailable] (try again with the same cids), [ErrTooLarge] (nothing stored), [ErrClosed].
	Append(ctx context.Context, room chat.RoomID, events []chat.Event) ([]chat.Event, error)

	// Read gives a page of room's log. A room that nobody wrote in has head 0 and no events; that is no error.
	// Errors: [ErrUnavailable], [ErrClosed].
	Read(ctx context.Context, room chat.RoomID, q Query) (Page, error)

	// Heads gives the last sequence number of each of rooms, 0 for one that nobody wrote in. The result has one number for
	// each room given, in the order given. Errors: [ErrUnavailable], [ErrClosed].
	Heads(ctx context.Context, rooms []chat.RoomID) ([]uint64, error)

	// Rooms lists the rooms with at least one event in ascending byte order of their names, those after the name
	// given ("" for the start), at most limit (1 or more). Errors: [ErrUnavailable], [ErrClosed].
	Rooms(ctx context.Context, after chat.RoomID, limit int) ([]RoomInfo, error)
}

// RoomInfo is a line of the list of rooms.
type RoomInfo struct {
	Room chat.RoomID
	Head uint64    // its last sequence number
	At   time.Time // when that was stored
}

// Query chooses a page of a log. At most one of Before, After and Around is set; with none it is the newest page.
// [Query.Range] says exactly which events each of them means.
type Query struct {
	Before uint64 // the newest events with a number below this; 0: not set
	After  uint64 // the oldest events with a number above this, when IsAfter
	Around uint64 // Limit/2 events before this number (rounded down), the rest from it on; 0: not set
	// IsAfter chooses After, for which 0 is a value: the log from its start.
	IsAfter bool
	Limit   int // 1 to [chat.MaxPage]; engines clamp to it
}

// Range tells which events q means in a log whose last number is head: those from first to last, both included, and
// none when first is above last. Since numbers have no hole, an engine needs nothing else to read a page. more is the
// page's More.
func (q Query) Range(head uint64) (first, last uint64, more bool) {
	limit := uint64(min(max(q.Limit, 1), chat.MaxPage))
	end := head // of the page, when it is one that ends somewhere
	switch {
	case q.IsAfter:
		if q.After >= head {
			return 1, 0, false
		}
		last = q.After + min(limit, head-q.After)
		return q.After + 1, last, last < head
	case q.Around > 0:
		before := limit / 2
		end = min(q.Around-1, head)
		last = end
		if q.Around <= head {
			last += min(limit-before, head-end)
		}
		limit = before
	case q.Before > 0:
		end = min(q.Before-1, head)
		last = end
	default:
		last = end
	}
	first = 1
	if end > limit {
		first = end - limit + 1
	}
	return first, last, first > 1 && head > 0
}

// Page is a part of a log.
type Page struct {
	Events []chat.Event // oldest first, numbers without a hole
	Head   uint64       // the log's last number, at least that of the last event here
	More   bool         // in the direction asked, there are events beyond these (Around: before these)
}

// Importer writes logs as another engine gave them by [Log.Read], with the same numbers and times. Every engine of this
// project is an Importer.
type Importer interface {
	// SetID makes id this history's name. Allowed only while it holds no event and no user, or if it has this name already.
	// Errors: [ErrConflict], [ErrUnavailable], [ErrClosed].
	SetID(ctx context.Context, id string) error
	// ImportEvents stores events with the numbers and times they have. They must follow room's head without a hole, except
	// for those that are stored already: these are skipped if they are the same. After an error some of the events may be
	// stored, without a hole. Errors: [ErrConflict] (a hole, or another event has the number or the cid), [ErrTooLarge],
	// [ErrUnavailable], [ErrClosed].
	ImportEvents(ctx context.Context, room chat.RoomID, events []chat.Event) error
}
