package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"salon/internal/config"
	"salon/internal/lang"
	"salon/internal/migrate"
	"salon/internal/node"
)

// carry copies a history and verifies it. After an interruption it continues where it was when it is started again.
func carry(ctx context.Context, cli *config.CLI, stdout, stderr io.Writer) (err error) {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	from, err := node.OpenStore(ctx, cli.Migrate.From, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := node.OpenStore(ctx, cli.Migrate.To, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	report, err := migrate.Run(ctx, from, to, progress(stderr))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	l := cli.Language(lang.French)
	fmt.Fprintln(stdout, l.Text("%d events in %d rooms and %d users are the same on both sides; %d events copied now.",
		report.Events, report.Rooms, report.Users, report.Copied))
	return nil
}

// progress shows a bar on a terminal, and a line for each tenth elsewhere.
func progress(out io.Writer) migrate.Progress {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(40), progressbar.OptionThrottle(1e8),
			progressbar.OptionClearOnFinish())
		var mu sync.Mutex
		return func(done, total int64) {
			mu.Lock()
			defer mu.Unlock()
			if bar.GetMax64() != total {
				bar.ChangeMax64(total)
			}
			_ = bar.Set64(done) // a terminal that is gone is no reason to stop
		}
	}
	var mu sync.Mutex
	told := int64(0)
	return func(done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if tenth := 10 * done / max(total, 1); tenth > told {
			told = tenth
			fmt.Fprintf(out, "%d%%  %d/%d\n", 10*tenth, done, total)
		}
	}
}
