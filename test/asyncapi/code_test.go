package asyncapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"salon/internal/chat"
	"salon/internal/protocol"
)

// TestTypes: the document has the requests that the server answers and the types that it sends, and no others.
func TestTypes(t *testing.T) {
	d := open(t)
	doc := map[bool][]string{}
	for _, m := range d.messages {
		doc[m.request] = append(doc[m.request], m.typ)
	}
	for _, c := range []struct {
		what    string
		request bool
		code    []string
	}{{"requests", true, requestTypes(t)}, {"answers and pushes", false, sentTypes(t)}} {
		slices.Sort(doc[c.request])
		if !slices.Equal(doc[c.request], c.code) {
			t.Errorf("%s: in the document %q, in the code %q", c.what, doc[c.request], c.code)
		}
		for _, typ := range c.code {
			wantInWords(t, "`"+typ+"`")
		}
	}
}

// TestFields compares the fields of what is written and read by encoding/json; those that may be absent are not required.
func TestFields(t *testing.T) {
	d := open(t)
	for typ, v := range map[string]any{
		"welcome": protocol.Welcome{}, "who": protocol.Who{}, "rooms": protocol.Rooms{}, "error": protocol.Error{},
		"presence": protocol.Presence{}, "typing": protocol.Typing{}, "lag": protocol.Lag{}, "degraded": protocol.Degraded{},
		"bye": protocol.Bye{},
	} {
		compareFields(t, typ, d.find(t, typ, false).payload, v)
	}
	rooms := object(t, d.find(t, "rooms", false).payload["properties"])
	compareFields(t, "a line of rooms", object(t, object(t, rooms["rooms"])["items"]), protocol.RoomLine{})
	compareFields(t, "user", object(t, d.at(t, "#/components/schemas/user")), chat.User{})
	compareFields(t, "limits", object(t, d.at(t, "#/components/schemas/limits")), chat.Limits{})

	var requests []string
	for _, m := range d.messages {
		if m.request {
			requests = slices.AppendSeq(requests, maps.Keys(object(t, m.payload["properties"])))
		}
	}
	slices.Sort(requests)
	names, _ := jsonFields(protocol.Request{})
	if requests = slices.Compact(requests); !slices.Equal(requests, names) {
		t.Errorf("requests: fields in the document %q, in the code %q", requests, names)
	}
	for _, n := range names {
		wantInWords(t, "`"+n+"`")
	}
}

func compareFields(t *testing.T, what string, schema map[string]any, v any) {
	t.Helper()
	names, always := jsonFields(v)
	if doc := slices.Sorted(maps.Keys(object(t, schema["properties"]))); !slices.Equal(doc, names) {
		t.Errorf("%s: fields in the document %q, in the code %q", what, doc, names)
	}
	var required []string
	for _, r := range schema["required"].([]any) {
		required = append(required, r.(string))
	}
	slices.Sort(required)
	if !slices.Equal(required, always) {
		t.Errorf("%s: required in the document %q, always there in the code %q", what, required, always)
	}
}

// jsonFields gives the names that encoding/json writes for a struct, sorted, and those that it never leaves out.
func jsonFields(v any) (names, always []string) {
	for f := range reflect.TypeOf(v).Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
		if options != "omitempty" {
			always = append(always, name)
		}
	}
	slices.Sort(names)
	slices.Sort(always)
	return names, always
}

func TestCodes(t *testing.T) {
	d := open(t)
	presence := object(t, d.find(t, "presence", false).payload["properties"])
	for _, c := range []struct {
		what, file, prefix string
		doc                any
	}{
		{"error codes", "chat/errors.go", "Code", object(t, d.at(t, "#/components/schemas/errorCode"))["enum"]},
		{"close codes", "protocol/protocol.go", "Close", object(t, d.at(t, "#/components/schemas/closeCode"))["enum"]},
		{"changes of presence", "chat/change.go", "Change", object(t, presence["change"])["enum"]},
	} {
		code := constants(t, c.file, c.prefix)
		var doc []string
		for _, v := range c.doc.([]any) {
			s, _ := v.(string)
			if n, ok := v.(interface{ String() string }); ok {
				s = n.String()
			}
			doc = append(doc, s)
		}
		slices.Sort(doc)
		if len(code) == 0 || !slices.Equal(doc, code) {
			t.Errorf("%s: in the document %q, in the code %q", c.what, doc, code)
		}
		for _, v := range code {
			if c.prefix == "Close" {
				wantInWords(t, "| "+v+" |")
			} else {
				wantInWords(t, "`"+v+"`")
			}
		}
	}
}

// wantInWords: docs/PROTOCOL.md, which people read, must not be poorer than the schema.
func wantInWords(t *testing.T, s string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), s) {
		t.Errorf("docs/PROTOCOL.md does not mention %s", s)
	}
}

// constants gives the values of a file's constants whose names start with prefix, sorted.
func constants(t *testing.T, file, prefix string) []string {
	var values []string
	ast.Inspect(source(t, "../../internal/"+file), func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(s.Names[0].Name, prefix) && len(s.Values) == 1 {
			if lit, ok := s.Values[0].(*ast.BasicLit); ok {
				values = append(values, unquoted(lit))
			}
		}
		return true
	})
	slices.Sort(values)
	return values
}

// requestTypes gives the requests in the table of handlers, and those that are handled by themselves.
func requestTypes(t *testing.T) []string {
	types := []string{"send", "hello"}
	ast.Inspect(source(t, "../../internal/edge/salon/requests.go"), func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != "handlers" {
			return true
		}
		for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
			types = append(types, unquoted(e.(*ast.KeyValueExpr).Key.(*ast.BasicLit)))
		}
		return false
	})
	slices.Sort(types)
	return types
}

var quoted = regexp.MustCompile(`"(\w+)"`)

// sentTypes finds the types that the server sends where they are written: in composite literals, in calls of the functions
// that write JSON by hand, and beside the field Type of package protocol's structs.
func sentTypes(t *testing.T) []string {
	var types []string
	for _, dir := range []string{"protocol", "edge/salon"} {
		files, err := filepath.Glob("../../internal/" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files of %s: %v", dir, err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				types = append(types, typesIn(source(t, name))...)
			}
		}
	}
	types = append(types, "event") // written whole, as a string
	slices.Sort(types)
	return slices.Compact(types)
}

func typesIn(f *ast.File) (types []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if !strings.HasSuffix(nameOf(n.Type), "Request") {
				types = append(types, typeElement(n)...)
			}
		case *ast.CallExpr:
			if name := nameOf(n.Fun); name == "appendHead" || name == "appendPage" {
				if lit, ok := n.Args[1].(*ast.BasicLit); ok {
					types = append(types, unquoted(lit))
				}
			}
		case *ast.Field:
			if len(n.Names) == 1 && n.Names[0].Name == "Type" && n.Comment != nil {
				if m := quoted.FindStringSubmatch(n.Comment.Text()); m != nil {
					types = append(types, m[1])
				}
			}
		}
		return true
	})
	return types
}

// typeElement gives the value of a literal's element Type.
func typeElement(n *ast.CompositeLit) []string {
	for _, e := range n.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok || nameOf(kv.Key) != "Type" {
			continue
		}
		if lit, ok := kv.Value.(*ast.BasicLit); ok {
			return []string{unquoted(lit)}
		}
	}
	return nil
}

// nameOf gives the last name of an expression such as pkg.Name.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func source(t *testing.T, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func unquoted(lit *ast.BasicLit) string {
	if s, err := strconv.Unquote(lit.Value); err == nil {
		return s
	}
	return lit.Value
}
