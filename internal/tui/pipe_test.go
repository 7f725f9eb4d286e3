package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"salon/internal/chat"
	"salon/internal/lang"
)

// piped is a talk without a terminal.
type piped struct {
	t       *testing.T
	in, out *os.File // the ends that the test holds
	ended   chan error

	mu      sync.Mutex
	printed bytes.Buffer
	told    bytes.Buffer // to people
}

type lockedWriter struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// pipeTo starts a talk. With keep nobody reads what it prints.
func pipeTo(t *testing.T, o Options, keep bool) *piped {
	t.Helper()
	p := &piped{t: t, ended: make(chan error, 1)}
	in, inEnd, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outEnd, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = inEnd, outEnd
	o.waits = patient
	o.In, o.Out, o.Err = in, out, lockedWriter{&p.mu, &p.told}
	if o.TokenDir == "" {
		o.TokenDir = t.TempDir()
	}
	var reading sync.WaitGroup
	if !keep {
		reading.Go(func() { io.Copy(lockedWriter{&p.mu, &p.printed}, outEnd) })
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := Run(ctx, o)
		out.Close()
		reading.Wait()
		p.ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		inEnd.Close()
		<-done
		outEnd.Close()
		in.Close()
	})
	return p
}

func (p *piped) write(text string) {
	p.t.Helper()
	if _, err := p.in.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

func (p *piped) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.printed.String()
}

func (p *piped) toPeople() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told.String()
}

// texts are the fourth fields of what was printed.
func (p *piped) texts() (texts []string) {
	for line := range strings.Lines(p.output()) {
		if f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 4); len(f) == 4 {
			texts = append(texts, f[3])
		}
	}
	return texts
}

func TestPipe(t *testing.T) {
	address, _ := serve(t)
	bob := user(t, address, "bob", "lobby")
	say(t, bob, "lobby", "earlier")
	p := pipeTo(t, Options{Address: address, Name: "ada", Rooms: []string{"lobby", "#Garden"}}, false)
	p.write("one\r\n\n   \n\u200b\ufeff\n/two\tand \\ more\nlast, without an end")
	p.in.Close()
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
	lines := strings.Split(p.output(), "\n")
	if len(lines) != 4 {
		t.Fatalf("printed %q", p.output())
	}
	for i, want := range []string{"\tlobby\tada\tone", "\tlobby\tada\t/two\\tand \\\\ more", "\tlobby\tada\tlast, without an end"} {
		if at, rest := lines[i][:20], lines[i][20:]; rest != want || at[10] != 'T' || at[19] != 'Z' {
			t.Errorf("line %d is %q", i, lines[i])
		}
	}
	if p.toPeople() != "" {
		t.Errorf("people were told %q", p.toPeople())
	}
}

// TestPipeLosesNothing sends more than the server takes at once, while the server goes away and comes back.
func TestPipeLosesNothing(t *testing.T) {
	address, restart := serve(t, "--max-rate", "150")
	p := pipeTo(t, Options{Address: address, Name: "ada", Lang: lang.English}, false)
	const lines = 450
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := range lines {
			fmt.Fprintln(p.in, "line", i)
		}
		p.in.Close()
	})
	until(t, p.output, func() bool { return strings.Count(p.output(), "\n") > 310 })
	stop, start := restart()
	stop()
	start()
	sending.Wait()
	if err := <-p.ended; err != nil {
		t.Fatal(err, p.toPeople())
	}
	got := p.texts()
	if len(got) != lines {
		t.Fatalf("%d lines came back of %d", len(got), lines)
	}
	for i, text := range got {
		if text != fmt.Sprint("line ", i) {
			t.Fatalf("line %d is %q", i, text)
		}
	}
	if !strings.Contains(p.toPeople(), "connected again") {
		t.Errorf("people were told %q", p.toPeople())
	}
}

