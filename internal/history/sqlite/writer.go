package sqlite

import (
	"errors"
	"fmt"
	"slices"

	"salon/internal/chat"
)

// longestLog is when the writer moves the write-ahead log itself and everyone waits, in pages of 4 KiB: 256 MiB. It comes
// to that only when the [checkpointer] cannot keep up.
const longestLog = 1 << 16

// writer owns the connection that writes. All of it belongs to one goroutine.
type writer struct {
	path        string
	rooms       *rooms // what readers see: changed after commits only
	checkpoints *checkpointer
	written     int // since the last checkpoint was due, see checkpointAfter

	conn    *conn // nil after trouble, until it could be opened again
	changed map[chat.RoomID]room
	authors map[chat.User]author // those known to be in the file

	begin, commit, rollback *stmt

	roomByName, addRoom       *stmt
	senderByUser, addSender   *stmt
	authorByName, addAuthor   *stmt
	insert, sent              *stmt
	putUser, addToken         *stmt
	dropToken                 *stmt
	claimName, renewName      *stmt
	freeName                  *stmt
	setID, holdsSomething     *stmt
	dropTokensOf, dropNamesOf *stmt
	putName                   *stmt
	stored                    *stmt
}

// open opens the connection, whose file need not have a schema yet.
func (w *writer) open() error {
	c, err := openConn(w.path,
		"journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000",
		fmt.Sprintf("wal_autocheckpoint = %d", longestLog), "cache_size = -32768", "temp_store = MEMORY")
	if err != nil {
		return err
	}
	mode, err := c.texts("PRAGMA journal_mode")
	if err == nil && !slices.Equal(mode, []string{"wal"}) {
		err = fmt.Errorf("this file system does not let SQLite keep a write-ahead log (it keeps %q)", mode)
	}
	if err != nil {
		return errors.Join(err, c.close())
	}
	w.conn, w.changed, w.authors = c, map[chat.RoomID]room{}, map[chat.User]author{}
	return nil
}

// prepare makes the statements.
func (w *writer) prepare() error {
	for _, p := range []struct {
		into **stmt
		sql  string
	}{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commit, "COMMIT"},
		{&w.rollback, "ROLLBACK"},
		{&w.roomByName, roomSQL},
		{&w.addRoom, "INSERT INTO rooms (name) VALUES (?) RETURNING id"},
		{&w.senderByUser, "SELECT id FROM senders WHERE user = ?"},
		{&w.addSender, "INSERT INTO senders (user) VALUES (?) RETURNING id"},
		{&w.authorByName, "SELECT id FROM authors WHERE sender = ? AND name = ? AND color = ?"},
		{&w.addAuthor, "INSERT INTO authors (sender, name, color) VALUES (?, ?, ?) RETURNING id"},
		{&w.insert, `INSERT INTO events (room, seq, at, kind, sender, author, cid, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (room, cid, sender) DO NOTHING`},
		{&w.sent, eventSQL + "WHERE e.room = ? AND e.cid = ? AND e.sender = ?"},
		{&w.stored, eventSQL + "WHERE e.room = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq"},
		{&w.putUser, `INSERT INTO users (id, name, color, created) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, color = excluded.color, created = excluded.created`},
		{&w.addToken, `INSERT INTO tokens (hash, user, added) VALUES (?, ?, ?)
			ON CONFLICT (hash) DO UPDATE SET user = excluded.user, added = excluded.added`},
		{&w.dropToken, "DELETE FROM tokens WHERE hash = ?"},
		{&w.claimName, `INSERT INTO names (key, user, until) VALUES (?1, ?2, ?4)
			ON CONFLICT (key) DO UPDATE SET user = excluded.user, until = excluded.until
			WHERE names.user = excluded.user OR names.until <= ?3`},
		{&w.freeName, "DELETE FROM names WHERE key = ? AND user = ? AND until = ?"},
		{&w.renewName, "UPDATE names SET until = ? WHERE key = ? AND user = ?"},
		{&w.setID, "UPDATE meta SET id = ?"},
		{&w.holdsSomething, "SELECT id, EXISTS (SELECT 1 FROM rooms) OR EXISTS (SELECT 1 FROM users) FROM meta"},
		{&w.dropTokensOf, "DELETE FROM tokens WHERE user = ?"},
		{&w.dropNamesOf, "DELETE FROM names WHERE user = ?"},
		{&w.putName, `INSERT INTO names (key, user, until) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET user = excluded.user, until = excluded.until`},
	} {
		s, err := w.conn.prepare(p.sql)
		if err != nil {
			return err
		}
		*p.into = s
	}
	return nil
}

// loop writes what comes, group by group, until the queue is closed and empty.
func (w *writer) loop(q *queue) {
	var group []*job
	pace := pace{rooms: map[chat.RoomID]struct{}{}}
	for {
		q.wait()
		pace.keep()
		if group = q.take(group); len(group) == 0 {
			return
		}
		pace.note(group)
		w.write(group)
		for _, j := range group {
			w.written += max(len(j.events), 1)
			close(j.done)
		}
		clear(group)
		w.tidy()
	}
}

// tidy keeps the write-ahead log short. Nobody's answer waits for it.
func (w *writer) tidy() {
	if w.written >= checkpointAfter {
		w.written = 0
		w.checkpoints.due()
	}
	if w.conn != nil && w.checkpoints.rest.Swap(false) {
		_, _ = moveLog(w.conn) // if it fails, the log stays for the next time
	}
}

// end closes the connection and leaves a database that holds everything, for whoever copies the file.
func (w *writer) end() error {
	err := w.checkpoints.stop()
	if w.conn != nil {
		_, moved := moveLog(w.conn)
		err = errors.Join(err, moved, w.conn.close())
	}
	return err
}

// write does the jobs in one transaction. When one of them fails by its own fault, each gets a transaction of its own.
func (w *writer) write(group []*job) {
	err := w.transact(group)
	if err == nil {
		return
	}
	alone := len(group) > 1 && !passing(err)
	for _, j := range group {
		j.err = err
		if alone {
			if err := w.transact([]*job{j}); err != nil {
				j.err = err
			}
		}
	}
}

// transact does the jobs in one transaction and gives what undid it. Each job's err is its answer if nothing did.
func (w *writer) transact(group []*job) error {
	if w.conn == nil {
		if err := w.reopen(); err != nil {
			return failed("open history again", err)
		}
	}
	err := w.inside(group)
	if err == nil {
		w.rooms.put(w.changed)
		clear(w.changed)
		return nil
	}
	w.undo()
	return failed("write", err)
}

func (w *writer) inside(group []*job) error {
	if _, err := w.begin.run(); err != nil {
		return err
	}
	for _, j := range group {
		var failure error
		if j.work != nil {
			j.err, failure = j.work(w)
		} else {
			j.err, failure = nil, w.append(j)
		}
		if failure != nil {
			return failure
		}
	}
	_, err := w.commit.run()
	return err
}

// undo gives up the transaction and all that was believed because of it. A commit that failed may have happened.
func (w *writer) undo() {
	clear(w.changed)
	clear(w.authors)
	w.rooms.forget()
	// SQLite has rolled back by itself after some errors, and then says so by refusing. The connection is not worth
	// finding out: a new one begins outside any transaction.
	if _, err := w.rollback.run(); err != nil {
		_ = w.conn.close()
		w.conn = nil
	}
}

func (w *writer) reopen() error {
	if err := w.open(); err != nil {
		return err
	}
	if err := w.prepare(); err != nil {
		err = errors.Join(err, w.conn.close())
		w.conn = nil
		return err
	}
	return nil
}
