// Package rows is what is measured: a row for each work, with its target. A row starts the servers, drives them with a load,
// and gives the figures and the verdicts on them.
//
// Servers that are compared take turns, A B A B, each time as new processes, so that whatever else the machine does slows all of
// them alike. A verdict is the median of the ratios of the rounds.
package rows

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"salon/bench/internal/load"
	"salon/bench/internal/process"
)

// Bench is what the rows share.
type Bench struct {
	Name     string // of this build of Salon, where two are compared
	Programs process.Programs
	Tree     string    // folder of the sources that Salon was built from
	Dir      string    // for what lasts as long as the run: logs and data of the servers
	Rounds   int       // of each row; at least 1
	Quick    bool      // a tenth of the members and less time: shows that it works, not how fast
	Progress io.Writer // what is being done
	Hold     []string  // command that holds idle members: see the package hold
}

// Row is one kind of load.
type Row struct {
	Name  string
	Title string
	// Run measures Salon against the row's targets.
	Run func(context.Context, *Bench) (Outcome, error)
	// Compare measures two builds of Salon against each other.
	Compare func(context.Context, Pair) ([]Comparison, error)
	// Takes is how long Compare takes on two cores with nothing beside, with so many rounds.
	Takes func(rounds int) time.Duration
}

// All gives the rows in their order.
func All() []Row {
	var rows []Row
	for _, f := range fanouts() {
		rows = append(rows, Row{f.name, f.title, f.run, alternating(f.readings), alternatingTakes(f.takes)})
	}
	rows = append(rows,
		Row{"idle", "10,000 idle members in rooms of 100, with presence", runIdle, compareIdle, idleTakes},
		Row{"return", "5,000 members of a room come back at once and ask for the last 50", runReturn,
			alternating(returnReadings), alternatingTakes(returnTakes)},
		Row{"acks", "acknowledged sends over 200 rooms, fsync on", runAcks,
			alternating(acksRow.readings), alternatingTakes(acksRow.takes)},
		Row{"presence", "10,000 members in a room, 1 % come and go each second", runPresence,
			alternating(presenceReadings), alternatingTakes(presenceTakes)},
	)
	for _, r := range redisRows() {
		rows = append(rows, Row{r.name, r.title, r.run, alternating(r.readings), alternatingTakes(r.takes)})
	}
	return rows
}

// Outcome is what a row gives.
type Outcome struct {
	Columns  []string
	Figures  []Figure
	Verdicts []Verdict
	Notes    []string
}

// Figure is a line of the row's table.
type Figure struct {
	Name  string
	Cells []string
}

// scale gives n members, or a tenth when quick.
func (b *Bench) scale(n int) int {
	if b.Quick {
		return n / 10
	}
	return n
}

// span gives d, or a tenth when quick.
func (b *Bench) span(d time.Duration) time.Duration {
	if b.Quick {
		return d / 10
	}
	return d
}

func (b *Bench) say(format string, args ...any) { fmt.Fprintf(b.Progress, format+"\n", args...) }

// kind is a kind of server.
type kind int

const (
	salon kind = iota
	floor
	batchedFloor
	centrifuge
)

func (k kind) dialect() load.Dialect {
	switch k {
	case salon:
		return load.Salon{}
	case centrifuge:
		return load.Centrifuge{}
	}
	return load.Floor{}
}

// start starts a server of kind k. Salon gets a data folder of its own, and none of the limits that are there against too much
// from one address; all features stay on.
func (b *Bench) start(ctx context.Context, k kind, args ...string) (*process.Server, error) {
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	if k == salon {
		data, err := os.MkdirTemp(b.Dir, "data-")
		if err != nil {
			return nil, err
		}
		return b.startSalon(ctx, port, data, args...)
	}
	listen := []string{"-listen", "127.0.0.1:" + strconv.Itoa(port)}
	switch k {
	case centrifuge:
		return process.Start(ctx, b.Dir, "centrifuge", b.Programs.Centrifuge, port, append(listen, args...)...)
	case batchedFloor:
		listen = append(listen, "-batch")
	}
	return process.Start(ctx, b.Dir, "floor", b.Programs.Floor, port, append(listen, args...)...)
}

func (b *Bench) startSalon(ctx context.Context, port int, data string, args ...string) (*process.Server, error) {
	return process.Start(ctx, b.Dir, "salon", b.Programs.Salon, port, append([]string{
		"serve", "--port", strconv.Itoa(port), "--data", data, "--max-per-address", "0", "--max-rate", "0",
	}, args...)...)
}

// Clean removes the data that the rows so far left.
func (b *Bench) Clean() error {
	left, err := filepath.Glob(filepath.Join(b.Dir, "data-*"))
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	return err
}

// metric reads one of Salon's metrics.
func metric(ctx context.Context, s *process.Server, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("metrics: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("metrics: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("metrics: there is no %s", name)
}

// quantile gives the q-quantile of sorted; 0 of nothing.
func quantile[T any](sorted []T, q float64) (v T) {
	if len(sorted) == 0 {
		return v
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// median gives the middle of values; 0 of none.
func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return 0
	}
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
