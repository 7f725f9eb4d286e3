package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
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
	s := open(t, dir)
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
	db := openFile(t, dir)
	var said, plan string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&said); err != nil || said != "ok" {
		t.Errorf("integrity: %v, %v", said, err)
	}
	// What finds an earlier send goes by the index, whatever its order.
	var id, parent, unused int
	explain := "EXPLAIN QUERY PLAN SELECT seq FROM events WHERE room = 1 AND cid = 'a' AND sender = 1"
	if err := db.QueryRow(explain).Scan(&id, &parent, &unused, &plan); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan, "INDEX sends (cid=? AND room=? AND sender=?)") {
		t.Errorf("plan: %s", plan)
	}
}

// openFile opens the database file in the folder dir without the engine.
func openFile(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func cidOf(seq int) string { return fmt.Sprintf("%06d", seq*7919%1000003) }

func writeFirstVersion(t *testing.T, dir string, events int) {
	t.Helper()
	schema, err := os.ReadFile("../../sqliteconn/schema/001.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	db := openFile(t, dir)
	sql := fmt.Sprintf("PRAGMA journal_mode = WAL; BEGIN; %s; PRAGMA application_id = 0x53616c6e; PRAGMA user_version = 1; INSERT INTO meta VALUES (1, 'old');",
		schema)
	sql += "INSERT INTO rooms VALUES (1, 'lobby'); INSERT INTO senders VALUES (1, 'u_a'); INSERT INTO authors VALUES (1, 1, 'ada', '#fff');"
	for seq := 1; seq <= events; seq++ {
		sql += fmt.Sprintf("INSERT INTO events VALUES (1, %d, %d, 'message', 1, 1, '%s', 'text %d');", seq, seq, cidOf(seq), seq)
	}
	if _, err := db.Exec(sql + "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
