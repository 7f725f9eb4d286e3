package sqlite

import (
	"context"
	"errors"
	"fmt"
)

// Check reads the whole file and says what is wrong with it, nil if nothing: SQLite's own check, and that the logs have
// no hole. It takes a while, about as long as reading the file.
func (s *Store) Check(ctx context.Context) error {
	return s.read(ctx, "check history", func(r *reader) error {
		var wrong []error
		for _, c := range []struct{ what, sql string }{
			{"file", "PRAGMA quick_check(10)"},
			{"reference", `SELECT DISTINCT "table" || ' without its ' || parent FROM pragma_foreign_key_check LIMIT 10`},
			{"log with a hole", `SELECT r.name || ': ' || count(*) || ' events from ' || min(e.seq) || ' to ' || max(e.seq)
				FROM events e JOIN rooms r ON r.id = e.room GROUP BY e.room HAVING count(*) <> max(e.seq) LIMIT 10`},
			{"empty log", "SELECT name FROM rooms r WHERE NOT EXISTS (SELECT 1 FROM events WHERE room = r.id) LIMIT 10"},
		} {
			found, err := r.conn.texts(c.sql)
			if err != nil {
				return err
			}
			for _, f := range found {
				if f == "ok" { // what quick_check says of a whole file
					continue
				}
				wrong = append(wrong, fmt.Errorf("%s: %s", c.what, f))
			}
		}
		return errors.Join(wrong...)
	})
}
