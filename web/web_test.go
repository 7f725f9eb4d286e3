package web

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// markup matches whatever would make markup or code of a text.
var markup = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|parseFromString|setHTML|document\.write|\beval\(|new Function|srcdoc`)

func TestTextNeverBecomesMarkup(t *testing.T) {
	err := fs.WalkDir(Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(Files(), name)
		for n, line := range strings.Split(string(body), "\n") {
			if found := markup.FindString(line); found != "" {
				t.Errorf("%s:%d: %s", name, n+1, found)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryModuleIsInTheOneFile(t *testing.T) {
	one, err := fs.ReadFile(Files(), "salon.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"src/*.js", "src/view/*.js"} {
		modules, err := fs.Glob(Files(), pattern)
		if err != nil || len(modules) == 0 {
			t.Fatalf("%s: %d modules, %v", pattern, len(modules), err)
		}
		for _, name := range modules {
			if !strings.Contains(string(one), "// ---- "+name+"\n") {
				t.Errorf("nobody imports %s", path.Clean(name))
			}
		}
	}
}
