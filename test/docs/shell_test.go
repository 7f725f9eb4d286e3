package docs

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"salon/test/harness"
)

// block is one fenced block of a page.
type block struct{ language, text string }

// blocks gives the fenced blocks of a page, without the indent of those in lists.
func blocks(page string) (all []block) {
	var b *block
	indent := ""
	for line := range strings.Lines(page) {
		fence := strings.TrimLeft(line, " ")
		switch {
		case !strings.HasPrefix(fence, "```") && b != nil:
			b.text += strings.TrimPrefix(line, indent)
		case !strings.HasPrefix(fence, "```"):
		case b == nil:
			indent = line[:len(line)-len(fence)]
			b = &block{language: strings.TrimSpace(strings.TrimLeft(fence, "`"))}
		default:
			all, b = append(all, *b), nil
		}
	}
	return all
}

// command is one command line of a page, and what the page says that it prints.
type command struct{ line, output string }

// commands gives the commands of a block. In a console they follow "$ "; in a script each line is one.
func (b block) commands() (all []command) {
	continues := false
	for line := range strings.Lines(b.text) {
		said, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case b.language != "console" && b.language != "sh":
			return nil
		case continues:
			all[len(all)-1].line += "\n" + strings.TrimSpace(line)
			continues = strings.HasSuffix(strings.TrimSpace(line), `\`)
		case isCommand || b.language == "sh" && strings.TrimSpace(line) != "":
			all = append(all, command{line: strings.TrimSpace(said)})
			continues = strings.HasSuffix(strings.TrimSpace(line), `\`)
		case len(all) > 0:
			all[len(all)-1].output += line
		}
	}
	return all
}

// shell is one bash in a folder of its own, in which ./salon is this program. Nothing of this machine's own settings reaches it.
type shell struct {
	t     *testing.T
	dir   string
	in    io.Writer
	out   *bufio.Reader
	hangs *time.Timer // ends the shell when an answer takes too long
	calls int
}

func newShell(t *testing.T, env ...string) *shell {
	t.Helper()
	s := &shell{t: t, dir: t.TempDir()}
	if err := os.Symlink(harness.Binary(t), filepath.Join(s.dir, "salon")); err != nil {
		t.Fatal(err)
	}
	bash := exec.Command("bash", "--norc", "--noprofile")
	bash.Dir = s.dir
	bash.Env = append(env, "HOME="+s.dir, "TMPDIR="+s.dir, "LC_ALL=C.UTF-8", "USER=reader", "PATH="+os.Getenv("PATH"))
	bash.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts is in its group
	bash.Stderr = os.Stderr
	in, err := bash.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := bash.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bash.Start(); err != nil {
		t.Fatal(err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	s.hangs = time.AfterFunc(harness.Patience, func() { syscall.Kill(-bash.Process.Pid, syscall.SIGKILL) })
	t.Cleanup(func() {
		s.hangs.Stop()
		syscall.Kill(-bash.Process.Pid, syscall.SIGKILL)
		bash.Wait()
	})
	return s
}

// run runs a command and gives what it printed, and the last word that the shell says of it: its status.
func (s *shell) run(line, input string) (output, status string) {
	s.t.Helper()
	s.calls++
	name := filepath.Join(s.dir, fmt.Sprint("run-", s.calls))
	if err := os.WriteFile(name+".in", []byte(input), 0o600); err != nil {
		s.t.Fatal(err)
	}
	status = s.say(fmt.Sprintf("{ %s\n} > %s.out 2>&1 < %s.in; echo $?", line, name, name))
	out, err := os.ReadFile(name + ".out")
	if err != nil {
		s.t.Fatal(err)
	}
	return string(out), status
}

// start starts a command that goes on beside the shell, and gives its process.
func (s *shell) start(line string) (pid string) {
	s.t.Helper()
	s.calls++
	name := filepath.Join(s.dir, fmt.Sprint("started-", s.calls))
	pid = s.say(fmt.Sprintf("( exec > %s 2>&1; exec %s ) & echo $!", name, strings.TrimSpace(line)))
	if err := os.Symlink(name, filepath.Join(s.dir, "of-"+pid)); err != nil {
		s.t.Fatal(err)
	}
	return pid
}

// output gives what a started process has printed.
func (s *shell) output(pid string) string {
	out, _ := os.ReadFile(filepath.Join(s.dir, "of-"+pid)) // it may not have got as far as its file
	return string(out)
}

// say gives the shell a line and takes its answer.
func (s *shell) say(line string) string {
	s.t.Helper()
	s.hangs.Reset(harness.Patience)
	if _, err := io.WriteString(s.in, line+"\n"); err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	answer, err := s.out.ReadString('\n')
	if err != nil {
		s.t.Fatalf("%s: no answer: %v", line, err)
	}
	return strings.TrimSpace(answer)
}
