package main

import (
	"runtime/debug"
	"strings"
)

// version says which build of the program this is.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	return describe(info)
}

// describe gives a build's version if it has one, its commit with the commit's time, and Go's version. The go command records the
// commit when it builds in a clone, unless it is told not to (go help buildvcs).
func describe(info *debug.BuildInfo) string {
	vcs := map[string]string{}
	for _, s := range info.Settings {
		vcs[s.Key] = s.Value
	}
	commit := vcs["vcs.revision"]
	commit = commit[:min(len(commit), 12)]
	var words []string
	if v := info.Main.Version; v != "" && (commit == "" || v != "(devel)" && !strings.Contains(v, commit)) {
		words = append(words, v)
	}
	switch {
	case commit == "":
		words = append(words, "(no commit: built with go run, with -buildvcs=false or outside a clone)")
	case vcs["vcs.modified"] == "true":
		words = append(words, "commit "+commit+" and changes,", vcs["vcs.time"])
	default:
		words = append(words, "commit "+commit+",", vcs["vcs.time"])
	}
	return strings.Join(append(words, info.GoVersion), " ")
}
