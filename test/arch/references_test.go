package arch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pair is two files of one folder: from refers to something that to declares.
type pair struct{ from, to string }

// graph says for two files of a folder at how many places the first uses what the second declares. Declarations are those
// at package level, methods and fields.
type graph map[pair]int

// backUp lists the references that run back up, sorted. However often one file uses another, that is one reference.
//
// A reference from A to B lies on a cycle when B refers to A, directly or through other files. Only such a reference can
// run back up. The files on cycles are put in an order by their weight: the number of places where a file uses others over
// references on cycles, less the number of places where others use it so. The heaviest file comes first; files of equal
// weight are sorted by name. A reference on a cycle from a later file to an earlier one runs back up.
//
// The order is computed, not searched for, so the same code always gives the same result. An order with fewer references
// back up may exist: to find the best one is NP-hard (minimum feedback arc set).
func (g graph) backUp() []pair {
	in := g.cycles()
	weight := map[string]int{}
	for p, n := range in {
		weight[p.from] += n
		weight[p.to] -= n
	}
	var back []pair
	for p := range in {
		if cmp.Or(cmp.Compare(weight[p.to], weight[p.from]), cmp.Compare(p.from, p.to)) > 0 {
			back = append(back, p)
		}
	}
	slices.SortFunc(back, func(a, b pair) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return back
}

// cycles is the part of g that lies on cycles: the references to a file that refers back, directly or through others.
func (g graph) cycles() graph {
	next := map[string][]string{}
	for p := range g {
		next[p.from] = append(next[p.from], p.to)
	}
	in := graph{}
	for p, n := range g {
		if leads(next, p.to, p.from, map[string]bool{}) {
			in[p] = n
		}
	}
	return in
}

// leads tells whether the references lead from one file to another.
func leads(next map[string][]string, from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	return slices.ContainsFunc(next[from], func(n string) bool { return !seen[n] && leads(next, n, to, seen) })
}

// listed is a package as go list describes it.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string // those that are built on this system, without tests
	Export     string   // file with the compiled package's types
}

// references type-checks the production code below internal/ and cmd/ of the module at root, and returns how the files of
// each package refer to each other. Files for other systems are left out.
func references(t *testing.T, root string) map[string]graph {
	t.Helper()
	all := list(t, root)
	set := token.NewFileSet()
	compiled := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(all[path].Export)
	})
	found := map[string]graph{}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if below, ours := strings.CutPrefix(path, module+"/"); ours && production(below) {
			g, err := refer(set, compiled, all[path])
			if err != nil {
				t.Fatal(err)
			}
			found[below] = g
		}
	}
	return found
}

func list(t *testing.T, root string) map[string]listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export", "./internal/...", "./cmd/...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	all := map[string]listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// refer returns how the files of a package refer to each other.
func refer(set *token.FileSet, compiled types.Importer, p listed) (graph, error) {
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	checked, err := (&types.Config{Importer: compiled}).Check(p.ImportPath, set, files, info)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", p.ImportPath, err)
	}
	g := graph{}
	base := func(at token.Pos) string { return filepath.Base(set.Position(at).Filename) }
	for use, declared := range info.Uses {
		if declared.Pkg() != checked || !reachable(declared, checked.Scope()) {
			continue
		}
		if from, to := base(use.Pos()), base(declared.Pos()); from != to {
			g[pair{from, to}]++
		}
	}
	return g, nil
}

// reachable tells whether other files can refer to a declaration: it is at package level, a method, or a field.
func reachable(o types.Object, scope *types.Scope) bool {
	switch o := o.(type) {
	case *types.Func:
		return true
	case *types.Var:
		return o.IsField() || o.Parent() == scope
	default:
		return o.Parent() == scope
	}
}

// TestReferences finds references between the files of a small package, and those that run back up.
func TestReferences(t *testing.T) {
	const (
		room  = "package x\n\ntype room struct{ head int }\n\nconst size = 1\n\nfunc (r *room) append() { r.head = next(r) }\n"
		gate  = "package x\n\nfunc next(r *room) int { return r.head + size }\n"
		chain = "package x\n\nfunc join() { next(nil) }\n"
	)
	for name, c := range map[string]struct {
		files map[string]string
		want  graph
		back  []pair
	}{
		"a cycle": {
			map[string]string{"room.go": room, "gate.go": gate},
			graph{{"gate.go", "room.go"}: 3, {"room.go", "gate.go"}: 1},
			[]pair{{"room.go", "gate.go"}},
		},
		"a file above it": {
			map[string]string{"room.go": room, "gate.go": gate, "join.go": chain},
			graph{{"gate.go", "room.go"}: 3, {"room.go", "gate.go"}: 1, {"join.go", "gate.go"}: 1},
			[]pair{{"room.go", "gate.go"}},
		},
		"one way": {
			map[string]string{"a.go": "package x\n\nconst a = b + c\n", "b.go": "package x\n\nconst b = c\n", "c.go": "package x\n\nconst c = 1\n"},
			graph{{"a.go", "b.go"}: 1, {"a.go", "c.go"}: 1, {"b.go", "c.go"}: 1},
			nil,
		},
	} {
		p := listed{ImportPath: "x", Dir: t.TempDir()}
		for file, src := range c.files {
			p.GoFiles = append(p.GoFiles, file)
			if err := os.WriteFile(filepath.Join(p.Dir, file), []byte(src), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := refer(token.NewFileSet(), nil, p)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, c.want) || !slices.Equal(got.backUp(), c.back) {
			t.Errorf("%s: %v, back up %v; want %v, back up %v", name, got, got.backUp(), c.want, c.back)
		}
	}
}
