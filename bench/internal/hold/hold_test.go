package hold

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"salon/bench/internal/floor"
)

// TestMain makes the test program the one that holds members, where it is told to.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "hold" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := Main(ctx, os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serve(t *testing.T) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := (&floor.Server{}).Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); work.Wait() }
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func TestMembersStayUntilStopped(t *testing.T) {
	address, _ := serve(t)
	m, err := Start(t.Context(), []string{os.Args[0], "hold"}, "floor", address, 20, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Stop(); err != nil {
		t.Error(err)
	}
}

func TestStopTellsThatAConnectionWasLost(t *testing.T) {
	address, stop := serve(t)
	m, err := Start(t.Context(), []string{os.Args[0], "hold"}, "floor", address, 20, 2)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	// It ends by itself, before it is told to.
	if err := unix.Waitid(unix.P_PID, m.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if err := m.Stop(); err == nil || !strings.Contains(err.Error(), "member ") {
		t.Errorf("members that lost their server: %v", err)
	}
}

func TestStartTellsWhatWentWrong(t *testing.T) {
	_, err := Start(t.Context(), []string{os.Args[0], "hold"}, "esperanto", "127.0.0.1:1", 1, 1)
	if err == nil || !strings.Contains(err.Error(), "esperanto") {
		t.Errorf("%v", err)
	}
}
