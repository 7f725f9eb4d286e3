package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

// A history of the first version is brought to the newest with everything in it.
func TestFirstVersion(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "old")
	const events = 300
	writeFirstVersion(t, dir, events)
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if id, err := s.ID(t.Context()); id != "old" || err != nil {
		t.Errorf("its name is %q, %v", id, err)
	}
	page, err := s.Read(t.Context(), "lobby", history.Query{Limit: 200})
	if err != nil || page.Head != events || page.Events[199].Text != "text 300" || page.Events[0].CID != cidOf(101) {
		t.Errorf("%d events, head %d, %v", len(page.Events), page.Head, err)
	}
	ada := chat.User{ID: "u_a", Name: "ada", Color: "#fff"}
	got, err := s.Append(t.Context(), "lobby", []chat.Event{
		{Kind: chat.KindMessage, User: ada, CID: cidOf(7), Text: "again"}, {Kind: chat.KindMessage, User: ada, CID: "new", Text: "new"},
	})
	if err != nil || got[0].Seq != 7 || got[0].Text != "text 7" || got[1].Seq != events+1 {
		t.Errorf("sent again and new: %+v, %v", got, err)
	}
	r := <-s.readers
	defer func() { s.readers <- r }()
	if said, err := r.conn.texts("PRAGMA integrity_check"); err != nil || !slices.Equal(said, []string{"ok"}) {
		t.Errorf("integrity: %v, %v", said, err)
	}
	// What finds an earlier send goes by the index, whatever its order.
	plan := ""
	explain := "EXPLAIN QUERY PLAN SELECT seq FROM events WHERE room = 1 AND cid = 'a' AND sender = 1"
	if err := r.conn.query(explain, func(row row) error { plan += row.text(3); return nil }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan, "INDEX sends (cid=? AND room=? AND sender=?)") {
		t.Errorf("plan: %s", plan)
	}
}

func cidOf(seq int) string { return fmt.Sprintf("%06d", seq*7919%1000003) }

func writeFirstVersion(t *testing.T, dir string, events int) {
	t.Helper()
	schema, err := schemaFiles.ReadFile("schema/001.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := openConn(filepath.Join(dir, "history.db"), "journal_mode = WAL")
	if err != nil {
		t.Fatal(err)
	}
	sql := fmt.Sprintf("BEGIN; %s; PRAGMA application_id = %d; PRAGMA user_version = 1; INSERT INTO meta VALUES (1, 'old');",
		schema, applicationID)
	sql += "INSERT INTO rooms VALUES (1, 'lobby'); INSERT INTO senders VALUES (1, 'u_a'); INSERT INTO authors VALUES (1, 1, 'ada', '#fff');"
	for seq := 1; seq <= events; seq++ {
		sql += fmt.Sprintf("INSERT INTO events VALUES (1, %d, %d, 'message', 1, 1, '%s', 'text %d');", seq, seq, cidOf(seq), seq)
	}
	if err := c.exec(sql + "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}
