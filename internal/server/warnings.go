package server

import (
	"log/slog"
	"sync"
	"time"
)

const (
	// warnEvery is the least time between two warnings about the same thing.
	warnEvery = time.Minute
	// maxWarned is how many things are warned about within warnEvery: whoever connects chooses their names.
	maxWarned = 64
	// maxWarnedName is how many bytes of a name that a client chose are logged.
	maxWarnedName = 200
)

// warnings logs refusals at the level that is seen by default, each thing once in [warnEvery] however often it is tried.
type warnings struct {
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex // guards what follows
	last    map[string]time.Time
	omitted int // refusals that were not logged, since the last that was
}

func newWarnings(log *slog.Logger) *warnings {
	return &warnings{log: log, now: time.Now, last: map[string]time.Time{}}
}

// warn logs a refusal, unless the same was logged a moment ago. Key tells what is the same.
func (w *warnings) warn(key, message string, args ...any) {
	omitted, ok := w.admit(key)
	if !ok {
		w.log.Debug(message, args...)
		return
	}
	if omitted > 0 {
		args = append(args, "omitted", omitted)
	}
	w.log.Warn(message, args...)
}

// admit tells whether a refusal is to be logged, and how many were not since the last.
func (w *warnings) admit(key string) (omitted int, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if at, known := w.last[key]; !known && len(w.last) >= maxWarned || known && now.Sub(at) < warnEvery {
		for k, at := range w.last {
			if now.Sub(at) >= warnEvery {
				delete(w.last, k)
			}
		}
		if known || len(w.last) >= maxWarned {
			w.omitted++
			return 0, false
		}
	}
	w.last[key] = now
	omitted, w.omitted = w.omitted, 0
	return omitted, true
}

// clip shortens a name that a client chose.
func clip(s string) string {
	if len(s) > maxWarnedName {
		return s[:maxWarnedName] + "…"
	}
	return s
}
