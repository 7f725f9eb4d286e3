package process

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"salon/bench/internal/account"
)

func TestServerOfThisModule(t *testing.T) {
	dir := t.TempDir()
	program := dir + "/floor"
	root, err := Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := BuildOne(t.Context(), root+"/bench", "./cmd/floor", program); err != nil {
		t.Fatal(err)
	}
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), dir, "floor", program, port, "-listen", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	pid := s.cmd.Process.Pid
	if used, err := s.CPU(); err != nil || used <= 0 {
		t.Errorf("CPU: %v, %v", used, err)
	}
	if m, err := s.Memory(); err != nil || m.RSS == 0 {
		t.Errorf("memory: %+v, %v", m, err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := account.CPU(pid); err == nil {
		t.Error("the server runs on")
	}
	if err := s.Stop(); err == nil {
		t.Error("a server that had ended is stopped without a word")
	}
}

func TestStartTellsWhatTheServerSaid(t *testing.T) {
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(t.Context(), t.TempDir(), "sh", "/bin/sh", port, "-c", "echo no such thing; exit 3")
	if err == nil || !strings.Contains(err.Error(), "no such thing") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v", err)
	}
	if _, err := Start(t.Context(), t.TempDir(), "none", t.TempDir()+"/none", port); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
