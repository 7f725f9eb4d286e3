package arch

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pkg is a package as its source says, without its tests.
type pkg struct {
	path    string // below the module: "internal/hub"
	name    string
	doc     string
	imports []string // each once, sorted
	exits   []string // where it has an init function or ends the program
}

// module is the module's path, as go.mod has it.
const module = "salon"

// read parses the module's packages: all that is not a module of its own, another program's, or test data.
func read(t *testing.T) []*pkg {
	t.Helper()
	root := filepath.Join("..", "..")
	if mod, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil || !strings.HasPrefix(string(mod), "module "+module+"\n") {
		t.Fatalf("no module %q here: %v", module, err)
	}
	var all []*pkg
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if skipped(root, dir, d.Name()) {
			return fs.SkipDir
		}
		p, err := parsePackage(root, dir)
		if p != nil {
			all = append(all, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}

func skipped(root, dir, name string) bool {
	if dir == root {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil || name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".")
}

// parsePackage gives the package in dir, nil when no Go file is there.
func parsePackage(root, dir string) (*pkg, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	below, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, err
	}
	p := &pkg{path: filepath.ToSlash(below)}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) { // an editor's temporary file
			continue
		}
		if err == nil {
			err = p.add(name, src)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add reads one file. Of a test file only the package's doc counts: tests may import what they test with.
func (p *pkg) add(name string, src []byte) error {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if doc := f.Doc.Text(); len(doc) > len(p.doc) {
		p.doc = doc
	}
	if strings.HasSuffix(name, "_test.go") {
		if p.name == "" {
			p.name = strings.TrimSuffix(f.Name.Name, "_test")
		}
		return nil
	}
	p.name = f.Name.Name
	for _, i := range f.Imports {
		s, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		if !slices.Contains(p.imports, s) {
			p.imports = append(p.imports, s)
		}
	}
	slices.Sort(p.imports)
	p.findExits(set, f)
	return nil
}

func (p *pkg) findExits(set *token.FileSet, f *ast.File) {
	note := func(n ast.Node, what string) {
		at := set.Position(n.Pos())
		p.exits = append(p.exits, path.Base(filepath.ToSlash(at.Filename))+":"+strconv.Itoa(at.Line)+": "+what)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				note(n, "func init")
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok {
				break
			}
			if call := x.Name + "." + n.Sel.Name; call == "os.Exit" || x.Name == "log" && strings.HasPrefix(n.Sel.Name, "Fatal") {
				note(n, call)
			}
		}
		return true
	})
}
