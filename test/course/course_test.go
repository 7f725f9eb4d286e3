// Package course walks the steps of the course with the real program, as docs/TOUR.md does by hand.
package course

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"salon/test/harness"
)

// salon makes a command of the program, which ends with the test. Nothing of this machine's own settings reaches it.
func salon(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, harness.Binary(t), args...)
	c.Env = []string{"LC_ALL=fr_FR.UTF-8", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	c.WaitDelay = harness.Patience // for what it has written to be read
	return c
}

// output runs a command with an input and gives what it printed.
func output(t *testing.T, c *exec.Cmd, input string) string {
	t.Helper()
	var told strings.Builder
	c.Stdin, c.Stderr = strings.NewReader(input), &told
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", c.Args[1:], err, out, told.String())
	}
	return string(out)
}

// background starts a command, and gives the first line it prints; it is asked to end with the test, and must end well.
func background(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		io.Copy(io.Discard, lines)
		if err := c.Wait(); err != nil {
			t.Errorf("%v ended with %v", c.Args[1:], err)
		}
	})
	return first
}

// TestStepEcho is step 1: a server that answers, and a client that asks.
func TestStepEcho(t *testing.T) {
	first := background(t, salonForever(t, "echo", "-p", "0"))
	url := first[strings.Index(first, "ws://") : len(first)-1]
	got := output(t, salon(t, "echo", "--to", url), "bonjour\nau revoir\n")
	want := ">>> bonjour\n<<< Hello client ! Received \"bonjour\"\n>>> au revoir\n<<< Hello client ! Received \"au revoir\"\n"
	if got != want {
		t.Errorf("printed %q", got)
	}
}

// salonForever is salon without an end of its own.
func salonForever(t *testing.T, args ...string) *exec.Cmd {
	c := exec.Command(harness.Binary(t), args...)
	c.Env = salon(t).Env
	return c
}

// lab is a client of the course: a bare WebSocket that names only host and port.
type lab struct {
	t *testing.T
	c *websocket.Conn
}

func dialLab(t *testing.T, s *harness.Server, name string) *lab {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), fmt.Sprintf("ws://127.0.0.1:%d", s.Port), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	l := &lab{t, c}
	l.says("Hello|" + name)
	l.hears("Bienvenue " + name)
	return l
}

func (l *lab) says(text string) {
	l.t.Helper()
	if err := l.c.Write(l.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		l.t.Fatal(err)
	}
}

// hears waits for a line that begins with want, past others.
func (l *lab) hears(want string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), harness.Patience)
	defer cancel()
	var others []string
	for {
		_, line, err := l.c.Read(ctx)
		if err != nil {
			l.t.Fatalf("waited for %q: %v; heard %q", want, err, others)
		}
		if strings.HasPrefix(string(line), want) {
			return
		}
		others = append(others, string(line))
	}
}

// TestStepChat is step 2: lab clients and the terminal client in one room, and what they said is there after a restart.
func TestStepChat(t *testing.T) {
	s := harness.Start(t, "--data", t.TempDir())
	ada, bob := dialLab(t, s, "ada"), dialLab(t, s, "bob")
	ada.hears("Annonce : bob a rejoint la chatroom")
	ada.says("bonjour")
	bob.hears("ada a dit : bonjour")
	port := fmt.Sprint(s.Port)
	if got := output(t, salon(t, "chat", "-p", port, "-n", "carol"), "salut\n"); !strings.HasSuffix(got, "Z\tlobby\tcarol\tsalut\n") {
		t.Errorf("the pipe printed %q", got)
	}
	ada.hears("Annonce : carol a rejoint la chatroom")
	ada.hears("carol a dit : salut")
	ada.hears("Annonce : carol a quitté la chatroom")
	s.Stop()
	s.Run()
	got := output(t, salon(t, "chat", "-p", port, "-n", "dora", "--last", "10"), "")
	if lines := strings.Split(got, "\n"); len(lines) != 3 || !strings.HasSuffix(lines[0], "\tada\tbonjour") || !strings.HasSuffix(lines[1], "\tcarol\tsalut") {
		t.Errorf("after the restart: %q", got)
	}
}

// TestStepFile starts the program from a file as the course writes it.
func TestStepFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	port := harness.FreePort(t)
	if err := os.WriteFile(file, fmt.Appendf(nil, "HOST=127.0.0.1\nPORT=%d\n", port), 0o600); err != nil {
		t.Fatal(err)
	}
	first := background(t, salonForever(t, "--config", file, "serve", "--data", t.TempDir()))
	if want := fmt.Sprintf("http://127.0.0.1:%d/", port); !strings.Contains(first, want) {
		t.Errorf("the first line is %q", first)
	}
	got := output(t, salon(t, "--config", file, "chat", "-n", "ada"), "salut\n")
	if !strings.HasSuffix(got, "\tada\tsalut\n") {
		t.Errorf("printed %q", got)
	}
}
