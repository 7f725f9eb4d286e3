package process

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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

func TestExportWritesTheFilesOfACommit(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "file")
	for _, text := range []string{"old", "new"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"init", "-q"}, {"add", "."}, {"-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", text},
		} {
			if out, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
				t.Fatalf("git %v: %v\n%s", args, err, out)
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "tree")
	if err := Export(t.Context(), root, "HEAD^", dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "file")); string(got) != "old" {
		t.Errorf("exported %q, %v", got, err)
	}
	if got, err := os.ReadFile(file); string(got) != "new" {
		t.Errorf("the checkout has %q, %v", got, err)
	}
	for _, commit := range []string{"no-such-commit", "--help", "HEAD^{tree}"} {
		if err := Export(t.Context(), root, commit, filepath.Join(t.TempDir(), "tree")); err == nil || !strings.Contains(err.Error(), commit) {
			t.Errorf("%s: %v", commit, err)
		}
	}
}
