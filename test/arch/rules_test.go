package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// allowed says which packages of this module each package below internal/ may import, in its code (not in its tests).
// Arrows point one way: cmd → node → server → session → hub → {history, presence, broker} → chat. A new package needs a
// line here, so that where it stands is somebody's decision. Engines and suites have no line: see engineRule.
var allowed = map[string]string{
	"chat":     "", // the words everything speaks in: standard library and golang.org/x/text only
	"lang":     "chat",
	"protocol": "chat lang",
	"ws":       "",
	"config":   "chat lang",

	"accounts": "chat",
	"history":  "chat",
	"presence": "chat",
	"broker":   "chat",

	"hub":     "history presence broker protocol ws lang chat",
	"session": "accounts hub history protocol ws lang chat",
	"server":  "session protocol ws lang chat",
	"node":    "server session ws hub accounts history presence broker config protocol lang chat migrate redisconn sqliteconn", // and every engine

	"input":  "",
	"client": "protocol ws lang chat",
	"tui":    "client input protocol lang chat",
	"echo":   "input protocol ws lang",

	"migrate":    "accounts history chat",
	"redisconn":  "",
	"sqliteconn": "chat",

	// What starts other programs for tests. Only tests import it.
	"redistest": "",
	"mongotest": "",
}

// contracts are the packages that engines and suites stand below.
var contracts = []string{"accounts", "history", "presence", "broker"}

// shared is what several engines of one technology have in common, by the engine's name.
var shared = map[string]string{"redis": "redisconn", "sqlite": "sqliteconn", "mongo": "mongoconn"}

// second is another contract that an engine keeps beside the one it stands below.
var second = map[string]string{"history/mongo": "accounts"}

// owners says which packages may import a library: what is known in one place can be replaced in one place. The first
// entry that is a prefix of the import counts.
var owners = []struct{ library, packages string }{
	{"github.com/gobwas/", "ws"},
	{"github.com/klauspost/compress", "ws"},
	{"github.com/lxzan/gws", ""},       // a foreign peer: tests only
	{"github.com/coder/websocket", ""}, // a foreign peer: tests only
	{"github.com/redis/rueidis", "redisconn presence/redis broker/redis redistest"},
	{"go.mongodb.org/", "history/mongo"},
	{"modernc.org/sqlite", "sqliteconn"},
	{"github.com/ncruces/go-sqlite3", "sqliteconn"},
	{"github.com/alecthomas/kong", "config"},
	{"github.com/prometheus/", "node"},
	{"charm.land/", "tui"},
	{"net/http/pprof", ""}, // it serves by itself on the default mux
}

// vague are names that say nothing of what is inside.
var vague = []string{"util", "utils", "common", "helper", "helpers", "manager", "impl", "misc", "shared"}

// violations says what is wrong with p, one line each.
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
			fail("%s: only main may end the program or work before it starts", e)
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
	if below == "chat" && slices.ContainsFunc(p.imports, func(i string) bool {
		return strings.Contains(strings.Split(i, "/")[0], ".") && !strings.HasPrefix(i, "golang.org/x/text/")
	}) {
		fail("it imports more than the standard library and golang.org/x/text")
	}
	return all
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
	return "arrows point one way (see allowed in test/arch)"
}

// engineRule: engines and suites import their contract and chat, never one another.
func engineRule(from, contract, to string) string {
	if to == contract || to == "chat" || to == shared[path.Base(from)] || to == second[from] {
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

// suiteRule: what exists for tests is imported by tests and by what exists for tests.
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
		return fmt.Sprintf("that library is known to %q only", o.packages)
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

// isSuite tells what exists for tests by its name, as in net/http/httptest.
func isSuite(p string) bool { return strings.HasSuffix(path.Base(p), "test") }
