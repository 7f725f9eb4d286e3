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

// Build builds the servers from the sources in root, the repository's folder, into dir. Salon, where it is not empty, is a
// program that is there already.
func Build(ctx context.Context, root, dir, salon string) (Programs, error) {
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

// Export writes the files of a commit of the repository in root into dir, a new folder. The checkout stays as it is.
func Export(ctx context.Context, root, commit, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	files := dir + ".tar"
	defer os.Remove(files)
	// The commit is resolved first, so that nothing that it is called can be taken for an option.
	id, err := output(exec.CommandContext(ctx, "git", "-C", root, "rev-parse", "--verify", "--end-of-options", commit+"^{commit}"))
	if err != nil {
		return err
	}
	if _, err := output(exec.CommandContext(ctx, "git", "-C", root, "archive", "--format=tar", "--output="+files, id)); err != nil {
		return err
	}
	_, err = output(exec.CommandContext(ctx, "tar", "-x", "-f", files, "-C", dir))
	return err
}

// output runs a command and gives the line that it prints.
func output(cmd *exec.Cmd) (string, error) {
	text, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return "", fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return strings.TrimSpace(string(text)), nil
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
