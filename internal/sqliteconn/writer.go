package sqliteconn

import (
	"errors"
	"fmt"
	"slices"

	"salon/internal/chat"
)

// maxLogPages is when the writer copies the write-ahead log itself and every job waits, in pages of 4 KiB: 256 MiB. This
// happens only when the [checkpointer] cannot keep up.
const maxLogPages = 1 << 16

// Tx is the transaction that a [Job] writes in. It is valid until [Job.Do] returns.
type Tx struct {
	*Conn     // nil after an error, until a connection could be opened again
	observers []Observer
}

// Observer keeps something in memory that depends on what is in the file. Its methods run on the writer's goroutine, before
// any job of the transaction is reported done.
type Observer interface {
	// Committed tells that the transaction is durable.
	Committed()
	// RolledBack tells that the transaction failed. Where the commit itself failed, it may be in the file all the same.
	RolledBack()
}

// Observe has o told how the transaction ends. Observing again in the same transaction does nothing.
func (tx *Tx) Observe(o Observer) {
	if !slices.Contains(tx.observers, o) {
		tx.observers = append(tx.observers, o)
	}
}

// ended tells the observers how the transaction ended.
func (tx *Tx) ended(tell func(Observer)) {
	for _, o := range tx.observers {
		tell(o)
	}
	clear(tx.observers)
	tx.observers = tx.observers[:0]
}

// writer owns the connection that writes. All of it belongs to one goroutine.
type writer struct {
	path        string
	watch       *watch // nil until the files are there
	tx          Tx
	checkpoints *checkpointer
	rows        int // written since the last checkpoint was requested
}

// open opens the connection. The file need not have a schema yet.
func (w *writer) open() error {
	c, err := openConn(w.path,
		"journal_mode = WAL", "synchronous = FULL", fullSync, fullCheckpointSync, "busy_timeout = 5000",
		fmt.Sprintf("wal_autocheckpoint = %d", maxLogPages), "cache_size = -32768", "temp_store = MEMORY")
	if err != nil {
		return err
	}
	var mode string
	_, err = c.First("PRAGMA journal_mode", func(r Row) { mode = r.Text(0) })
	if err == nil && mode != "wal" {
		err = fmt.Errorf("this file system does not let SQLite keep a write-ahead log (it keeps %q)", mode)
	}
	if err != nil {
		return errors.Join(err, c.close())
	}
	w.tx.Conn = c
	return nil
}

// run writes what comes, group by group, until the queue is closed and empty.
func (w *writer) run(q *queue) {
	var group []*pending
	pace := pace{rooms: map[string]struct{}{}}
	for {
		q.wait()
		pace.wait()
		if group = q.take(group); len(group) == 0 {
			return
		}
		pace.count(group)
		w.write(group)
		for _, job := range group {
			w.rows += max(job.Rows, 1)
			close(job.done)
		}
		clear(group)
		w.shortenLog()
	}
}

// shortenLog keeps the write-ahead log short. It runs after the jobs are reported done, so their callers do not wait for it.
func (w *writer) shortenLog() {
	if w.rows >= checkpointRows {
		w.rows = 0
		w.checkpoints.request()
	}
	if w.tx.Conn != nil && w.checkpoints.rest.Swap(false) {
		_, _ = copyLog(w.tx.Conn) // if it fails, the log stays for the next checkpoint
	}
}

// close closes the connections and leaves a database that holds everything, for whoever copies the file.
func (w *writer) close() error {
	err := w.checkpoints.stop()
	if w.tx.Conn != nil {
		_, errCopy := copyLog(w.tx.Conn)
		err = errors.Join(err, errCopy, w.tx.Conn.close())
	}
	return err
}

// write does the jobs in one transaction. When one of them fails by its own fault, each gets a transaction of its own. An
// error that comes from outside (the disk, the system) is every job's error: it would hit the next transaction as well.
func (w *writer) write(group []*pending) {
	err := w.transact(group)
	if err == nil {
		return
	}
	alone := len(group) > 1 && !errors.Is(err, chat.ErrUnavailable)
	for _, job := range group {
		job.err = err
		if alone {
			job.err = w.transact([]*pending{job})
		}
	}
}

// transact does the jobs in one transaction. Its error is what undid the transaction.
func (w *writer) transact(group []*pending) error {
	if w.tx.Conn == nil {
		if err := w.watch.check(); err != nil {
			return err // another file must not be taken for the history
		}
		if err := w.open(); err != nil {
			return translate("open the database again", err)
		}
	}
	if err := w.do(group); err != nil {
		w.rollBack()
		return translate("write", err)
	}
	w.tx.ended(Observer.Committed)
	return nil
}

func (w *writer) do(group []*pending) error {
	if _, err := w.tx.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, job := range group {
		if err := job.Do(&w.tx); err != nil {
			return err
		}
	}
	if _, err := w.tx.Exec("COMMIT"); err != nil {
		return err
	}
	return w.watch.check() // what is in a file that nobody finds again is not stored
}

func (w *writer) rollBack() {
	// After some errors SQLite has rolled back by itself, and refuses to do so again. The connection is then replaced: a new
	// one certainly begins outside any transaction.
	if _, err := w.tx.Exec("ROLLBACK"); err != nil {
		_ = w.tx.Conn.close()
		w.tx.Conn = nil
	}
	w.tx.ended(Observer.RolledBack)
}
