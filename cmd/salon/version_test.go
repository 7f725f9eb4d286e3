package main

import (
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	const revision, at = "ef5756b0123456789abcdef0123456789abcdef0", "2026-11-27T01:02:03Z"
	for _, c := range []struct{ version, revision, modified, want string }{
		{"(devel)", revision, "false", "commit ef5756b01234, " + at + " go1.26"},
		{"v0.0.0-20261127010203-ef5756b01234", revision, "false", "commit ef5756b01234, " + at + " go1.26"},
		{"v0.0.0-20261127010203-ef5756b01234+dirty", revision, "true", "commit ef5756b01234 and changes, " + at + " go1.26"},
		{"v1.2.0", revision, "false", "v1.2.0 commit ef5756b01234, " + at + " go1.26"},
		{"(devel)", "", "", "(devel) (no commit: built with go run, with -buildvcs=false or outside a clone) go1.26"},
	} {
		info := &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: c.version}}
		if c.revision != "" {
			info.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: c.revision}, {Key: "vcs.time", Value: at}, {Key: "vcs.modified", Value: c.modified}}
		}
		if got := describe(info); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.version, c.revision, got, c.want)
		}
	}
}

// TestVersionOfAClone builds as OPERATIONS.md says, in a repository of its own, and asks for the version.
func TestVersionOfAClone(t *testing.T) {
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	run("git", "init", "-q")
	for _, part := range []string{"go.mod", "go.sum", "cmd", "internal", "web"} {
		run("cp", "-R", filepath.Join(root, part), part)
	}
	run("git", "add", ".")
	run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all")
	run("go", "build", "-buildvcs=auto", "-o", "salon", "./cmd/salon")
	commit := run("git", "rev-parse", "--short=12", "HEAD")
	if got := run(filepath.Join(dir, "salon"), "version"); !strings.Contains(got, "commit "+commit) {
		t.Errorf("it says %q, want the commit %s", got, commit)
	}
}
