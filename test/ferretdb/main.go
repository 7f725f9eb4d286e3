// Command ferretdb runs FerretDB v1, a MongoDB-compatible server on SQLite, for tests: it listens on one TCP address,
// prints its connection string as the first line of its output, and ends on SIGINT or SIGTERM.
//
// It proves what is stored and refused, not speed (most finds read the whole collection) and not durability (it
// ignores the write concern).
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// farewell is how long clients have to leave when the server is to end. What they were told is stored, is stored.
const farewell = time.Second

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
	level := slog.LevelError
	if verbose {
		level = slog.LevelDebug
	}
	// FerretDB wants the trailing slash to see a folder. What it stored outlives a killed process without waiting for the
	// disk; a machine that loses its power is not what is tested with it.
	data := url.URL{Scheme: "file", Opaque: (&url.URL{Path: dir + "/"}).EscapedPath(), RawQuery: "_pragma=synchronous(normal)"}
	db, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: listen},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
		Handler:   "sqlite",
		SQLiteURL: data.String(),
	})
	if err != nil {
		return err
	}
	ran, indexed := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(indexed)
		(&indexer{dir: dir, open: map[string]*sql.DB{}}).run(ctx)
	}()
	go func() {
		err := db.Run(ctx)
		<-indexed
		ran <- err
	}()
	fmt.Println(db.MongoDBURI()) // waits until it listens
	select {
	case err := <-ran:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ran:
		return err
	case <-time.After(farewell): // it waits for its clients, who may stay
		return nil
	}
}
