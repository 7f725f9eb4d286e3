package arch

import (
	"bytes"
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

// pkg is what the source files of one package say. Of its test files only the package comment counts.
type pkg struct {
	path    string // below the module: "internal/hub"
	name    string
	doc     string
	imports []string // each once, sorted
	exits   []string // where it has an init function or ends the program

	files     []file
	functions []function
	methods   map[string][]string // names of the methods of each type, without those of tests
}

// file is one source file.
type file struct {
	name  string // below the module
	lines int
	test  bool
}

// function is one function or method with a body.
type function struct {
	name  string // "internal/hub.(room).append"
	lines int
}

// module is the module's path, as go.mod has it.
const module = "salon"

// here is the root of the module that this test is part of.
var here = filepath.Join("..", "..")

// read parses the packages of the module at root. It leaves out modules of their own, test data and hidden folders.
func read(t *testing.T, root string) []*pkg {
	t.Helper()
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

// parsePackage reads the package in dir. It returns nil when dir has no Go file.
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

// add reads one file. Of a test file only the package comment and the number of lines count: tests may import whatever
// they test with.
func (p *pkg) add(name string, src []byte) error {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p.files = append(p.files, file{
		name: path.Join(p.path, path.Base(filepath.ToSlash(name))), lines: bytes.Count(src, []byte("\n")),
		test: strings.HasSuffix(name, "_test.go"),
	})
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
	p.findFunctions(set, f)
	return nil
}

func (p *pkg) findFunctions(set *token.FileSet, f *ast.File) {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := p.path + "." + fn.Name.Name
		if fn.Recv != nil {
			on := receiver(fn.Recv.List[0].Type)
			name = p.path + ".(" + on + ")." + fn.Name.Name
			if p.methods == nil {
				p.methods = map[string][]string{}
			}
			if !slices.Contains(p.methods[on], fn.Name.Name) { // files for several systems declare the same method
				p.methods[on] = append(p.methods[on], fn.Name.Name)
			}
		}
		lines := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1
		p.functions = append(p.functions, function{name, lines})
	}
}

// receiver is the name of the type that a method's receiver has: "room" of *room and of room[T].
func receiver(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.IndexListExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return "?"
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
