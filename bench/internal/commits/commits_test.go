package commits

import (
	"database/sql"
	"testing"
	"time"
)

func TestWhatIsCountedIsStoredAndDurable(t *testing.T) {
	dir := t.TempDir()
	const d = 200 * time.Millisecond
	rate, err := PerSecond(t.Context(), dir, 3, d)
	if err != nil || rate <= 0 {
		t.Fatal(rate, err)
	}
	db, err := sql.Open("sqlite", dir+"/commits.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var stored, rooms, holes int
	err = db.QueryRow(`SELECT count(*), count(DISTINCT room) FROM events`).Scan(&stored, &rooms)
	if err != nil || float64(stored) < rate*d.Seconds()*0.99 {
		t.Errorf("%d stored at %.0f per second: %v", stored, rate, err)
	}
	err = db.QueryRow(`SELECT count(*) FROM (SELECT max(seq) AS last, count(*) AS n FROM events GROUP BY room) WHERE last <> n`).Scan(&holes)
	if err != nil || holes > 0 {
		t.Errorf("%d rooms have holes: %v", holes, err)
	}
	if _, err := PerSecond(t.Context(), dir, 1, d); err == nil {
		t.Error("a folder that was used is taken again")
	}
}
