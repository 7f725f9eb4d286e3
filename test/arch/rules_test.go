package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// allowed says which packages of this module each package below internal/ may import, in its code (not in its tests).
// Dependencies point one way:
//
//	cmd → node → server → edge → rooms → {accounts, hub, roster, cluster} → {history, presence, broker} → chat
//
// A new package needs a line here, so that its place is decided on purpose. Engines and suites have no line: see
// engineRule.
var allowed = map[string]string{
	"chat":     "", // the standard library and golang.org/x/text only
	"queue":    "",
	"lang":     "chat",
	"protocol": "chat lang",
	"ws":       "",
	"config":   "chat lang",

	"history":  "chat",
	"presence": "chat",
	"broker":   "chat",
	"accounts": "chat", // contract and service

	"cluster": "broker queue chat",
	"roster":  "cluster presence queue chat",
	"hub":     "roster cluster history queue ws chat", // no wire, no language: what comes out is encoded by an edge
	"rooms":   "hub roster accounts history presence broker cluster chat",

	// The two ways in are beside each other: neither imports the other.
	"edge":       "rooms accounts hub protocol ws lang chat",
	"edge/salon": "edge rooms accounts hub history protocol ws lang chat",
	"edge/text":  "edge rooms accounts hub history protocol ws lang chat",

	"server": "edge ws lang chat",
	"node": "server edge edge/salon edge/text rooms accounts hub roster cluster history presence broker queue ws " +
		"config protocol lang chat migrate redisconn sqliteconn mongoconn", // and every engine

	"input":  "",
	"client": "protocol ws lang chat",
	"tui":    "client input protocol lang chat",
	"echo":   "input protocol ws lang chat",

	"migrate": "history accounts chat",

	// What the engines of one technology share.
	"redisconn":  "",
	"sqliteconn": "chat",
	"mongoconn":  "chat",

	// What starts other programs for tests. Only tests import it.
	"redistest": "",
	"mongotest": "",
}

// planned are packages that have a line in allowed and are still to be written.
var planned = []string{
	"mongoconn",
}

// contracts are the packages that engines and suites stand below.
var contracts = []string{"history", "presence", "broker", "accounts"}

// shared is what several engines of one technology have in common, by the engine's name.
var shared = map[string]string{"redis": "redisconn", "sqlite": "sqliteconn", "mongo": "mongoconn"}

// owners says which packages may import a library. A library that few packages know can be replaced there. The first
// entry that is a prefix of the import counts; with no packages, only tests may import it.
var owners = []struct{ library, packages string }{
	{"github.com/gobwas/", ""},
	{"github.com/klauspost/compress", "ws"},
	{"github.com/lxzan/gws", ""},
	{"github.com/coder/websocket", ""},
	{"github.com/redis/rueidis", "redisconn presence/redis broker/redis redistest"},
	{"go.mongodb.org/", "mongoconn history/mongo accounts/mongo"},
	{"modernc.org/sqlite", "sqliteconn"},
	{"github.com/ncruces/go-sqlite3", "sqliteconn"},
	{"github.com/alecthomas/kong", "config"},
	{"github.com/prometheus/", "node"},
	{"charm.land/", "tui"},
	{"golang.org/x/text", "chat"}, // the rules about names and texts are in one place
	{"net/http/pprof", ""},        // it serves by itself on the default mux
}

// vague are names that say nothing of what is inside.
var vague = []string{"util", "utils", "common", "helper", "helpers", "manager", "impl", "misc", "shared"}

