package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"salon/internal/chat"
)

// TestEveryTextIsFrench finds what the program says to people: the format of every chat.Errorf, chat.Problemf, Text, say and
// bye.
func TestEveryTextIsFrench(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "bench" || d.Name() == "ferretdb") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			for _, text := range texts(n) {
				found++
				if french[text] == "" {
					t.Errorf("%s: no French for %q", path, text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 40 {
		t.Errorf("only %d texts found: does this test still look in the right places?", found)
	}
}

// argument tells which argument of a call is a text for people.
var argument = map[string]int{"Errorf": 1, "Problemf": 0, "Text": 0, "say": 0, "bye": 1, "Refuse": 3}

func texts(n ast.Node) []string {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return nil
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	i, ok := argument[sel.Sel.Name]
	if x, isName := sel.X.(*ast.Ident); sel.Sel.Name == "Errorf" && (!isName || x.Name != "chat") {
		return nil
	}
	if !ok || len(call.Args) <= i {
		return nil
	}
	lit, ok := call.Args[i].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return nil
	}
	return []string{text}
}

var verb = regexp.MustCompile(`%[^%]`)

func TestFrenchTakesTheSameArguments(t *testing.T) {
	for en, fr := range french {
		if strings.Join(verb.FindAllString(en, -1), " ") != strings.Join(verb.FindAllString(fr, -1), " ") {
			t.Errorf("%q and %q take different arguments", en, fr)
		}
	}
}

func TestParse(t *testing.T) {
	for tag, want := range map[string]string{"fr": "fr", "fr_FR.UTF-8": "fr", "EN-gb": "en", "C.UTF-8": "en", "C": "en"} {
		if l, ok := Parse(tag); !ok || l.String() != want {
			t.Errorf("Parse(%q) = %s, %t", tag, l, ok)
		}
	}
	for _, tag := range []string{"", "de", "auto"} {
		if _, ok := Parse(tag); ok {
			t.Errorf("Parse(%q) is understood", tag)
		}
	}
}

// TestOneWordForARoom: the wire says "a rejoint la chatroom", so all else says chatroom, too.
func TestOneWordForARoom(t *testing.T) {
	for en, fr := range french {
		if strings.Contains(en, "Salon is") || strings.Contains(en, "salon.v1") {
			continue
		}
		if strings.Contains(strings.ToLower(regexp.MustCompile(`SALON_[A-Z]+`).ReplaceAllString(fr, "")), "salon") {
			t.Errorf("%q calls a room a salon", fr)
		}
		if strings.Contains(fr, "« ") || strings.Contains(fr, " »") {
			t.Errorf("%q can break inside its quotation marks", fr)
		}
	}
}

func TestNameTakenInFrench(t *testing.T) {
	err := chat.Errorf(chat.CodeNameTaken, "the name \"%s\" is in use, or kept for somebody who left", "Hopper")
	if got, want := French.Error(err), "le nom «\u00a0Hopper\u00a0» est pris, ou gardé pour quelqu’un qui est parti"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
