package sqlite

import (
	"context"
	"fmt"
	"slices"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/sqliteconn"
)

// maxText is the longest text stored, in bytes. SQLite takes more; this bounds what one transaction holds in memory.
const maxText = 16 << 20

// checkSize adds up the bytes of the events' texts, and refuses one that is too long.
func checkSize(op string, events []chat.Event) (bytes int, err error) {
	for i := range events {
		n := len(events[i].Text)
		if n > maxText {
			return 0, fmt.Errorf("%s: %w: %d bytes, at most %d", op, history.ErrTooLarge, n, maxText)
		}
		bytes += n
	}
	return bytes, nil
}

// Append implements [history.Log].
func (s *Store) Append(ctx context.Context, name chat.RoomID, events []chat.Event) ([]chat.Event, error) {
	op := "append to " + string(name)
	bytes, err := checkSize(op, events)
	if err != nil {
		return nil, err
	}
	stored := slices.Clone(events)
	err = s.db.Write(ctx, sqliteconn.Job{
		Op: op, Room: string(name), Rows: len(events), Bytes: bytes,
		Do: func(tx *sqliteconn.Tx) error { return s.writes.append(tx, name, stored) },
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}
