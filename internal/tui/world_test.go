package tui

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/config"
	"salon/internal/lang"
	"salon/internal/node"
)

// What the tests here need of the world: a real server, a real terminal and a real user. No wait has a time limit of its
// own: the time limit of the test run is the only one.

// serve starts a real server and gives its address, and a way to stop and start it in the same place.
func serve(t *testing.T, flags ...string) (address string, restart func() (stop, start func())) {
	t.Helper()
	dir, port := t.TempDir(), "0"
	var running *node.Node
	start := func() {
		cli, _, _, err := config.Parse(append([]string{"serve", "--data", dir, "-p", port}, flags...), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if running, err = node.Start(context.WithoutCancel(t.Context()), cli.Serve, lang.French, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	stop := func() {
		if running != nil {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			running.Stop(ctx)
			running = nil
		}
	}
	start()
	t.Cleanup(stop)
	address = strings.TrimSuffix(strings.TrimPrefix(running.URL(), "http://"), "/")
	_, port, _ = net.SplitHostPort(address)
	return address, func() (func(), func()) { return stop, start }
}

// patient waits are long enough for any machine.
var patient = waits{call: 5 * time.Minute, goodbye: 5 * time.Minute, last: 5 * time.Minute, echo: 5 * time.Minute}

// reportTime is what is left of the test run's time when a test gives up, so that it can still say why.
const reportTime = 30 * time.Second

// until waits for a condition.
func until(t *testing.T, what func() string, done func() bool) {
	t.Helper()
	deadline, limited := t.Deadline()
	for ; !done(); time.Sleep(5 * time.Millisecond) { // between two looks at the condition
		if limited && time.Until(deadline) < reportTime {
			t.Fatalf("waited in vain; now it is:\n%s", what())
		}
	}
}

// user is someone else in the rooms.
func user(t *testing.T, address, name string, rooms ...chat.RoomID) *client.Client {
	t.Helper()
	url, err := client.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	c := client.New(client.Options{URL: url, Name: name, Rooms: rooms})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	for _, r := range rooms {
		if err := c.Join(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func say(t *testing.T, c *client.Client, room chat.RoomID, text string) {
	t.Helper()
	if _, err := c.Send(t.Context(), room, text); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// console is a terminal in which salon chat runs.
type console struct {
	t        *testing.T
	pty, tty *os.File
	before   *term.State
	ended    chan error
	cancel   context.CancelFunc

	mu  sync.Mutex
	raw bytes.Buffer // all that was drawn
}

// open runs a talk in a new terminal of 60 columns and 20 rows.
func open(t *testing.T, o Options) *console {
	t.Helper()
	c := &console{t: t, ended: make(chan error, 1)}
	var err error
	if c.pty, c.tty, err = pty.Open(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no terminal here: ", err)
	}
	pty.Setsize(c.tty, &pty.Winsize{Cols: 60, Rows: 20})
	if c.before, err = term.GetState(int(c.tty.Fd())); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(c.record)
	ctx, cancel := context.WithCancel(t.Context())
	c.cancel = cancel
	o.waits = patient
	if o.env == nil {
		o.env = terminalOf(map[string]string{"TERM": "xterm"})
	}
	o.In, o.Out, o.Err = c.tty, c.tty, io.Discard
	if o.TokenDir == "" {
		o.TokenDir = t.TempDir()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.ended <- Run(ctx, o)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		c.tty.Close()
		reading.Wait()
		c.pty.Close()
	})
	return c
}

// terminalOf is the environment of a terminal, whatever this test runs in.
func terminalOf(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func (c *console) record() {
	b := make([]byte, 4096)
	for {
		n, err := c.pty.Read(b)
		c.mu.Lock()
		c.raw.Write(b[:n])
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (c *console) drawn() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.String()
}

// screen is what one sees: the rows, without those that are empty at the end.
func (c *console) screen() string { return strings.Join(show(c.drawn(), 60), "\n") }

func (c *console) types(keys string) {
	c.t.Helper()
	if _, err := c.pty.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// sees waits until the screen shows all texts.
func (c *console) sees(texts ...string) {
	c.t.Helper()
	until(c.t, func() string { return c.screen() + "\n(wanted " + strings.Join(texts, " | ") + ")" }, func() bool {
		now := c.screen()
		for _, text := range texts {
			if !strings.Contains(now, text) {
				return false
			}
		}
		return true
	})
}

// lastRow waits until the row one types in is this.
func (c *console) lastRow(want string) {
	c.t.Helper()
	until(c.t, c.screen, func() bool {
		rows := strings.Split(c.screen(), "\n")
		return strings.TrimRight(rows[len(rows)-1], " ") == want
	})
}

// end waits for the end of the talk.
func (c *console) end() error {
	c.t.Helper()
	return <-c.ended
}

// show draws as a terminal does: as much of ECMA-48 as the talk uses, and it knows when it meets something else. It never
// scrolls.
func show(drawn string, width int) []string {
	var rows [][]string
	row, col := 0, 0
	for len(drawn) > 0 {
		for len(rows) <= row {
			rows = append(rows, nil)
		}
		switch {
		case drawn[0] == '\r':
			col, drawn = 0, drawn[1:]
		case drawn[0] == '\n':
			row, drawn = row+1, drawn[1:]
		case strings.HasPrefix(drawn, "\x1b["):
			end := strings.IndexFunc(drawn[2:], func(r rune) bool { return r >= '@' && r <= '~' }) + 2
			if end < 2 {
				return text(rows) // the rest is still on its way
			}
			n, _ := strconv.Atoi(drawn[2:end])
			switch drawn[end] {
			case 'A':
				row -= max(n, 1)
			case 'C':
				col += max(n, 1)
			case 'J':
				rows = rows[:row+1]
				rows[row] = rows[row][:min(col, len(rows[row]))]
			case 'm', 'h', 'l':
			default:
				return []string{"unknown sequence " + drawn[:end+1]}
			}
			drawn = drawn[end+1:]
		case drawn[0] < ' ':
			return []string{"control character " + strconv.Quote(drawn[:1])}
		default:
			cluster, rest, w, _ := uniseg.FirstGraphemeClusterInString(drawn, -1)
			if col+w > width {
				row, col = row+1, 0
				continue
			}
			for len(rows[row]) < col+w {
				rows[row] = append(rows[row], " ")
			}
			rows[row][col] = cluster
			for i := 1; i < w; i++ {
				rows[row][col+i] = ""
			}
			col, drawn = col+w, rest
		}
	}
	return text(rows)
}

func text(rows [][]string) (lines []string) {
	for _, r := range rows {
		lines = append(lines, strings.TrimRight(strings.Join(r, ""), " "))
	}
	return lines
}
