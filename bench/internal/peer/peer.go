// Package peer is a chat server built on the centrifuge library, with that library's defaults: the JSON protocol over
// WebSocket, channels as rooms, everything in memory, no history. Everyone may come, subscribe and publish.
package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"
)

// Config says what differs from the library's defaults; the zero value, nothing.
type Config struct {
	// WriteDelay is how long a connection's messages are collected before they are written together; 0 for not. With it,
	// any number of messages goes into one frame.
	WriteDelay time.Duration
	Presence   bool   // keep who is in a channel, and renew it
	Redis      string // host:port of the Redis between nodes; empty for one node
}

// stopWithin bounds the time to end in order.
const stopWithin = 5 * time.Second

// Serve serves l until ctx ends, and waits for what it started.
func Serve(ctx context.Context, l net.Listener, cfg Config) error {
	node, err := newNode(cfg)
	if err != nil {
		return err
	}
	if err := node.Run(); err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	server := &http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err = errors.Join(err, node.Shutdown(bounded), server.Close())
	if ctx.Err() != nil {
		<-served
	}
	return err
}

func newNode(cfg Config) (*centrifuge.Node, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, fmt.Errorf("make node: %w", err)
	}
	if cfg.Redis != "" {
		if err := useRedis(node, cfg); err != nil {
			return nil, err
		}
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		reply := centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "member"}}
		if cfg.WriteDelay > 0 {
			reply.WriteDelay, reply.MaxMessagesInFrame = cfg.WriteDelay, -1
		}
		return reply, nil
	})
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnSubscribe(func(_ centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
			answer(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{EmitPresence: cfg.Presence}}, nil)
		})
		c.OnPublish(func(_ centrifuge.PublishEvent, answer centrifuge.PublishCallback) {
			answer(centrifuge.PublishReply{}, nil)
		})
	})
	return node, nil
}

func useRedis(node *centrifuge.Node, cfg Config) error {
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: cfg.Redis})
	if err != nil {
		return fmt.Errorf("redis %s: %w", cfg.Redis, err)
	}
	shards := []*centrifuge.RedisShard{shard}
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: shards})
	if err != nil {
		return fmt.Errorf("redis broker: %w", err)
	}
	node.SetBroker(broker)
	if !cfg.Presence {
		return nil
	}
	presence, err := centrifuge.NewRedisPresenceManager(node, centrifuge.RedisPresenceManagerConfig{Shards: shards})
	if err != nil {
		return fmt.Errorf("redis presence: %w", err)
	}
	node.SetPresenceManager(presence)
	return nil
}
