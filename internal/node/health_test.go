package node

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"salon/internal/config"
	"salon/internal/history/sqlite"
	"salon/internal/lang"
	"salon/internal/redistest"
	"salon/internal/sqliteconn"
)

// watchedNode is a node whose log can be read.
type watchedNode struct {
	*Node
	t   *testing.T
	log string // its file
}

func startWatched(t *testing.T, data string, args ...string) *watchedNode {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	cli, _, _, err := config.Parse(append([]string{"serve", "--port=0", "--data=" + data, "--log-file=" + log}, args...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Start(t.Context(), cli.Serve, lang.English, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		n.Stop(ctx)
	})
	return &watchedNode{Node: n, t: t, log: log}
}

// readyz asks whether the node is ready.
func (n *watchedNode) readyz() (s state, code int) {
	n.t.Helper()
	res, err := http.Get(n.URL() + "readyz")
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		n.t.Fatal(err)
	}
	return s, res.StatusCode
}

// lines gives the lines of the log that hold all of words.
func (n *watchedNode) lines(words ...string) (found []string) {
	n.t.Helper()
	b, err := os.ReadFile(n.log)
	if err != nil {
		n.t.Fatal(err)
	}
lines:
	for line := range strings.Lines(string(b)) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		found = append(found, line)
	}
	return found
}

func (n *watchedNode) await(what string, ok func() bool) {
	n.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b, _ := os.ReadFile(n.log)
			n.t.Fatalf("never: %s\n%s", what, b)
		}
	}
}

// TestReadyTriesWhatASessionNeeds: Redis answers, and does not do what it is needed for.
func TestReadyTriesWhatASessionNeeds(t *testing.T) {
	for _, c := range []struct {
		name       string
		begin, end []string
		part       string // of which the log speaks
		reason     string // that it gives
	}{
		{"out of memory", []string{"CONFIG", "SET", "maxmemory", "1"}, []string{"CONFIG", "SET", "maxmemory", "0"}, "presence", "OOM"},
		{"read-only", []string{"REPLICAOF", "127.0.0.1", "1"}, []string{"REPLICAOF", "NO", "ONE"}, "presence", "READONLY"},
		{"no scripts", []string{"ACL", "SETUSER", "default", "-@scripting"}, []string{"ACL", "SETUSER", "default", "+@all"}, "presence", "NOPERM"},
		{"no writes", []string{"ACL", "SETUSER", "default", "-hset"}, []string{"ACL", "SETUSER", "default", "+@all"}, "presence", "can't run this command"},
		{"no channels", []string{"ACL", "SETUSER", "default", "resetchannels"}, []string{"ACL", "SETUSER", "default", "allchannels"}, "what nodes tell each other", "NOPERM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			n := startWatched(t, t.TempDir(), "--redis="+server.URL())
			n.await("ready", func() bool { s, _ := n.readyz(); return s.Status == "ready" })
			server.Must(c.begin...)
			n.await("not ready any more", func() bool { s, _ := n.readyz(); return s.Status == "degraded" && s.History == "ok" })
			began := func() int {
				return len(n.lines("level=WARN", c.part+" does not work", c.reason, server.Addr))
			}
			n.await("a warning", func() bool { return began() == 1 })
			server.Must(c.end...)
			n.await("ready again", func() bool { s, _ := n.readyz(); return s.Status == "ready" })
			n.await("the end in the log", func() bool { return len(n.lines("level=INFO", c.part+" works again", server.Addr)) == 1 })
			if began() != 1 {
				t.Errorf("%d warnings", began())
			}
		})
	}
}

// TestClusterThatAnnouncesOtherAddresses: the servers of a Cluster announce addresses that this machine cannot reach.
func TestClusterThatAnnouncesOtherAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := l.Addr().(*net.TCPAddr)
	l.Close()
	_, port, _ := net.SplitHostPort(nowhere.String())
	server := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", port)
	server.Must("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	n := startWatched(t, t.TempDir(), "--redis="+server.URL())
	n.await("degraded", func() bool { s, _ := n.readyz(); return s.Status == "degraded" })
	n.await("a warning with both addresses", func() bool {
		return len(n.lines("level=WARN", "presence does not work", nowhere.String(), server.Addr)) == 1
	})
}

// TestReadyTriesWhatAMessageNeeds: the file can be opened and names be stored, and the tables of the logs are damaged.
func TestReadyTriesWhatAMessageNeeds(t *testing.T) {
	data := t.TempDir()
	n := startWatched(t, data)
	if s, code := n.readyz(); code != http.StatusOK || s.Status != "ready" {
		t.Fatalf("at first: %d %+v", code, s)
	}
	ada := visit(t, n.Node, "ada")
	ada.say("salut")
	if s, _ := n.readyz(); s.Status != "ready" {
		t.Fatalf("with an event: %+v", s)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	damage(t, data, "events")
	n = startWatched(t, data)
	if s, code := n.readyz(); code != http.StatusServiceUnavailable || s.Status != "not ready" || s.History != "away" {
		t.Errorf("damaged: %d %+v", code, s)
	}
	n.await("a warning", func() bool {
		return len(n.lines("level=WARN", "the history does not work", "malformed", data)) == 1
	})
}

// TestProbesLeaveNothing: asking does not change what is stored.
func TestProbesLeaveNothing(t *testing.T) {
	data := t.TempDir()
	db, err := sqliteconn.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store := sqlite.New(db)
	for range 3 {
		if err := store.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if rooms, err := store.Rooms(t.Context(), "", 10); err != nil || len(rooms) != 0 {
		t.Errorf("rooms %v, %v", rooms, err)
	}
	err = db.Read(t.Context(), "count", func(c *sqliteconn.Conn) error {
		for _, table := range []string{"rooms", "senders", "authors", "events"} {
			_, err := c.First("SELECT count(*) FROM "+table, func(r sqliteconn.Row) {
				if r.Int(0) != 0 {
					t.Errorf("%s has %d rows", table, r.Int(0))
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// damage overwrites the first page of a table in a database that nobody has open.
func damage(t *testing.T, data, table string) {
	t.Helper()
	db, err := sqliteconn.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	var page int64
	err = db.Read(t.Context(), "find the table", func(c *sqliteconn.Conn) error {
		_, err := c.First("SELECT rootpage FROM sqlite_schema WHERE name = ?", func(r sqliteconn.Row) { page = r.Int(0) }, table)
		return err
	})
	if err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(data, "history.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := make([]byte, 18)
	if _, err := f.ReadAt(head, 0); err != nil {
		t.Fatal(err)
	}
	size := int64(binary.BigEndian.Uint16(head[16:]))
	if _, err := f.WriteAt([]byte(strings.Repeat("\xff", int(size))), (page-1)*size); err != nil {
		t.Fatal(err)
	}
}
