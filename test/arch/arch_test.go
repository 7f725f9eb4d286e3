// Package arch holds the shape of the program: which package may import which, that each says what it is for, and that
// nothing works before main or ends the program behind its back. The rules are in rules_test.go.
package arch

import (
	"slices"
	"strings"
	"testing"
)

func TestArchitecture(t *testing.T) {
	for _, p := range read(t) {
		for _, v := range violations(p) {
			t.Error(v)
		}
	}
}

// TestEveryLineIsUsed keeps the table of rules from outliving the packages: one that is gone would be free to come back
// with rights that nobody remembers.
func TestEveryLineIsUsed(t *testing.T) {
	var found []string
	for _, p := range read(t) {
		found = append(found, p.path)
	}
	for name, imports := range allowed {
		for _, n := range append(strings.Fields(imports), name) {
			if _, ok := allowed[n]; !ok {
				t.Errorf("%s may import %s, which is in no line of allowed", name, n)
			}
		}
		if !slices.Contains(found, "internal/"+name) {
			t.Errorf("allowed has a line for internal/%s, which does not exist", name)
		}
	}
}

// TestRulesCanFail shows that each rule refuses what it is there for.
func TestRulesCanFail(t *testing.T) {
	const good = "Package x does something."
	for name, c := range map[string]struct {
		p    pkg
		want string // part of the one violation; "" for none
	}{
		"nothing wrong":      {pkg{path: "internal/hub", imports: []string{"salon/internal/history", "sync"}}, ""},
		"an arrow back":      {pkg{path: "internal/hub", imports: []string{"salon/internal/session"}}, "one way"},
		"two layers down":    {pkg{path: "internal/server", imports: []string{"salon/internal/hub"}}, "one way"},
		"an engine":          {pkg{path: "internal/session", imports: []string{"salon/internal/history/sqlite"}}, "only internal/node"},
		"an engine in main":  {pkg{path: "cmd/salon", imports: []string{"salon/internal/presence/redis"}}, "only internal/node"},
		"node takes engines": {pkg{path: "internal/node", imports: []string{"salon/internal/history/sqlite", "salon/web"}}, ""},
		"engine to engine":   {pkg{path: "internal/history/mongo", imports: []string{"salon/internal/history/sqlite"}}, "only internal/node"},
		"engine to hub":      {pkg{path: "internal/broker/redis", imports: []string{"salon/internal/hub"}}, "their contract and chat"},
		"engine's own":       {pkg{path: "internal/broker/redis", imports: []string{"salon/internal/broker", "salon/internal/redisconn"}}, ""},
		"users' engine":      {pkg{path: "internal/accounts/sqlite", imports: []string{"salon/internal/accounts", "salon/internal/sqliteconn"}}, ""},
		"another technology": {pkg{path: "internal/accounts/sqlite", imports: []string{"salon/internal/redisconn"}}, "their contract and chat"},
		"another's contract": {pkg{path: "internal/broker/redis", imports: []string{"salon/internal/history"}}, "their contract and chat"},
		"suite in the code":  {pkg{path: "internal/node", imports: []string{"salon/internal/redistest"}}, "for tests only"},
		"web upward":         {pkg{path: "internal/server", imports: []string{"salon/web"}}, "only internal/node"},
		"unknown":            {pkg{path: "internal/extra"}, "give it a line"},
		"library of another": {pkg{path: "internal/hub", imports: []string{"github.com/redis/rueidis"}}, "that library"},
		"chat alone":         {pkg{path: "internal/chat", imports: []string{"golang.org/x/time/rate"}}, "standard library"},
		"chat and text":      {pkg{path: "internal/chat", imports: []string{"golang.org/x/text/unicode/norm"}}, ""},
		"no doc":             {pkg{path: "internal/hub", doc: "x"}, "package comment"},
		"vague":              {pkg{path: "test/helper"}, "does not say"},
		"init":               {pkg{path: "internal/hub", exits: []string{"a.go:1: func init"}}, "only main"},
	} {
		p := c.p
		p.name = "x"
		if p.doc == "" {
			p.doc = good
		}
		got := violations(&p)
		switch {
		case c.want == "" && len(got) > 0:
			t.Errorf("%s: %q, want nothing", name, got)
		case c.want != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, c.want) }):
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestExitsAreFound: the search for init and os.Exit reads code, not words in comments.
func TestExitsAreFound(t *testing.T) {
	const src = "package x\n\nimport \"os\"\n\n// init and os.Exit in words\nfunc init() {}\n\nfunc f() { os.Exit(1) }\n"
	p := &pkg{path: "internal/x"}
	if err := p.add("x.go", []byte(src)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"x.go:6: func init", "x.go:8: os.Exit"}; !slices.Equal(p.exits, want) {
		t.Errorf("found %q, want %q", p.exits, want)
	}
}
