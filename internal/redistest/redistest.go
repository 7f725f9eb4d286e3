// Package redistest starts real Redis servers for tests, on free loopback ports, and breaks them on demand: killed,
// restarted, paused, emptied.
//
// It needs redis-server (7.0 or later, or valkey-server) in PATH. Without it a test is skipped, or fails where CI is true.
package redistest

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// Patience is how long a test waits before it fails. It is so long that only what never happens reaches it, however slow the
// machine is.
const Patience = 2 * time.Minute

// Await waits until ok returns true, and fails the test after [Patience].
func Await(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(Patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("waited in vain: %s", what)
		}
	}
}

// Server is one redis-server process. Its methods fail the test that started it, and only that test's goroutine may call them.
type Server struct {
	Addr string // host:port, the same after Restart

	tb      testing.TB
	program string
	args    []string
	process *os.Process
	ended   chan struct{} // closed when process has ended
	client  rueidis.Client
}

// Start starts a server that keeps nothing on disk, and stops it at the test's end. Args are passed to redis-server as they are.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	port := freePort(tb)
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), tb: tb, program: find(tb)}
	s.args = append([]string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", tb.TempDir(),
		"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0", "--loglevel", "warning", "--daemonize", "no",
	}, args...)
	s.run()
	tb.Cleanup(s.Kill)
	return s
}

func find(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		tb.Fatal("redis-server is not installed")
	}
	tb.Skip("redis-server is not installed")
	return ""
}

// freePort returns a loopback port that nobody listens on. It is below the ports that the kernel gives to outgoing connections.
// Otherwise one of those could take the port before the server does, or while the server is down.
func freePort(tb testing.TB) int {
	tb.Helper()
	for range 1000 {
		port := 10_000 + rand.IntN(20_000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			l.Close()
			return port
		}
	}
	tb.Fatal("no loopback port is free")
	return 0
}

// run starts the process and waits until it answers.
func (s *Server) run() {
	s.tb.Helper()
	cmd := exec.Command(s.program, s.args...)
	log, err := os.Create(filepath.Join(s.tb.TempDir(), "redis.log"))
	if err != nil {
		s.tb.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// The kernel kills the server when the thread that started it ends, so that no server outlives a test that panics.
		runtime.LockOSThread()
		defer close(ended)
		defer log.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		s.tb.Fatalf("start %s: %v", s.program, err)
	}
	s.process, s.ended = cmd.Process, ended
	Await(s.tb, s.program+" answers on "+s.Addr, func() bool {
		select {
		case <-ended:
			text, _ := os.ReadFile(log.Name())
			s.tb.Fatalf("%s ended: %s", s.program, text)
		default:
		}
		return answers(s.Addr)
	})
}

// answers reports whether a server answers PING. It uses no client library, so that nothing is retried.
func answers(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	conn.Write([]byte("PING\r\n"))
	answer := make([]byte, 32)
	n, _ := conn.Read(answer)
	return strings.HasPrefix(string(answer[:n]), "+PONG") || strings.HasPrefix(string(answer[:n]), "-NOAUTH")
}

// Kill ends the server at once (SIGKILL) and waits until it has ended. Killing a dead one does nothing.
func (s *Server) Kill() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
	s.process.Kill()
	<-s.ended
}

// Restart starts a killed server again, empty, on the same port.
func (s *Server) Restart() {
	s.tb.Helper()
	s.run()
}

// Pause stops the process (SIGSTOP). Its connections stay open and it answers nothing.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume continues a paused process.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.tb.Helper()
	if err := s.process.Signal(sig); err != nil {
		s.tb.Fatalf("send %v: %v", sig, err)
	}
}

// Do sends one command to this server, also when it is one of a Cluster, and returns its answer.
func (s *Server) Do(args ...string) rueidis.RedisResult {
	s.tb.Helper()
	if s.client == nil {
		client, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress: []string{s.Addr}, ForceSingleClient: true, DisableCache: true,
		})
		if err != nil {
			s.tb.Fatal(err)
		}
		s.client = client
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return s.client.Do(ctx, s.client.B().Arbitrary(args...).Build())
}

// Must is Do for a command that has to succeed. It returns the answer when that is text, else "".
func (s *Server) Must(args ...string) string {
	s.tb.Helper()
	answer := s.Do(args...)
	if err := answer.Error(); err != nil {
		s.tb.Fatalf("%v: %v", args, err)
	}
	text, _ := answer.ToString()
	return strings.TrimPrefix(text, "txt:") // a verbatim string of RESP3 begins with its format
}

// FlushAll empties the server.
func (s *Server) FlushAll() {
	s.tb.Helper()
	s.Must("FLUSHALL")
}

// URL returns the server's address as the configuration has it.
func (s *Server) URL() string { return "redis://" + s.Addr }