func TestPipeJSON(t *testing.T) {
	address, _ := serve(t)
	text := "a\tb \\ \u202e \u009b[2J \x7f \U000e0041 é"
	say(t, user(t, address, "bob", "lobby"), "lobby", text)
	p := pipeTo(t, Options{Address: address, Name: "ada", JSON: true, Last: new(10)}, false)
	p.in.Close()
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
	var e struct {
		Type, Text string
		Seq        uint64
	}
	if err := json.Unmarshal([]byte(p.output()), &e); err != nil || e.Text != text || e.Type != "event" || e.Seq != 1 {
		t.Errorf("%+v, %v from %q", e, err, p.output())
	}
	if strings.ContainsAny(p.output(), "\u202e\u009b\x7f\U000e0041") {
		t.Errorf("control characters got through: %q", p.output())
	}
}

func TestEarlierMessages(t *testing.T) {
	address, _ := serve(t)
	bob := user(t, address, "bob", "lobby")
	say(t, bob, "lobby", "first")
	say(t, bob, "lobby", "second")
	for i, tt := range []struct {
		last *int
		want string
	}{{nil, ""}, {new(0), ""}, {new(1), "second"}, {new(50), "first second"}} {
		p := pipeTo(t, Options{Address: address, Name: fmt.Sprint("ada", i), Last: tt.last}, false)
		p.in.Close()
		if err := <-p.ended; err != nil || strings.Join(p.texts(), " ") != tt.want {
			t.Errorf("case %d: %q, %v, want %q", i, p.texts(), err, tt.want)
		}
	}
	ada := open(t, Options{Address: address, Name: "ada"})
	ada.sees("bob a dit : first", "bob a dit : second")
	ben := open(t, Options{Address: address, Name: "ben", Last: new(0)})
	ben.sees("Bienvenue, ben")
	ben.types("here\r")
	ben.sees("Vous avez dit : here")
	if strings.Contains(ben.screen(), "first") || strings.Contains(ben.screen(), "second") {
		t.Errorf("shows what was not asked for:\n%s", ben.screen())
	}
}

func TestPipeFollows(t *testing.T) {
	address, _ := serve(t)
	bob := user(t, address, "bob", "lobby")
	p := pipeTo(t, Options{Address: address, Name: "ada", Follow: true}, false)
	p.write("hello\n")
	p.in.Close()
	until(t, p.output, func() bool { return strings.Contains(p.output(), "hello") })
	say(t, bob, "lobby", "more")
	until(t, p.output, func() bool { return strings.Contains(p.output(), "more") })
	syscall.Kill(os.Getpid(), syscall.SIGTERM)
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
}

func TestPipeIsInterrupted(t *testing.T) {
	address, _ := serve(t)
	p := pipeTo(t, Options{Address: address, Name: "ada", Lang: lang.English}, false)
	p.write("hello\n")
	until(t, p.output, func() bool { return strings.Contains(p.output(), "hello") })
	syscall.Kill(os.Getpid(), syscall.SIGINT)
	if err := <-p.ended; err == nil || err.Error() != "interrupted" {
		t.Errorf("ended with %v", err)
	}
}

func TestPipeWhoseOutputIsClosed(t *testing.T) {
	address, _ := serve(t)
	bob := user(t, address, "bob", "lobby")
	p := pipeTo(t, Options{Address: address, Name: "ada", Follow: true}, true)
	p.out.Close()
	p.write("one\ntwo\n")
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
	page, err := bob.Before(t.Context(), "lobby", 0, 10)
	if err != nil || len(page.Events) == 0 || page.Events[0].Text != "one" {
		t.Errorf("stored %+v, %v", page, err)
	}
}

