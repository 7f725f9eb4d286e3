package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs are the servers, built: paths of executables.
type Programs struct {
	Salon, Floor, Centrifuge string
}

// Build builds the servers from the sources around the working folder, which is in the module bench, into dir. Salon, where it
// is not empty, is a program that is there already.
func Build(ctx context.Context, dir, salon string) (Programs, error) {
	root, err := Root(ctx)
	if err != nil {
		return Programs{}, err
	}
	p := Programs{salon, filepath.Join(dir, "floor"), filepath.Join(dir, "centrifuge")}
	bench := filepath.Join(root, "bench")
	all := []source{{bench, "./cmd/floor", p.Floor}, {bench, "./cmd/centrifuge", p.Centrifuge}}
	if salon == "" {
		p.Salon = filepath.Join(dir, "salon")
		all = append(all, source{root, "./cmd/salon", p.Salon})
	}
	for _, b := range all {
		if err := BuildOne(ctx, b.folder, b.program, b.out); err != nil {
			return p, err
		}
	}
	return p, nil
}

// source is a program to build.
type source struct{ folder, program, out string }

// BuildOne builds the program of a module's folder.
func BuildOne(ctx context.Context, folder, program, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, program)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", program, folder, err, text)
	}
	return nil
}

// Root finds the repository's folder from the working folder, which is in the module bench.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	bench := filepath.Dir(strings.TrimSpace(string(out)))
	if filepath.Base(bench) != "bench" {
		return "", errors.New("run this in the folder bench, or as go -C bench run ./cmd/bench")
	}
	return filepath.Dir(bench), nil
}
