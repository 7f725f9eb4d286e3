// Command floor serves the floor: chat with no chat in it, to measure against.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"salon/bench/internal/floor"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	batch := flag.Bool("batch", false, "write the messages that wait together")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *batch); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen string, batch bool) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", listen)
	if err != nil {
		return err
	}
	return (&floor.Server{Batch: batch}).Serve(ctx, l)
}
