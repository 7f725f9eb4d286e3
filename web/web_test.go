package web

import (
	"regexp"
	"strings"
	"testing"
)

// markup matches every way to make markup or code of a text.
var markup = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|parseFromString|setHTML|document\.write|\beval\(|new Function|srcdoc`)

func allPages(t *testing.T) map[string][]byte {
	t.Helper()
	bodies := map[string][]byte{}
	for name, read := range Pages() {
		body, err := read()
		if err != nil {
			t.Fatal(err)
		}
		bodies[name] = body
	}
	return bodies
}

func TestTextNeverBecomesMarkup(t *testing.T) {
	for name, body := range allPages(t) {
		for n, line := range strings.Split(string(body), "\n") {
			if found := markup.FindString(line); found != "" {
				t.Errorf("%s:%d: %s", name, n+1, found)
			}
		}
	}
}

func TestEveryModuleIsInTheOneFile(t *testing.T) {
	pages := allPages(t)
	modules := 0
	for name := range pages {
		if !strings.HasSuffix(name, ".js") {
			continue
		}
		modules++
		if !strings.Contains(string(pages["salon.html"]), "// ---- "+name+"\n") {
			t.Errorf("no module imports %s", name)
		}
	}
	if modules == 0 {
		t.Error("there are no modules")
	}
}

// BenchmarkOneFile shows what the first request for salon.html costs.
func BenchmarkOneFile(b *testing.B) {
	for b.Loop() {
		if _, err := Pages()["salon.html"](); err != nil {
			b.Fatal(err)
		}
	}
}
