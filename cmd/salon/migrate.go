package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"salon/internal/chat"
	"salon/internal/config"
	"salon/internal/lang"
	"salon/internal/migrate"
	"salon/internal/node"
)

// carry copies a history and verifies it. After an interruption it continues where it was when it is started again.
func carry(ctx context.Context, cli *config.CLI, stdout, stderr io.Writer) error {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	l := cli.Language(lang.French)
	if len(cli.Exposed) > 0 {
		fmt.Fprintln(stderr, l.Text("an argument shows a password to the other users of this machine (%s): give it by a file or by the environment",
			strings.Join(cli.Exposed, ", ")))
	}
	if node.SameStore(cli.Migrate.From, cli.Migrate.To) {
		return chat.Problemf("the source and the target are the same store")
	}
	from, err := node.OpenSource(ctx, cli.Migrate.From, log)
	if err != nil {
		return err
	}
	report, err := into(ctx, from, cli.Migrate.To, log, progress(stderr))
	if errClose := from.Close(); err == nil && errClose != nil { // it may say that somebody wrote to the source
		err = fmt.Errorf("migrate: %w", errClose)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, l.Text("%d events in %d rooms and %d users are the same on both sides; %d events copied now.",
		report.Events, report.Rooms, report.Users, report.Copied))
	return nil
}

// into opens the target, and copies from into it.
func into(ctx context.Context, from migrate.Source, where string, log *slog.Logger, p migrate.Progress) (report migrate.Report, err error) {
	to, err := node.OpenTarget(ctx, where, log)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if report, err = migrate.Run(ctx, from, to, p); err != nil {
		err = fmt.Errorf("migrate: %w", err)
	}
	return report, err
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
