package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"salon/internal/mongotest"
	"salon/test/harness"
)

// TestTourInOrder follows the TOUR: its commands run in order, in one folder with one home and one data folder, and print what
// the page says. Not run are captures with tshark, which take rights that a test does not have, and what happens in a browser.
// Two programs in Python are played by the test, by what the page says of them: they need a library of Python's.
func TestTourInOrder(t *testing.T) {
	page := pages(t)[filepath.Join(root, "docs/TOUR.md")]
	r := newReader(t)
	ran := 0
	for _, b := range blocks(page) {
		if name, ok := strings.CutPrefix(b.text, "# "); ok && b.language == "python" {
			name, _, _ = strings.Cut(name, "\n")
			r.programs[name] = b.text
		}
		for _, c := range b.commands() {
			if r.follow(c) {
				ran++
			}
			if t.Failed() {
				t.Fatalf("stopped after: %s", c.line)
			}
		}
	}
	t.Logf("%d commands ran", ran)
	if ran < 15 {
		t.Errorf("only %d commands ran: does this test still look in the right places?", ran)
	}
}

// reader is a person who follows the page: a shell in a folder of its own, and what that person knows without being told.
type reader struct {
	t        *testing.T
	shell    *shell
	names    *strings.Replacer // what the page names by what the test uses instead
	back     *strings.Replacer // the reverse
	ports    map[string]int    // by the page's
	servers  map[string]string // the process of each server, by the page's port, and of each client, by its user
	programs map[string]string // in Python, by file name
	arrived  bool              // ada and grace have come in, in step 4
	ended    bool              // Redis was ended, in step 4
	lacking  bool              // there is no Redis on this machine
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t: t, ports: map[string]int{}, servers: map[string]string{}, programs: map[string]string{}}
	var names, back []string
	for _, port := range []string{"8888", "8889", "8890", "6379", "27017"} {
		r.ports[port] = harness.FreePort(t)
		names = append(names, port, fmt.Sprint(r.ports[port]))
		back = append(back, fmt.Sprint(r.ports[port]), port)
	}
	redis := fmt.Sprint(" -p ", r.ports["6379"])
	names = append(names, "redis-cli", "redis-cli"+redis, "redis-server", fmt.Sprint("redis-server --port ", r.ports["6379"]),
		"/var/lib/other", "other")
	r.names, r.back = strings.NewReplacer(names...), strings.NewReplacer(back...)
	r.shell = newShell(t, fmt.Sprint("SALON_PORT=", r.ports["8888"])) // where a command of the page names no port
	return r
}

// follow does what the page says at one command, and tells whether the command was run.
func (r *reader) follow(c command) bool {
	r.t.Helper()
	words := strings.Fields(c.line)
	switch {
	case strings.Contains(c.line, "tshark"), strings.HasPrefix(c.line, "kill -INT"), strings.HasPrefix(c.line, "go build"):
		return false
	case words[0] == "python3":
		if program, ok := r.programs[words[1]]; ok {
			runProgram(r.t, program, r.names)
		} else {
			converse(r.t, r.names.Replace(words[len(words)-1]), c.output)
		}
		return true
	case !r.prepare(words):
		return false
	case isServer(words) && !strings.HasPrefix(c.output, "salon: "):
		r.serve(c, words)
	case words[len(words)-1] == "&":
		r.background(c, words)
	default:
		r.run(c)
	}
	return true
}

// prepare does what the page says in words before a command. It returns false for a command that this machine cannot run.
func (r *reader) prepare(words []string) bool {
	r.t.Helper()
	line := strings.Join(words, " ")
	for _, program := range []string{"openssl", "curl", "redis-server", "redis-cli"} {
		if !strings.Contains(line, program) {
			continue
		}
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				r.t.Fatalf("needs %s: %s", program, line)
			}
			r.t.Logf("not run, for lack of %s: %s", program, line)
			r.lacking = r.lacking || strings.HasPrefix(program, "redis")
			return false
		}
	}
	if r.lacking { // all that follows needs Redis
		return false
	}
	switch {
	case strings.HasPrefix(line, "redis-cli --scan") && !r.arrived: // "Let ada and grace come in"
		for _, name := range []string{"ada", "grace"} {
			r.servers[name] = r.shell.start(r.names.Replace("./salon chat -p 8888 -f -n " + name + " < /dev/null"))
		}
		r.arrived = true
	case strings.Contains(line, "readyz") && !r.ended: // "Now end Redis altogether"
		r.stop("6379")
		r.ended = true
	case strings.HasPrefix(line, "go run -C test/ferretdb") && r.servers["6379"] == "": // "Start it again", "Stop the server and the clients of step 4"
		for _, started := range []string{"ada", "grace", "8888"} {
			r.stop(started)
		}
		r.servers["6379"] = r.shell.start(r.names.Replace(`redis-server --save ""`))
	}
	return true
}

