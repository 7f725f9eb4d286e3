package sqlite

import "sync/atomic"

// checkpointAfter is how much is written, in events and changes of identities, before the write-ahead log is moved into
// the database. An event touches two pages of 4 KiB, so the log gets to about 60 MB; pages that many groups touch are
// moved once.
const checkpointAfter = 8000

// checkpointPasses bounds how often one checkpoint runs after a writer that goes on writing.
const checkpointPasses = 4

// checkpointer moves the write-ahead log into the database beside the writer, on a connection and in a goroutine of its
// own: the many pages and two fsyncs of it would make everyone wait. SQLite starts the log over only when all of it has
// been moved, which a writer that never pauses would prevent, so the writer itself moves the little that is left then.
type checkpointer struct {
	conn    *conn
	kick    chan struct{} // holds a token when there is enough to move; closed at the end
	ended   chan error
	closing atomic.Bool

	// rest tells the writer to move what is left, which is little.
	rest atomic.Bool
}

func startCheckpointer(path string) (*checkpointer, error) {
	c, err := openConn(path, "synchronous = FULL", "busy_timeout = 0")
	if err != nil {
		return nil, err
	}
	p := &checkpointer{conn: c, kick: make(chan struct{}, 1), ended: make(chan error, 1)}
	go p.loop()
	return p, nil
}

// due asks for a checkpoint and returns at once.
func (p *checkpointer) due() {
	select {
	case p.kick <- struct{}{}:
	default: // it is at it
	}
}

// stop ends the goroutine and closes the connection. Nobody calls due any more.
func (p *checkpointer) stop() error {
	p.closing.Store(true)
	close(p.kick)
	return <-p.ended
}

func (p *checkpointer) loop() {
	for range p.kick {
		for range checkpointPasses {
			if whole, err := moveLog(p.conn); whole || err != nil || p.closing.Load() {
				break // trouble with the disk shows where someone waits for it; the next checkpoint tries again
			}
		}
		p.rest.Store(true)
	}
	p.ended <- p.conn.close()
}

// moveLog moves what it can of the write-ahead log without waiting for anyone, and tells whether that is all.
func moveLog(c *conn) (whole bool, err error) {
	err = c.query("PRAGMA wal_checkpoint(PASSIVE)", func(r row) error {
		blocked, pages, moved := r.int(0), r.int(1), r.int(2)
		whole = blocked == 0 && moved == pages
		return nil
	})
	return whole, err
}
