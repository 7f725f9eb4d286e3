package arch

import (
	"bufio"
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// The limits of the shape, of production code.
const (
	maxMethods = 25 // of a type
	maxBackUp  = 10 // percent of a folder's references between files; a single one is always allowed
)

var tree = flag.String("tree", here, "folder of the module whose shape is measured")

// TestShape measures the program's size and structure. It prints a table with -v, and fails above the limits. With
// -tree FOLDER it measures another checkout, for instance of an earlier commit.
func TestShape(t *testing.T) {
	packages := read(t, *tree)
	folders := references(t, *tree)
	t.Log(table(t, packages, folders))
	t.Run("methods", func(t *testing.T) {
		for _, b := range big(packages) {
			if b.methods > maxMethods {
				t.Errorf("%s has %d methods, at most %d are allowed: part of it is a type of its own", b.name, b.methods, maxMethods)
			}
		}
	})
	t.Run("references", func(t *testing.T) {
		for _, path := range slices.Sorted(maps.Keys(folders)) {
			g := folders[path]
			back := g.backUp()
			if len(back) < 2 || share(back, g) < maxBackUp {
				continue
			}
			t.Errorf("%s: %d of %d references between files run back up (%.0f %%, must be under %d %%): %s",
				path, len(back), len(g), share(back, g), maxBackUp, arrows(back))
		}
	})
}

// share is the percentage of the references between files that run back up.
func share(back []pair, g graph) float64 { return 100 * float64(len(back)) / float64(max(1, len(g))) }

func arrows(pairs []pair) string {
	var all []string
	for _, p := range pairs {
		all = append(all, strings.TrimSuffix(p.from, ".go")+" → "+strings.TrimSuffix(p.to, ".go"))
	}
	return strings.Join(all, ", ")
}

// bigType is a type with its number of methods.
type bigType struct {
	name    string
	methods int
}

// big lists the types of production code, those with the most methods first.
func big(packages []*pkg) []bigType {
	var all []bigType
	for _, p := range packages {
		if !production(p.path) {
			continue
		}
		for name, methods := range p.methods {
			all = append(all, bigType{p.path + "." + name, len(methods)})
		}
	}
	slices.SortFunc(all, func(a, b bigType) int { return cmp.Or(b.methods-a.methods, cmp.Compare(a.name, b.name)) })
	return all
}

// production tells whether a package is part of the program: not the tests', and not a suite's.
func production(path string) bool { return !strings.HasPrefix(path, "test/") && !isSuite(path) }

// table writes what TestShape measured.
func table(t *testing.T, packages []*pkg, folders map[string]graph) string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	var code, tests []file
	var functions []function
	for _, p := range packages {
		for _, f := range p.files {
			if f.test || !production(p.path) {
				tests = append(tests, f)
			} else {
				code = append(code, f)
			}
		}
		if production(p.path) {
			functions = append(functions, p.functions...)
		}
	}
	fmt.Fprintln(w)
	files(w, "production", code)
	files(w, "test", tests)
	slices.SortFunc(functions, func(a, b function) int { return cmp.Or(b.lines-a.lines, cmp.Compare(a.name, b.name)) })
	fmt.Fprintf(w, "longest function\t%d lines\t%s\n", functions[0].lines, functions[0].name)
	fmt.Fprintf(w, "functions over 40 lines\t%d\tof %d\n", count(functions, func(f function) bool { return f.lines > 40 }), len(functions))
	for i, b := range big(packages)[:5] {
		fmt.Fprintf(w, "%s\t%d\t%s\n", []string{"most methods", "", "", "", ""}[i], b.methods, b.name)
	}
	direct := dependencies(t)
	fmt.Fprintf(w, "direct dependencies\t%d\tof which %d only in tests\n", len(direct), len(direct)-imported(packages, direct))
	fmt.Fprintln(w, "\nreferences between files\tback up\tof\tin cycles\tfiles")
	for _, path := range slices.Sorted(maps.Keys(folders)) {
		if g := folders[path]; len(g) > 0 {
			back := g.backUp()
			fmt.Fprintf(w, "%s\t%.0f %%\t%d\t%d\t%d\n", path, share(back, g), len(g), len(g.cycles()), len(g.files()))
		}
	}
	w.Flush()
	return out.String()
}

func files(w *tabwriter.Writer, what string, all []file) {
	slices.SortFunc(all, func(a, b file) int { return cmp.Or(a.lines-b.lines, cmp.Compare(a.name, b.name)) })
	longest := all[len(all)-1]
	fmt.Fprintf(w, "%s files\t%d\t\n", what, len(all))
	fmt.Fprintf(w, "median %s file\t%d lines\t\n", what, all[len(all)/2].lines)
	fmt.Fprintf(w, "longest %s file\t%d lines\t%s\n", what, longest.lines, longest.name)
	fmt.Fprintf(w, "%s files over 300 lines\t%d\t\n", what, count(all, func(f file) bool { return f.lines > 300 }))
}

func count[T any](all []T, ok func(T) bool) (n int) {
	for _, x := range all {
		if ok(x) {
			n++
		}
	}
	return n
}

// files lists the files of a folder that refer to another or are referred to.
func (g graph) files() []string {
	all := map[string]bool{}
	for p := range g {
		all[p.from], all[p.to] = true, true
	}
	return slices.Sorted(maps.Keys(all))
}

// dependencies lists the modules that go.mod requires directly.
func dependencies(t *testing.T) (direct []string) {
	mod, err := os.ReadFile(filepath.Join(*tree, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(mod)); lines.Scan(); {
		line := strings.TrimPrefix(strings.TrimSpace(lines.Text()), "require ")
		if f := strings.Fields(line); len(f) == 2 && strings.HasPrefix(f[1], "v") && strings.Contains(f[0], ".") {
			direct = append(direct, f[0])
		}
	}
	return direct
}

// imported counts the modules that production code imports.
func imported(packages []*pkg, modules []string) int {
	return count(modules, func(m string) bool {
		return slices.ContainsFunc(packages, func(p *pkg) bool {
			return production(p.path) && slices.ContainsFunc(p.imports, func(i string) bool { return i == m || strings.HasPrefix(i, m+"/") })
		})
	})
}
