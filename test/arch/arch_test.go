// Package arch tests the rules of the program's structure. It has tests only.
//
//   - TestArchitecture: which package may import which, that each package says what it is for, and that nothing runs
//     before main or ends the program but main. The rules are in rules_test.go.
//   - TestShape: how big types may be, and that the files of a folder refer to each other in one direction. It also
//     prints a table of sizes. The limits are in shape_test.go.
package arch

import (
	"slices"
	"strings"
	"testing"
)

func TestArchitecture(t *testing.T) {
	for _, p := range read(t, here) {
		for _, v := range violations(p) {
			t.Error(v)
		}
	}
}

// TestEveryLineIsUsed fails on a line of allowed for a package that does not exist. A package that is removed must not
// come back later with rights that nobody remembers.
func TestEveryLineIsUsed(t *testing.T) {
	var found []string
	for _, p := range read(t, here) {
		found = append(found, p.path)
	}
	for name, imports := range allowed {
		for _, n := range append(strings.Fields(imports), name) {
			if _, ok := allowed[n]; !ok {
				t.Errorf("%s may import %s, which is in no line of allowed", name, n)
			}
		}
		switch exists := slices.Contains(found, "internal/"+name); {
		case !exists && slices.Contains(planned, name):
			t.Logf("planned: internal/%s", name)
		case !exists:
			t.Errorf("allowed has a line for internal/%s, which does not exist", name)
		}
	}
}

// TestRulesCanFail shows that each rule refuses what it is meant to refuse.
func TestRulesCanFail(t *testing.T) {
	const good = "Package x does something."
	for name, c := range map[string]struct {
		p    pkg
		want string // part of the one violation; "" for none
	}{
		"nothing wrong":       {pkg{path: "internal/hub", imports: []string{"salon/internal/history", "sync"}}, ""},
		"an arrow back":       {pkg{path: "internal/hub", imports: []string{"salon/internal/rooms"}}, "one way"},
		"two layers down":     {pkg{path: "internal/server", imports: []string{"salon/internal/hub"}}, "one way"},
		"hub and the wire":    {pkg{path: "internal/hub", imports: []string{"salon/internal/protocol"}}, "one way"},
		"hub and languages":   {pkg{path: "internal/hub", imports: []string{"salon/internal/lang"}}, "one way"},
		"way in to way in":    {pkg{path: "internal/edge/salon", imports: []string{"salon/internal/edge/text"}}, "one way"},
		"and the other":       {pkg{path: "internal/edge/text", imports: []string{"salon/internal/edge/salon"}}, "one way"},
		"edge to way in":      {pkg{path: "internal/edge", imports: []string{"salon/internal/edge/text"}}, "one way"},
		"an engine":           {pkg{path: "internal/rooms", imports: []string{"salon/internal/history/sqlite"}}, "only internal/node"},
		"an engine in main":   {pkg{path: "cmd/salon", imports: []string{"salon/internal/presence/redis"}}, "only internal/node"},
		"node takes engines":  {pkg{path: "internal/node", imports: []string{"salon/internal/history/sqlite", "salon/web"}}, ""},
		"engine to engine":    {pkg{path: "internal/history/mongo", imports: []string{"salon/internal/history/sqlite"}}, "only internal/node"},
		"engine to hub":       {pkg{path: "internal/broker/redis", imports: []string{"salon/internal/hub"}}, "their contract and chat"},
		"engine's own":        {pkg{path: "internal/broker/redis", imports: []string{"salon/internal/broker", "salon/internal/redisconn"}}, ""},
		"accounts' engine":    {pkg{path: "internal/accounts/sqlite", imports: []string{"salon/internal/accounts", "salon/internal/sqliteconn"}}, ""},
		"log's and accounts'": {pkg{path: "internal/accounts/sqlite", imports: []string{"salon/internal/history/sqlite"}}, "only internal/node"},
		"service to engine":   {pkg{path: "internal/accounts", imports: []string{"salon/internal/accounts/sqlite"}}, "only internal/node"},
		"another technology":  {pkg{path: "internal/accounts/sqlite", imports: []string{"salon/internal/mongoconn"}}, "their contract and chat"},
		"another's contract":  {pkg{path: "internal/broker/redis", imports: []string{"salon/internal/history"}}, "their contract and chat"},
		"suite in the code":   {pkg{path: "internal/node", imports: []string{"salon/internal/redistest"}}, "for tests only"},
		"web upward":          {pkg{path: "internal/server", imports: []string{"salon/web"}}, "only internal/node"},
		"unknown":             {pkg{path: "internal/extra"}, "give it a line"},
		"library of another":  {pkg{path: "internal/hub", imports: []string{"github.com/redis/rueidis"}}, "that library"},
		"library of tests":    {pkg{path: "internal/ws", imports: []string{"github.com/gobwas/ws"}}, "only tests"},
		"chat normalises":     {pkg{path: "internal/chat", imports: []string{"golang.org/x/text/unicode/norm"}}, ""},
		"others do not":       {pkg{path: "internal/hub", imports: []string{"golang.org/x/text/unicode/norm"}}, "that library"},
		"chat alone":          {pkg{path: "internal/chat", imports: []string{"golang.org/x/crypto/argon2"}}, "standard library"},
		"no doc":              {pkg{path: "internal/hub", doc: "x"}, "package comment"},
		"vague":               {pkg{path: "test/helper"}, "does not say"},
		"init":                {pkg{path: "internal/hub", exits: []string{"a.go:1: func init"}}, "only main"},
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
