// Command ferretdb runs FerretDB v1, a MongoDB-compatible server on SQLite, for tests: it listens on one TCP address,
// prints its connection string as the first line of its output, and ends on SIGINT or SIGTERM.
//
// Clients reach FerretDB through a proxy in the same process, which makes up for what FerretDB lacks (see proxy), so that
// Salon needs nothing that MongoDB does not need. It proves what is stored and refused, not speed, and not durability
// (FerretDB ignores the write concern).
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// goodbye is how long FerretDB may take to end. What its clients were told is stored, is stored.
const goodbye = time.Second

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "TCP address to listen on; port 0 takes a free one")
	dir := flag.String("dir", "", "folder for the data, made if missing; required")
	verbose := flag.Bool("verbose", false, "log every request")
	parented := flag.Bool("until-eof", false, "end when standard input ends, as it does with the process that holds its other end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *parented {
		go func() { // ends with the process
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if err := run(ctx, *listen, *dir, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen, dir string, verbose bool) error {
	if dir == "" {
		return fmt.Errorf("--dir is missing")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	db, err := newFerretDB(dir, verbose)
	if err != nil {
		return err
	}
	front, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	return serve(ctx, db, front, dir)
}

// newFerretDB makes a FerretDB that keeps its data in dir and listens on a port of its own.
func newFerretDB(dir string, verbose bool) (*ferretdb.FerretDB, error) {
	level := slog.LevelError
	if verbose {
		level = slog.LevelDebug
	}
	// FerretDB wants the trailing slash to see a folder. What it stored outlives a killed process without waiting for the
	// disk; a machine that loses its power is not what is tested with it.
	data := url.URL{Scheme: "file", Opaque: (&url.URL{Path: dir + "/"}).EscapedPath(), RawQuery: "_pragma=synchronous(off)"}
	return ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
		Handler:   "sqlite",
		SQLiteURL: data.String(),
	})
}

// serve runs FerretDB, and the proxy on front, until ctx ends.
func serve(ctx context.Context, db *ferretdb.FerretDB, front net.Listener, dir string) (err error) {
	var wait sync.WaitGroup
	wait.Go(func() { err = db.Run(ctx) })
	backend, parseErr := url.Parse(db.MongoDBURI()) // waits until it listens
	if parseErr != nil {
		return parseErr
	}
	s := &store{dir: dir, databases: map[string]*database{}}
	wait.Go(func() {
		(&proxy{backend: backend.Host, store: s}).run(ctx, front)
		s.close()
	})
	fmt.Println("mongodb://" + front.Addr().String() + "/")
	ended := make(chan struct{})
	go func() {
		wait.Wait()
		close(ended)
	}()
	<-ctx.Done()
	select {
	case <-ended:
		return err
	case <-time.After(goodbye): // FerretDB waits for its clients, which may stay
		return nil
	}
}
