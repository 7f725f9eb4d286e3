package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"salon/internal/accounts"
	accountsmongo "salon/internal/accounts/mongo"
	accountssqlite "salon/internal/accounts/sqlite"
	"salon/internal/broker"
	brokerredis "salon/internal/broker/redis"
	"salon/internal/chat"
	"salon/internal/config"
	"salon/internal/history"
	historymongo "salon/internal/history/mongo"
	historysqlite "salon/internal/history/sqlite"
	"salon/internal/mongoconn"
	"salon/internal/presence"
	"salon/internal/presence/memory"
	presenceredis "salon/internal/presence/redis"
	"salon/internal/redisconn"
	"salon/internal/sqliteconn"
)

// parts are the engines behind the contracts.
type parts struct {
	history  history.Store // its Close closes the accounts too
	accounts accounts.Store
	presence presence.Store
	broker   func(broker.Handler) (broker.Broker, error) // nil: this node is alone
	opened   broker.Broker                               // what broker opened, nil before
	about    string                                      // what they are, without secrets
}

// openParts opens the engines that the configuration asks for.
func openParts(ctx context.Context, cfg config.Serve, node string, log *slog.Logger) (_ *parts, err error) {
	p := &parts{}
	defer func() {
		if err != nil {
			p.close(context.Background())
		}
	}()
	if cfg.Mongo != "" {
		p.about = "mongodb"
		events, users, err := openMongo(ctx, cfg.Mongo, mongoconn.Options{Log: log})
		if err != nil {
			return nil, err
		}
		p.history, p.accounts = events, users
	} else {
		p.about = "sqlite " + cfg.Data
		db, err := openSQLite(cfg.Data, log)
		if err != nil {
			return nil, err
		}
		p.history, p.accounts = historysqlite.New(db), accountssqlite.New(db)
	}
	if cfg.Redis == "" {
		p.presence = memory.New().Node(node)
		return p, nil
	}
	target, err := redisconn.ParseURL(cfg.Redis)
	if err != nil {
		return nil, fmt.Errorf("--redis: %w", err)
	}
	p.about += ", redis " + target.String()
	store := presenceredis.Open(target, node, presenceredis.Options{Log: log})
	p.presence = store
	id, err := p.history.ID(ctx)
	if err != nil {
		return nil, fmt.Errorf("the history's name: %w", err)
	}
	if err := register(ctx, store, id, log); err != nil {
		return nil, err
	}
	p.broker = func(h broker.Handler) (broker.Broker, error) {
		p.opened = brokerredis.Open(target, node, h, brokerredis.Options{History: id, Log: log})
		return p.opened, nil
	}
	return p, nil
}

// openMongo opens both engines on one client. Closing the history closes both.
func openMongo(ctx context.Context, uri string, o mongoconn.Options) (*historymongo.Store, *accountsmongo.Store, error) {
	db, err := mongoconn.Open(ctx, uri, o)
	if err != nil {
		return nil, nil, err
	}
	users, err := accountsmongo.New(ctx, db)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	events, err := historymongo.New(ctx, db)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return events, users, nil
}

func openSQLite(dir string, log *slog.Logger) (*sqliteconn.DB, error) {
	db, err := sqliteconn.OpenWith(dir, sqliteconn.Options{Log: log})
	return db, sqliteProblem(dir, err)
}

// sqliteProblem says why the history in dir cannot be opened.
func sqliteProblem(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sqliteconn.ErrNoHistory):
		return chat.Problemf("there is no history in %s", dir)
	case errors.Is(err, sqliteconn.ErrInUse):
		return chat.Problemf("open the history in %s: another process uses this folder (%w)", dir, err)
	}
	return chat.Problemf("open the history in %s: %w", dir, err)
}

// register finds out whether the other nodes have the same history. While Redis is away nobody knows: the node serves, and the
// first beat that reaches Redis finds out.
func register(ctx context.Context, store *presenceredis.Store, id string, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for {
		err := store.Register(ctx, id)
		switch {
		case !errors.Is(err, presence.ErrUnavailable):
			return err
		case ctx.Err() != nil:
			log.Warn("redis is away: the node starts without the others", "err", err)
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *parts) close(ctx context.Context) error {
	var errPresence, errHistory error
	if p.presence != nil {
		if errPresence = p.presence.Close(ctx); errors.Is(errPresence, presence.ErrUnavailable) {
			errPresence = nil // its lease will end by itself
		}
	}
	if p.history != nil {
		errHistory = p.history.Close()
	}
	return errors.Join(errPresence, errHistory)
}
