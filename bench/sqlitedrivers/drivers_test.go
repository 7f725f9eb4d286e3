package sqlitedrivers_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"salon/bench/sqlitedrivers"
	"salon/bench/sqlitedrivers/modernc"
	"salon/bench/sqlitedrivers/ncruces"
)

var drivers = map[string]func(path string) (sqlitedrivers.DB, error){"modernc": modernc.Open, "ncruces": ncruces.Open}

// each runs f once per driver, as the sub-benchmarks driver=modernc and driver=ncruces.
func each(b *testing.B, f func(b *testing.B, open func(path string) (sqlitedrivers.DB, error))) {
	for _, name := range []string{"modernc", "ncruces"} {
		b.Run("driver="+name, func(b *testing.B) { f(b, drivers[name]) })
	}
}

// history is a connection on a file with the engine's schema and settings.
type history struct {
	sqlitedrivers.DB
	begin, commit, insert, page sqlitedrivers.Stmt
}

func openHistory(b *testing.B, open func(string) (sqlitedrivers.DB, error), sync string) *history {
	b.Helper()
	schema, err := os.ReadFile("../../internal/sqliteconn/schema/001.sql")
	must(b, err)
	db, err := open(filepath.Join(b.TempDir(), "history.db"))
	must(b, err)
	b.Cleanup(func() { must(b, db.Close()) })
	for _, p := range []string{"journal_mode = WAL", "synchronous = " + sync, "cache_size = -32768", "temp_store = MEMORY", "wal_autocheckpoint = 8192", "foreign_keys = OFF"} {
		must(b, db.Exec("PRAGMA "+p))
	}
	must(b, db.Exec(string(schema)))
	must(b, db.Exec("INSERT INTO senders VALUES (1, 'u_abcdefghijklmnop'); INSERT INTO authors VALUES (1, 1, 'Zoé', '#7c3aed')"))
	h := &history{DB: db}
	for into, sql := range map[*sqlitedrivers.Stmt]string{
		&h.begin: "BEGIN IMMEDIATE", &h.commit: "COMMIT",
		&h.insert: `INSERT INTO events (room, seq, at, kind, sender, author, cid, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (room, cid, sender) DO NOTHING`,
		&h.page: `SELECT e.seq, e.at, e.kind, s.user, a.name, a.color, e.cid, e.text FROM events e
			JOIN senders s ON s.id = e.sender JOIN authors a ON a.id = e.author
			WHERE e.room = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq`,
	} {
		*into, err = db.Prepare(sql)
		must(b, err)
	}
	return h
}

var text = strings.Repeat("eighty-byte ", 7)[:80]

// store inserts one event of 80 bytes of text with a random cid.
func (h *history) store(b *testing.B, room, seq int64) {
	must(b, h.insert.Run(room, seq, time.Now().UnixMilli(), "message", int64(1), int64(1), rand.Text()[:16], text))
}

// BenchmarkAppendGroup is one transaction with one event in each of 200 rooms.
func BenchmarkAppendGroup(b *testing.B) {
	each(b, func(b *testing.B, open func(string) (sqlitedrivers.DB, error)) {
		h := openHistory(b, open, "FULL")
		b.ReportAllocs()
		was, seq := cpu(), int64(0)
		for b.Loop() {
			seq++
			must(b, h.begin.Run())
			for room := range int64(200) {
				h.store(b, room, seq)
			}
			must(b, h.commit.Run())
		}
		b.ReportMetric(float64((cpu()-was).Microseconds())/float64(b.N), "cpu-µs/op")
	})
}

// BenchmarkAppendAlone is one transaction for one event.
func BenchmarkAppendAlone(b *testing.B) {
	each(b, func(b *testing.B, open func(string) (sqlitedrivers.DB, error)) {
		h := openHistory(b, open, "FULL")
		b.ReportAllocs()
		was, n := cpu(), int64(0)
		for b.Loop() {
			n++
			must(b, h.begin.Run())
			h.store(b, n%200, n/200+1)
			must(b, h.commit.Run())
		}
		b.ReportMetric(float64((cpu()-was).Microseconds())/float64(b.N), "cpu-µs/op")
	})
}

// BenchmarkLast50 reads the newest 50 of a log of 1,000,000.
func BenchmarkLast50(b *testing.B) {
	each(b, func(b *testing.B, open func(string) (sqlitedrivers.DB, error)) {
		h := openHistory(b, open, "OFF")
		const events = 1_000_000
		began := time.Now()
		for seq := int64(1); seq <= events; seq++ {
			if seq%10_000 == 1 {
				must(b, h.begin.Run())
			}
			h.store(b, 1, seq)
			if seq%10_000 == 0 {
				must(b, h.commit.Run())
			}
		}
		filled := time.Since(began)
		b.ReportAllocs()
		was := cpu()
		for b.Loop() {
			if n, err := h.page.Rows(int64(1), int64(events-49), int64(events)); err != nil || n != 50 {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64((cpu()-was).Microseconds())/float64(b.N), "cpu-µs/op")
		b.ReportMetric(float64(filled.Microseconds())/events, "fill-µs/event")
	})
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}

// cpu is what the process has used so far. Unlike time, it does not depend on what else the machine does.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprint("getrusage: ", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
