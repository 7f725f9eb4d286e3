// Package process builds the servers to measure, runs each as a process of its own, and says what the process used.
//
// A Server owns its process; Stop ends it and waits for it. Should the benchmark die, its servers die with it.
package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"salon/bench/internal/account"
)

// Server is one running server.
type Server struct {
	Name string
	Addr string // host:port

	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when the process has ended
}

const (
	startWithin = 2 * time.Minute // else it hangs
	stopWithin  = time.Minute     // else it hangs
	tryEvery    = 10 * time.Millisecond
)

// FreePort gives a port of 127.0.0.1 that nobody has.
func FreePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Start runs program and returns when it accepts connections at 127.0.0.1 and port. What it says goes to a file in dir.
func Start(ctx context.Context, dir, name, program string, port int, args ...string) (*Server, error) {
	log, err := os.CreateTemp(dir, name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &Server{
		Name: name, Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		cmd: exec.Command(program, args...), log: log.Name(), ended: make(chan struct{}),
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // Ctrl-C is for us alone: we stop it
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		s.cmd.Wait()
		close(s.ended)
	}()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), s.Stop(), s.said())
	}
	return s, nil
}

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp4", s.Addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.ended:
			return fmt.Errorf("it ended: %v", s.cmd.ProcessState)
		case <-ctx.Done():
			return err
		case <-time.After(tryEvery):
		}
	}
}

// said gives the end of what the server said, or the beginning of its last words where it crashed.
func (s *Server) said() error {
	const most = 3000
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	for _, crash := range []string{"\npanic: ", "\nfatal error: "} {
		if i := strings.Index("\n"+string(text), crash); i >= 0 {
			return fmt.Errorf("%s says: %.*s", filepath.Base(s.log), most, text[i:])
		}
	}
	return fmt.Errorf("%s says: %s", filepath.Base(s.log), text[max(0, len(text)-most):])
}

// Stop ends the server: first by asking. It is an error where it had ended before, does not end when asked, or says that it
// failed.
func (s *Server) Stop() error {
	select {
	case <-s.ended:
		return errors.Join(fmt.Errorf("%s had ended: %v", s.Name, s.cmd.ProcessState), s.said())
	default:
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
		if !s.cmd.ProcessState.Success() {
			return errors.Join(fmt.Errorf("%s ended: %v", s.Name, s.cmd.ProcessState), s.said())
		}
		return nil
	case <-time.After(stopWithin):
	}
	s.cmd.Process.Kill()
	<-s.ended
	return errors.Join(fmt.Errorf("%s did not stop within %v", s.Name, stopWithin), s.said())
}

// CPU gives the processor time that the server used until now.
func (s *Server) CPU() (time.Duration, error) { return account.CPU(s.cmd.Process.Pid) }

// Memory gives what the server has of the machine's memory now.
func (s *Server) Memory() (account.Memory, error) { return account.MemoryOf(s.cmd.Process.Pid) }
