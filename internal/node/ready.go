package node

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"salon/internal/cluster"
)

// readiness tells whether a message would go through now, and a session be put where other nodes see it. Its answer is kept for a moment, so that asking costs nothing.
type readiness struct {
	parts *parts
	peers *cluster.Cluster

	mu    sync.Mutex // held while it is being found out: those who ask meanwhile get the same answer
	at    time.Time
	state state
}

// state is what /readyz answers.
type state struct {
	Status   string `json:"status"`   // ready, degraded, not ready
	History  string `json:"history"`  // ok, away
	Presence string `json:"presence"` // ok, away, none (this node is alone by its configuration)
	Broker   string `json:"broker"`   // ok, away, none
	Nodes    int    `json:"nodes"`    // that are known to live, this one among them; 0: not known
	TookMS   int64  `json:"took_ms"`

	// Why they are away, for the log only: anybody may ask.
	history, presence, broker error
}

// prober is an engine that can try what it is needed for.
type prober interface {
	Probe(ctx context.Context) error
}

// troubled is a broker that knows why it is not healthy.
type troubled interface {
	Trouble() error
}

var errUnanswered = errors.New("no other node answered a probe")

const (
	probeTimeout = time.Second
	probeKept    = time.Second
)

func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s := r.now(req.Context())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if s.Status == "not ready" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(s)
}

func (r *readiness) now(ctx context.Context) state {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < probeKept {
		return r.state
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout) // others may be waiting for the answer
	defer cancel()
	began := time.Now()
	r.state = r.probe(ctx)
	r.state.TookMS = time.Since(began).Milliseconds()
	r.at = time.Now()
	return r.state
}

// probe tries what a message and a session need: durable writes to the history, a write to presence, and a probe through the
// broker to another node and back.
func (r *readiness) probe(ctx context.Context) state {
	s := state{Status: "ready", History: "ok", Presence: "none", Broker: "none", Nodes: 1}
	var work sync.WaitGroup
	if r.parts.broker != nil {
		s.Presence, s.Broker = "ok", "ok"
		work.Go(func() { s.presence = r.probePresence(ctx) })
		work.Go(func() { s.Nodes, s.broker = r.probeBroker(ctx) })
	}
	s.history = r.probeHistory(ctx)
	work.Wait()
	if s.presence != nil {
		s.Status, s.Presence = "degraded", "away"
	}
	if s.broker != nil {
		s.Status, s.Broker = "degraded", "away"
	}
	if s.history != nil {
		s.Status, s.History = "not ready", "away"
	}
	return s
}

// probeHistory makes durable writes: that of a hello, and that of a message where the engine can take it back. The name is one
// that no user can have, so that the history does not grow by being asked.
func (r *readiness) probeHistory(ctx context.Context) error {
	now := time.Now()
	if err := r.parts.accounts.ClaimName(ctx, "/ready", "u_ready", now, now.Add(time.Minute)); err != nil {
		return err
	}
	if p, ok := r.parts.history.(prober); ok {
		return p.Probe(ctx)
	}
	return nil
}

func (r *readiness) probePresence(ctx context.Context) error {
	if p, ok := r.parts.presence.(prober); ok {
		return p.Probe(ctx)
	}
	return nil
}

func (r *readiness) probeBroker(ctx context.Context) (nodes int, err error) {
	living, ok := r.parts.presence.(interface {
		Nodes(context.Context) (int, error)
	})
	if ok {
		nodes, _ = living.Nodes(ctx)
	}
	answered := nodes <= 1 // nobody else is there to answer, as far as is known
	if !r.peers.Degraded() && !answered {
		answered = r.peers.Probe(ctx)
	}
	if answered && !r.peers.Degraded() {
		return nodes, nil
	}
	if b, ok := r.parts.opened.(troubled); ok {
		if err := b.Trouble(); err != nil {
			return nodes, err
		}
	}
	return nodes, errUnanswered
}
