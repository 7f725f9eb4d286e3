// Command bench measures Salon beside a floor and a peer, and prints what it costs against the targets.
//
// It builds and starts the servers, drives them over loopback, and stops them. See the README beside the module.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"salon/bench/internal/hold"
	"salon/bench/internal/process"
	"salon/bench/internal/rows"
)

// holds is the first argument of the processes that hold idle members for us.
const holds = "hold"

type options struct {
	rows   string
	rounds int
	quick  bool
	dir    string
	salon  string

	against string // the commit to compare with; empty for none
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == holds {
		err = hold.Main(ctx, os.Args[2:], os.Stdin, os.Stdout)
	} else {
		var o options
		flag.StringVar(&o.rows, "row", "", "only these rows, separated by commas; all when empty")
		flag.IntVar(&o.rounds, "rounds", 0, "how often each row is measured; the medians count (default 5, with -against 3)")
		flag.BoolVar(&o.quick, "quick", false, "one round, a tenth of the members and of the time: shows that it works, not how fast")
		flag.StringVar(&o.dir, "dir", "", "where the servers keep data: a folder on a disk, for fsync to cost what it costs (default: the system's folder for temporary files)")
		flag.StringVar(&o.salon, "salon", "", "measure this salon program rather than the sources around")
		flag.StringVar(&o.against, "against", "", "compare with a build of this commit, row by row, rather than with the targets")
		flag.Parse()
		err = run(ctx, o, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out, progress io.Writer) (err error) {
	chosen, err := choose(o.rows)
	if err != nil {
		return err
	}
	switch {
	case o.rounds < 0:
		return fmt.Errorf("-rounds: %d is less than 1", o.rounds)
	case o.quick:
		o.rounds = 1
	case o.rounds == 0 && o.against != "":
		o.rounds = 3
	case o.rounds == 0:
		o.rounds = 5
	}
	if err := raiseFiles(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "salon-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	root, err := process.Root(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(progress, "builds the servers")
	b := &rows.Bench{Name: "here", Tree: root, Dir: dir, Rounds: o.rounds, Quick: o.quick, Progress: progress, Hold: []string{self, holds}}
	if b.Programs, err = process.Build(ctx, root, dir, o.salon); err != nil {
		return err
	}
	if o.against == "" {
		header(out, o, dir)
		return measure(ctx, b, chosen, out, progress)
	}
	other, err := buildOther(ctx, b, o.against)
	if err != nil {
		return err
	}
	header(out, o, dir)
	return compare(ctx, rows.Pair{Here: b, Other: other}, chosen, out, progress)
}

// buildOther builds Salon from the files of another commit, which it writes into a folder of its own.
func buildOther(ctx context.Context, here *rows.Bench, commit string) (*rows.Bench, error) {
	b := *here
	b.Name = commit
	b.Tree = filepath.Join(b.Dir, "tree")
	b.Programs.Salon = filepath.Join(b.Dir, "other")
	fmt.Fprintf(b.Progress, "builds the server of %s\n", commit)
	if err := process.Export(ctx, here.Tree, commit, b.Tree); err != nil {
		return nil, err
	}
	return &b, process.BuildOne(ctx, b.Tree, "./cmd/salon", b.Programs.Salon)
}

// compare measures the rows with both builds. A row that fails is told and does not stop the others.
func compare(ctx context.Context, p rows.Pair, chosen []rows.Row, out, progress io.Writer) error {
	var takes time.Duration
	for _, row := range chosen {
		takes += row.Takes(p.Here.Rounds)
	}
	fmt.Fprintf(out, "each round: here, %[1]s, here, %[1]s; on two cores with nothing beside this takes about %[2]v\n",
		p.Other.Name, takes.Round(time.Minute))
	var names, failed []string
	var all [][]rows.Comparison
	start := time.Now()
	for _, row := range chosen {
		fmt.Fprintf(progress, "%s: %s\n", row.Name, row.Title)
		began := time.Now()
		c, err := row.Compare(ctx, p)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			failed = append(failed, row.Name)
			fmt.Fprintf(out, "\n%s: FAILED: %v\n", row.Name, err)
		} else {
			names, all = append(names, row.Name), append(all, c)
			rows.PrintComparisons(out, p, names[len(names)-1:], all[len(all)-1:])
		}
		fmt.Fprintf(progress, "  took %v\n", time.Since(began).Round(time.Second))
		if err := p.Here.Clean(); err != nil {
			return err
		}
	}
	if len(all) > 1 {
		rows.PrintComparisons(out, p, names, all)
	}
	rows.PrintWorse(out, names, all)
	fmt.Fprintf(progress, "all took %v\n", time.Since(start).Round(time.Second))
	return failure(failed)
}

// measure runs the rows. One that fails is told and does not stop the others.
func measure(ctx context.Context, b *rows.Bench, chosen []rows.Row, out, progress io.Writer) error {
	var names, failed []string
	var outcomes []rows.Outcome
	start := time.Now()
	for _, row := range chosen {
		fmt.Fprintf(progress, "%s: %s\n", row.Name, row.Title)
		began := time.Now()
		o, err := row.Run(ctx, b)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			failed = append(failed, row.Name)
			fmt.Fprintf(out, "\n%s: %s\n  FAILED: %v\n", row.Name, row.Title, err)
		} else {
			names, outcomes = append(names, row.Name), append(outcomes, o)
			o.Print(out, row)
		}
		fmt.Fprintf(progress, "  took %v\n", time.Since(began).Round(time.Second))
		if err := b.Clean(); err != nil {
			return err
		}
	}
	if len(outcomes) > 1 {
		rows.PrintSummary(out, names, outcomes)
	}
	fmt.Fprintf(progress, "all took %v\n", time.Since(start).Round(time.Second))
	return failure(failed)
}

// failure is the error that rows have failed; nil where none has.
func failure(rows []string) error {
	if len(rows) == 0 {
		return nil
	}
	return fmt.Errorf("rows that failed: %s", strings.Join(rows, ", "))
}

// choose gives the rows of those names, in their own order; all for "".
func choose(names string) ([]rows.Row, error) {
	all := rows.All()
	if names == "" {
		return all, nil
	}
	wanted := strings.Split(names, ",")
	var chosen []rows.Row
	var known []string
	for _, row := range all {
		known = append(known, row.Name)
		if slices.Contains(wanted, row.Name) {
			chosen = append(chosen, row)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no row %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

// files is what the largest rows need: as many connections, in the load and in the server.
const files = 10_500

// raiseFiles raises the number of open files to what the system grants; the servers inherit it.
func raiseFiles() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	if limit.Max < files {
		return fmt.Errorf("%d open files are allowed (ulimit -Hn), %d are needed", limit.Max, files)
	}
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	return nil
}

func header(w io.Writer, o options, dir string) {
	fmt.Fprintf(w, "%s, %d cores, %s; rounds: %d\n", runtime.Version(), runtime.NumCPU(), runtime.GOARCH, o.rounds)
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) == nil && fs.Type == unix.TMPFS_MAGIC {
		fmt.Fprintln(w, "the servers' data is in memory (tmpfs): fsync costs nothing here; use -dir")
	}
	if o.quick {
		fmt.Fprintln(w, "quick: the figures mean nothing")
	}
}
