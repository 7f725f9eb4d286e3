// Package hold keeps idle members in a process of its own, since two servers with 10,000 members each are more connections than
// one process may have where the limit is 20,000 files.
//
// Main is that process: it says "joined" once all members are, answers pings, and ends when its input does. Members is its
// end in the benchmark; it owns the process.
package hold

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"salon/bench/internal/load"
)

const (
	joined = "joined"
	hour   = time.Hour
)

// Main holds members as args say until in ends or something goes wrong with one of them.
func Main(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("hold", flag.ContinueOnError)
	dialect := flags.String("dialect", "", "how to talk with the server")
	server := flags.String("server", "", "host:port of the server")
	members := flags.Int("members", 0, "how many members")
	rooms := flags.Int("rooms", 1, "in how many rooms")
	if err := flags.Parse(args); err != nil {
		return err
	}
	d, err := load.DialectOf(*dialect)
	if err != nil {
		return err
	}
	fleet, err := load.Connect(ctx, load.Plan{Dialect: d, Servers: []string{*server}, Members: *members, Rooms: *rooms, Sample: *members})
	if fleet != nil {
		defer fleet.Close()
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, joined)
	ctx, cancel := context.WithCancelCause(ctx)
	go func() { // ends with the process, at the latest: in is its standard input
		io.Copy(io.Discard, in)
		cancel(io.EOF)
	}()
	for err == nil {
		err = fleet.Run(ctx, hour)
	}
	if errors.Is(context.Cause(ctx), io.EOF) {
		return nil
	}
	return err
}

// Members are members held by another process.
type Members struct {
	cmd    *exec.Cmd
	in     io.Closer
	stderr bytes.Buffer
}

// Start has a process of command hold members of a server, and returns once they have joined.
func Start(ctx context.Context, command []string, dialect, server string, members, rooms int) (*Members, error) {
	m := &Members{}
	args := append(command[1:len(command):len(command)], "-dialect", dialect, "-server", server,
		"-members", strconv.Itoa(members), "-rooms", strconv.Itoa(rooms))
	m.cmd = exec.CommandContext(ctx, command[0], args...)
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	m.cmd.Stderr = &m.stderr
	in, err := m.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	m.in = in
	if err := m.cmd.Start(); err != nil {
		return nil, fmt.Errorf("hold members: %w", err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != joined {
		return nil, errors.Join(errors.New("the members did not join"), m.Stop())
	}
	return m, nil
}

// Stop closes the members' connections. It is an error where something had gone wrong with one of them.
func (m *Members) Stop() error {
	m.in.Close()
	if err := m.cmd.Wait(); err != nil {
		return fmt.Errorf("held members: %w: %s", err, bytes.TrimSpace(m.stderr.Bytes()))
	}
	return nil
}