func isServer(words []string) bool {
	return words[0] == "./salon" && (len(words) == 1 || strings.HasPrefix(words[1], "-") ||
		words[1] == "echo" && !slices.Contains(words, "--to"))
}

// stop ends a process of servers, and waits for its end.
func (r *reader) stop(name string) {
	r.t.Helper()
	if pid := r.servers[name]; pid != "" {
		r.shell.run("kill "+pid+"; wait "+pid, "")
		delete(r.servers, name)
	}
}

var opened = regexp.MustCompile(`(?m)^(Salon is open: |Echo listens on ).+\n`)

// serve starts a server of this project, after the one that is on its port, and waits until it is open.
func (r *reader) serve(c command, words []string) {
	r.t.Helper()
	port := "8888"
	if i := slices.Index(words, "-p"); i > 0 {
		port = words[i+1]
	}
	r.stop(port)
	line := r.names.Replace(strings.TrimSuffix(c.line, "&"))
	r.servers[port] = r.shell.start(line)
	harness.Eventually(r.t, c.line+" opens", func() bool {
		out := r.shell.output(r.servers[port])
		if strings.HasPrefix(out, "salon: ") || strings.Contains(out, "\nsalon: ") {
			r.t.Fatalf("%s: %s", line, out)
		}
		return opened.MatchString(out)
	})
	if c.output != "" && !r.matches(c, r.shell.output(r.servers[port])) {
		r.t.Errorf("%s printed\n%s\nwant\n%s", c.line, r.shell.output(r.servers[port]), c.output)
	}
}

// background starts what the page runs beside everything else.
func (r *reader) background(c command, words []string) {
	r.t.Helper()
	line := r.names.Replace(strings.TrimSuffix(c.line, "&"))
	switch {
	case words[0] == "redis-server":
		r.servers["6379"] = r.shell.start(line)
		harness.Eventually(r.t, "Redis answers", func() bool {
			out, _ := r.shell.run(r.names.Replace("redis-cli ping"), "")
			return strings.TrimSpace(out) == "PONG"
		})
	case strings.HasPrefix(c.line, "go run -C test/ferretdb . "):
		program, err := mongotest.Binary()
		if err != nil {
			r.t.Fatal(err)
		}
		pid := r.shell.start(program + strings.TrimPrefix(line, "go run -C test/ferretdb ."))
		harness.Eventually(r.t, c.line+" says where it is", func() bool { return r.matches(c, r.shell.output(pid)) })
	default:
		r.shell.start(line)
		if i := slices.Index(words, "-n"); i > 0 { // a person would see that somebody has come in
			harness.Eventually(r.t, words[i+1]+" is there", func() bool {
				out, _ := r.shell.run(r.names.Replace("redis-cli hvals 'salon:{19}:room:lobby:users'"), "")
				return strings.Contains(out, `"`+words[i+1]+`"`)
			})
		}
	}
}

// run runs a command until it prints what the page says: what it asks about may take a moment. A command that says or
// changes something runs once.
func (r *reader) run(c command) {
	r.t.Helper()
	input := ""
	if strings.Contains(c.line, "echo --to") && !strings.Contains(c.line, "|") { // typed after the question
		input = "bonjour\n"
		c.output = strings.ReplaceAll(c.output, "Message: bonjour", "")
		c.output = strings.ReplaceAll(c.output, "Message:", "")
	}
	asks := regexp.MustCompile(`^(curl|cat|redis-cli|sleep \d+; redis-cli)\b`).MatchString(c.line) && !strings.Contains(c.line, "flushall")
	out := ""
	once := func() bool {
		out, _ = r.shell.run(r.names.Replace(c.line), input)
		return r.matches(c, out)
	}
	if asks {
		harness.Eventually(r.t, c.line+" prints what the page says", func() bool {
			ok := once()
			if !ok && r.t.Context().Err() == nil {
				r.last(c, out)
			}
			return ok
		})
	} else if !once() {
		r.t.Errorf("%s printed\n%s\nwant\n%s", c.line, out, c.output)
	}
}

// last logs an answer that is not the page's, once for each.
func (r *reader) last(c command, out string) {
	if r.programs["answer to "+c.line] != out {
		r.programs["answer to "+c.line] = out
		r.t.Logf("%s: not yet, but\n%s", c.line, out)
	}
}

// varies is what is different each time.
var varies = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z|\b[un]_[a-z2-7]{16}|\bh_[a-z2-7]+|this one [a-z0-9]+|"took_ms":\d+|#[0-9a-f]{6}`)

// matches compares what was printed with the page, whatever the order of the lines and wherever the page breaks them. The log
// does not count.
func (r *reader) matches(c command, out string) bool {
	words := func(text string) []string {
		var kept []string
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "time=") {
				kept = append(kept, line)
			}
		}
		return slices.Sorted(slices.Values(strings.Fields(varies.ReplaceAllString(strings.Join(kept, ""), "*"))))
	}
	return slices.Equal(words(c.output), words(r.back.Replace(out)))
}
