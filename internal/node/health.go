package node

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"salon/internal/config"
	"salon/internal/redisconn"
)

// checkEvery is how often a node looks whether its parts work, whether anybody asks or not; checkAgain is how often while one
// does not. Each look costs a durable write, which an idle node has no other reason for.
const (
	checkEvery = 10 * time.Second
	checkAgain = 2 * time.Second
)

// health logs when a part of the node stops working, and when it works again: one line each, however long it lasts.
type health struct {
	log   *slog.Logger
	ready *readiness
	parts []*part
}

// part is what can fail by itself.
type part struct {
	does    string // what works or does not
	address string // where it is, without secrets
	reason  func(state) error
	failing bool
	since   time.Time
}

func newHealth(cfg config.Serve, ready *readiness, log *slog.Logger) *health {
	h := &health{log: log, ready: ready}
	h.add("the history", historyAddress(cfg), func(s state) error { return s.history })
	if target, err := redisconn.ParseURL(cfg.Redis); cfg.Redis != "" && err == nil {
		h.add("presence", target.String(), func(s state) error { return s.presence })
		h.add("what nodes tell each other", target.String(), func(s state) error { return s.broker })
	}
	return h
}

func (h *health) add(does, address string, reason func(state) error) {
	h.parts = append(h.parts, &part{does: does, address: address, reason: reason})
}

// run looks until ctx ends.
func (h *health) run(ctx context.Context) {
	timer := time.NewTimer(checkAgain)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if s := h.ready.now(ctx); ctx.Err() == nil {
			h.note(s, time.Now())
		}
		if h.failing() {
			timer.Reset(checkAgain)
		} else {
			timer.Reset(checkEvery)
		}
	}
}

// failing tells whether a part does not work.
func (h *health) failing() bool {
	return slices.ContainsFunc(h.parts, func(p *part) bool { return p.failing })
}

// note logs what has changed.
func (h *health) note(s state, now time.Time) {
	for _, p := range h.parts {
		err := p.reason(s)
		switch {
		case err != nil && !p.failing:
			p.failing, p.since = true, now
			h.log.Warn(p.does+" does not work", "at", p.address, "reason", err)
		case err == nil && p.failing:
			p.failing = false
			h.log.Info(p.does+" works again", "at", p.address, "after", now.Sub(p.since).Round(time.Second))
		}
	}
}

// historyAddress tells where the history is, without secrets.
func historyAddress(cfg config.Serve) string {
	if cfg.Mongo == "" {
		return cfg.Data
	}
	scheme, rest, _ := strings.Cut(cfg.Mongo, "://")
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
}
