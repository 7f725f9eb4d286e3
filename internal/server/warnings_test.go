package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestWarningsAreRateLimited(t *testing.T) {
	var log bytes.Buffer
	w := newWarnings(slog.New(slog.NewTextHandler(&log, nil)))
	now := time.Unix(0, 0)
	w.now = func() time.Time { return now }
	count := func() int { return strings.Count(log.String(), "level=WARN") }
	for range 3 {
		w.warn("a", "refused")
	}
	if count() != 1 {
		t.Errorf("three times the same: %s", log.String())
	}
	w.warn("b", "refused")
	if count() != 2 || !strings.Contains(log.String(), "omitted=2") {
		t.Errorf("another one: %s", log.String())
	}
	for i := range 10 * maxWarned {
		w.warn(fmt.Sprint(i), "refused")
	}
	if count() != maxWarned || len(w.last) != maxWarned {
		t.Errorf("a flood: %d lines, %d remembered", count(), len(w.last))
	}
	now = now.Add(warnEvery)
	w.warn("c", "refused")
	if count() != maxWarned+1 || len(w.last) != 1 {
		t.Errorf("later: %d lines, %d remembered", count(), len(w.last))
	}
}
