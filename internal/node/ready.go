package node

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"salon/internal/cluster"
)

// readiness tells whether a message would go through now. Its answer is kept for a moment, so that asking costs nothing.
type readiness struct {
	parts *parts
	peers *cluster.Cluster

	mu    sync.Mutex // held while it is being found out: those who ask meanwhile get the same answer
	at    time.Time
	state state
}

// state is what /readyz answers.
type state struct {
	Status  string `json:"status"`  // ready, degraded, not ready
	History string `json:"history"` // ok, away
	Broker  string `json:"broker"`  // ok, away, none (this node is alone by its configuration)
	Nodes   int    `json:"nodes"`   // that are known to live, this one among them; 0: not known
	TookMS  int64  `json:"took_ms"`
}

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

// probe tries what a message needs: a durable write to the history, and a probe through the broker to another node and back.
func (r *readiness) probe(ctx context.Context) state {
	s := state{Status: "ready", History: "ok", Broker: "none", Nodes: 1}
	var work sync.WaitGroup
	if r.parts.broker != nil {
		work.Go(func() { s.Broker, s.Nodes = r.probeBroker(ctx) })
	}
	stored := r.probeHistory(ctx)
	work.Wait()
	switch {
	case !stored:
		s.Status, s.History = "not ready", "away"
	case s.Broker == "away":
		s.Status = "degraded"
	}
	return s
}

// probeHistory makes a durable write. It holds a name that no user can have, so that the history does not grow by being asked.
func (r *readiness) probeHistory(ctx context.Context) bool {
	now := time.Now()
	return r.parts.accounts.ClaimName(ctx, "/ready", "u_ready", now, now.Add(time.Minute)) == nil
}

func (r *readiness) probeBroker(ctx context.Context) (broker string, nodes int) {
	living, ok := r.parts.presence.(interface {
		Nodes(context.Context) (int, error)
	})
	if ok {
		nodes, _ = living.Nodes(ctx)
	}
	switch {
	case r.peers.Degraded():
		return "away", nodes
	case nodes == 1: // nobody else is there to answer
		return "ok", nodes
	case r.peers.Probe(ctx):
		return "ok", nodes
	}
	return "away", nodes
}
