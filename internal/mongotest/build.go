package mongotest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// build compiles the program in folder and keeps it in the user's cache under a name made from its sources, so that
// the tests of all packages share it. The first time takes minutes; a lock makes the others wait for it rather than do
// the same.
func build(folder string) (string, error) {
	name, err := fingerprint(folder)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "salon-test")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	program := filepath.Join(cache, "ferretdb-"+name)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	unlock, err := lock(program + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(program); err == nil { // another was faster
		return program, nil
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", program+".new", ".")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return program, os.Rename(program+".new", program)
}

// fingerprint names one state of the sources, and of what builds them.
func fingerprint(folder string) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	sources, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return "", err
	}
	for _, file := range append(sources, filepath.Join(folder, "go.mod"), filepath.Join(folder, "go.sum")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, filepath.Base(file), len(text))
		h.Write(text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}
