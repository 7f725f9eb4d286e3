package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"salon/internal/broker"
	"salon/internal/config"
	"salon/internal/history"
	"salon/internal/history/sqlite"
	"salon/internal/presence"
	"salon/internal/presence/memory"
)

// parts are the engines behind the contracts.
type parts struct {
	history  history.Store
	presence presence.Store
	broker   func(broker.Handler) (broker.Broker, error) // nil: this node is alone
	about    string                                      // for the log; without secrets
}

func openParts(ctx context.Context, cfg config.Serve, node string, log *slog.Logger) (*parts, error) {
	h, err := sqlite.Open(cfg.Data)
	if err != nil {
		return nil, fmt.Errorf("open the history in %s: %w", cfg.Data, err)
	}
	return &parts{history: h, presence: memory.New().Node(node), about: cfg.Data}, nil
}

func (p *parts) close(ctx context.Context) error {
	return errors.Join(p.presence.Close(ctx), p.history.Close())
}
