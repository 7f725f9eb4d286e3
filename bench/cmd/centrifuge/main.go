// Command centrifuge serves chat by the centrifuge library, to measure against.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"salon/bench/internal/peer"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	var cfg peer.Config
	flag.DurationVar(&cfg.WriteDelay, "write-delay", 0, "collect messages so long and write them together; 0 is the library's default")
	flag.BoolVar(&cfg.Presence, "presence", false, "keep who is in a channel")
	flag.StringVar(&cfg.Redis, "redis", "", "host:port of the Redis between nodes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, cfg); err != nil {
		fmt.Fprintln(os.Stderr, "centrifuge:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen string, cfg peer.Config) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", listen)
	if err != nil {
		return err
	}
	return peer.Serve(ctx, l, cfg)
}
