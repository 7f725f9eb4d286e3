package sqliteconn

import "sync/atomic"

// checkpointRows is how many rows are written, about, before the write-ahead log is copied into the database. A row touches
// two pages of 4 KiB, so the log grows to about 60 MB. A page that many transactions touch is copied once.
const checkpointRows = 8000

// checkpointPasses bounds how often one checkpoint copies again what the writer has added meanwhile.
const checkpointPasses = 4

// checkpointer copies the write-ahead log into the database while the writer goes on, on a connection and in a goroutine of
// its own: with its many pages and two fsyncs, a checkpoint on the writer's connection would make every job wait.
//
// SQLite starts the log over only when all of it has been copied, which a writer that never pauses would prevent.
// Therefore the writer itself copies the little that is left at the end.
type checkpointer struct {
	conn    *Conn
	start   chan struct{} // holds a token when a checkpoint is due; closed at the end
	stopped chan error    // gets the error of closing the connection
	closing atomic.Bool

	// rest tells the writer to copy what is left, which is little.
	rest atomic.Bool
}

func startCheckpointer(path string) (*checkpointer, error) {
	c, err := openConn(path, "synchronous = FULL", fullSync, fullCheckpointSync, "busy_timeout = 0")
	if err != nil {
		return nil, err
	}
	p := &checkpointer{conn: c, start: make(chan struct{}, 1), stopped: make(chan error, 1)}
	go p.run()
	return p, nil
}

// request asks for a checkpoint and returns at once.
func (p *checkpointer) request() {
	select {
	case p.start <- struct{}{}:
	default: // one is asked for already
	}
}

// stop ends the goroutine and closes the connection. request must not be called any more.
func (p *checkpointer) stop() error {
	p.closing.Store(true)
	close(p.start)
	return <-p.stopped
}

func (p *checkpointer) run() {
	for range p.start {
		for range checkpointPasses {
			// An error of the disk also shows in the next write, where a caller waits for it. The next checkpoint tries again.
			if complete, err := copyLog(p.conn); complete || err != nil || p.closing.Load() {
				break
			}
		}
		p.rest.Store(true)
	}
	p.stopped <- p.conn.close()
}

// copyLog copies into the database what it can of the write-ahead log without waiting for anyone, and tells whether that
// was all of it.
func copyLog(c *Conn) (complete bool, err error) {
	_, err = c.First("PRAGMA wal_checkpoint(PASSIVE)", func(r Row) {
		blocked, pages, copied := r.Int(0), r.Int(1), r.Int(2)
		complete = blocked == 0 && copied == pages
	})
	return complete, err
}
