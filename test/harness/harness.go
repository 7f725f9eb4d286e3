// Package harness starts the real program for tests, as processes that can be killed, and clients that record what they are told.
package harness

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience bounds every wait of a test for something that must happen. It only ends a test that hangs: it is far longer than
// anything takes on a machine that is slow or busy.
const Patience = 5 * time.Minute

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "salon-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "salon")
	out, err := exec.Command("go", "build", "-o", path, "salon/cmd/salon").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// Binary builds the program, once for the tests of a package, and gives its path.
func Binary(tb testing.TB) string {
	tb.Helper()
	path, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// FreePort gives a port of 127.0.0.1 that was free just now. It is outside the range that the system gives out by itself, so that
// a server that was killed finds its port still free, however long it takes to start again.
func FreePort(tb testing.TB) int {
	tb.Helper()
	const first, last = 20_000, 32_000
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", first+rand.IntN(last-first)))
		if err == nil {
			defer l.Close()
			return l.Addr().(*net.TCPAddr).Port
		}
	}
	tb.Fatalf("no free port from %d to %d", first, last)
	return 0
}

// Server is a salon process that can be killed and started again.
type Server struct {
	Port int
	Args []string // behind "serve"

	tb   testing.TB
	path string

	mu  sync.Mutex // guards what follows
	cmd *exec.Cmd
	log *os.File
}

// Start starts a server on a port of its own and waits until it is open. It is killed at the test's end.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s := &Server{Port: FreePort(tb), Args: args, tb: tb, path: Binary(tb)}
	log, err := os.CreateTemp(tb.TempDir(), "salon-*.log")
	if err != nil {
		tb.Fatal(err)
	}
	s.log = log
	tb.Cleanup(func() {
		s.Kill()
		log.Close()
		if tb.Failed() {
			tail(tb, log.Name())
		}
	})
	s.Run()
	return s
}

func tail(tb testing.TB, name string) {
	b, _ := os.ReadFile(name)
	if len(b) > 4000 {
		b = b[len(b)-4000:]
	}
	tb.Logf("end of the server's log:\n%s", b)
}

// URL is where clients connect.
func (s *Server) URL() string { return fmt.Sprintf("ws://127.0.0.1:%d/ws", s.Port) }

// Run starts the process (again) and waits until it is open.
func (s *Server) Run() {
	s.tb.Helper()
	if err := s.TryRun(); err != nil {
		s.tb.Fatal(err)
	}
}

// TryRun is Run that gives the error.
func (s *Server) TryRun() error {
	args := append([]string{"serve", "--port", fmt.Sprint(s.Port)}, s.Args...)
	cmd := exec.Command(s.path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stderr = s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.mu.Lock()
	s.cmd = cmd
	s.mu.Unlock()
	opened := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "http") {
				opened <- nil
				return
			}
		}
		opened <- fmt.Errorf("the server ended before it was open")
	}()
	select {
	case err := <-opened:
		return err
	case <-time.After(Patience):
		return fmt.Errorf("the server was not open after %v", Patience)
	}
}

// Pid is the process's id.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Pid
}

// Kill kills the process at once (SIGKILL) and waits for its end.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop tells the process to shut down (SIGTERM) and waits for its end.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Signal sends a signal.
func (s *Server) Signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(sig)
	}
}

func (s *Server) end(sig syscall.Signal) {
	s.mu.Lock()
	cmd := s.cmd
	s.cmd = nil
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(sig)
	_ = cmd.Wait() // its error only says that the process was killed
}

// Eventually waits until ok says true, and fails the test after [Patience].
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), Patience)
	defer cancel()
	for t := time.NewTicker(10 * time.Millisecond); !ok(); {
		select {
		case <-t.C:
		case <-ctx.Done():
			tb.Fatalf("never: %s", what)
		}
	}
}