// violations lists what is wrong with p, one line each.
func violations(p *pkg) []string {
	var all []string
	fail := func(format string, args ...any) { all = append(all, p.path+": "+fmt.Sprintf(format, args...)) }
	if want := "Package " + p.name; p.name != "main" && !strings.HasPrefix(p.doc, want+" ") {
		fail("its package comment does not begin with %q", want)
	}
	if p.name == "main" && !strings.HasPrefix(p.doc, "Command ") && !strings.HasPrefix(p.doc, "Program ") {
		fail("its package comment does not begin with %q", "Command")
	}
	if slices.Contains(vague, path.Base(p.path)) {
		fail("the name does not say what is inside")
	}
	if p.name != "main" {
		for _, e := range p.exits {
			fail("%s: only main may end the program, and nothing runs before main", e)
		}
	}
	below, internal := strings.CutPrefix(p.path, "internal/")
	for _, i := range p.imports {
		if why := libraryRule(below, i); why != "" {
			fail("imports %s: %s", i, why)
		}
		target, ours := strings.CutPrefix(i, module+"/")
		if !ours {
			continue
		}
		if why := suiteRule(p.path, target); why != "" {
			fail("imports %s: %s", i, why)
		}
		if internal {
			if why := layerRule(below, target); why != "" {
				fail("imports %s: %s", i, why)
			}
		} else if why := outsideRule(target); why != "" {
			fail("imports %s: %s", i, why)
		}
	}
	if internal && contractOf(below) == "" {
		if _, ok := allowed[below]; !ok {
			fail("test/arch does not know what it may import: give it a line in allowed")
		}
	}
	if below == "chat" && slices.ContainsFunc(p.imports, foreign) {
		fail("it imports more than the standard library and golang.org/x/text")
	}
	return all
}

// foreign tells of an import that neither the standard library nor golang.org/x/text has.
func foreign(i string) bool {
	host, _, _ := strings.Cut(i, "/")
	return strings.Contains(host, ".") && !strings.HasPrefix(i, "golang.org/x/text/")
}

// layerRule says why internal/from may not import target (a path below the module), "" when it may.
func layerRule(from, target string) string {
	to, ok := strings.CutPrefix(target, "internal/")
	if !ok {
		if from == "node" && target == "web" {
			return ""
		}
		return "only internal/node builds the program"
	}
	if c := contractOf(to); c != "" && !isSuite(to) {
		if from == "node" {
			return ""
		}
		return "only internal/node knows which engine stands behind " + c
	}
	if c := contractOf(from); c != "" {
		return engineRule(from, c, to)
	}
	if slices.Contains(strings.Fields(allowed[from]), to) {
		return ""
	}
	return "dependencies point one way (see allowed in test/arch)"
}

// engineRule: engines and suites import their contract and chat, never one another.
func engineRule(from, contract, to string) string {
	if to == contract || to == "chat" || to == shared[path.Base(from)] {
		return ""
	}
	return "engines and suites import their contract and chat only"
}

// outsideRule is for what lies outside internal/: the programs and the web client.
func outsideRule(target string) string {
	if c := contractOf(strings.TrimPrefix(target, "internal/")); c != "" && !isSuite(target) {
		return "only internal/node knows which engine stands behind " + c
	}
	return ""
}

// suiteRule: a package that exists for tests is imported only by tests and by other such packages.
func suiteRule(from, target string) string {
	if isSuite(target) && !isSuite(from) && !strings.HasPrefix(from, "test/") {
		return "it is for tests only"
	}
	return ""
}

func libraryRule(from, library string) string {
	for _, o := range owners {
		if !strings.HasPrefix(library, o.library) {
			continue
		}
		if slices.Contains(strings.Fields(o.packages), from) {
			return ""
		}
		if o.packages == "" {
			return "only tests may import that library"
		}
		return fmt.Sprintf("only %s may import that library", strings.Join(strings.Fields(o.packages), ", "))
	}
	return ""
}

// contractOf gives the contract that an engine or a suite (a path below internal/) stands below, "" for others.
func contractOf(below string) string {
	dir, _, ok := strings.Cut(below, "/")
	if ok && slices.Contains(contracts, dir) {
		return dir
	}
	return ""
}

// isSuite tells by the name whether a package exists for tests, as net/http/httptest does.
func isSuite(p string) bool { return strings.HasSuffix(path.Base(p), "test") }