func TestPipeFails(t *testing.T) {
	address, _ := serve(t, "--max-text", "10")
	user(t, address, "bob", "lobby")
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	t.Setenv("USER", "")
	t.Setenv("SALON_NAME", "")
	ok := Options{Address: address, Name: "ada", Lang: lang.English}
	for _, tt := range []struct {
		name, in string
		change   func(o *Options)
		want     string // of the error
	}{
		{"nobody there", "x\n", func(o *Options) { o.Address = nobody.Addr().String() },
			"cannot reach ws://" + nobody.Addr().String() + "/ws: connection refused"},
		{"no such page", "x\n", func(o *Options) { o.Address = "http://" + address + "/nothing/here" }, "HTTP status 404"},
		{"bad address", "", func(o *Options) { o.Address = "ftp://x" }, `unknown scheme "ftp"`},
		{"name taken", "x\n", func(o *Options) { o.Name = "Bob" }, `the name "Bob" is in use`},
		{"bad name", "", func(o *Options) { o.Name = "a|b" }, "the name has a '|'"},
		{"no name", "", func(o *Options) { o.Name = "" }, "a pipe needs a name: --name, or SALON_NAME"},
		{"bad room", "", func(o *Options) { o.Rooms = []string{"a/b"} }, "a room's name has no '/'"},
		{"long text", "x\n12345678901\ny\n", func(*Options) {}, "lines refused: 1"},
		{"long line", strings.Repeat("x", maxInputLine+2), func(*Options) {}, "has more than 1048576 bytes"},
		{"no log", "", func(o *Options) { o.LogFile = "/nowhere/at/all" }, "cannot write the log file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := ok
			o.Name += "-" + strings.ReplaceAll(tt.name, " ", "-")
			tt.change(&o)
			p := pipeTo(t, o, false)
			go func() { io.WriteString(p.in, tt.in); p.in.Close() }()
			err := <-p.ended
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("ended with %v, want %q", err, tt.want)
			}
		})
	}
}

// TestPipeEncodings: a byte order mark is not sent, UTF-16 is understood, and what is neither is refused with its reason.
func TestPipeEncodings(t *testing.T) {
	address, _ := serve(t)
	for i, tt := range []struct{ in, said, problem, told string }{
		{"\ufeffsalut\nà tous\n", "salut|à tous", "", ""},
		{"\xff\xfes\x00\xe9\x00\n\x00x\x00", "sé|x", "", ""},
		{"s\x00a\x00\n\x00", "", "the input is not UTF-8: convert it first, for instance with iconv -t UTF-8", ""},
		{"one\ncaf\xe9\ntwo\n", "one|two", "lines refused: 1", "salon: refused: this line is not UTF-8: caf\ufffd\n"},
	} {
		p := pipeTo(t, Options{Address: address, Name: fmt.Sprint("ada", i), Lang: lang.English}, false)
		p.write(tt.in)
		p.in.Close()
		problem := ""
		if err := <-p.ended; err != nil {
			problem = err.Error()
		}
		if said := strings.Join(p.texts(), "|"); said != tt.said || problem != tt.problem || p.toPeople() != tt.told {
			t.Errorf("%q: said %q, ended with %q, told %q", tt.in, said, problem, p.toPeople())
		}
	}
}

func TestLine(t *testing.T) {
	e := chat.Event{Room: "lobby", Kind: chat.KindMessage, User: chat.User{Name: "ada"}}
	for in, want := range map[string]string{
		"plain":              "plain",
		"a\r\nb\nc\rd\u2028": `a\nb\nc\rd\n`,
		`\n`:                 `\\n`,
		"\x1b[2J\u202e\x7f":  "\ufffd[2J\ufffd\ufffd",
	} {
		e.Text = in
		if got, want := string(appendLine(nil, &e)), "0001-01-01T00:00:00Z\tlobby\tada\t"+want+"\n"; got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	e.Kind = "reaction"
	if got := appendLine(nil, &e); len(got) > 0 {
		t.Errorf("an unknown kind is %q", got)
	}
}

func TestPipeWaitsForItsEchoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{talk: &talk{Options: Options{waits: usualWaits}}, shown: map[chat.RoomID]uint64{}, acked: map[chat.RoomID]uint64{}, noted: make(chan struct{}, 1)}
		p.note(p.acked, "lobby", 5)
		p.note(p.shown, "lobby", 4)
		done := false
		go func() { p.awaitEchoes(t.Context()); done = true }()
		synctest.Wait()
		if done {
			t.Error("ended before the last event was printed")
		}
		p.note(p.shown, "lobby", 5)
		synctest.Wait()
		if !done {
			t.Error("goes on waiting")
		}
	})
}
