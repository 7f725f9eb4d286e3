package config

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"salon/internal/chat"
)

// file is a config file: lines of KEY=VALUE. Keys are the flags' names in any case, with '_' or '-'; SALON_ may stand
// before them, and HOST is --address. Empty lines are skipped, and from a # at a line's start or behind a space all that
// follows, outside quotes; quotes around a value are taken off.
type file struct {
	name     string
	settings map[string]setting
}

type setting struct {
	value string
	line  int
}

func loadFile(r io.Reader) (kong.Resolver, error) {
	f := file{name: "config file", settings: map[string]setting{}}
	if named, ok := r.(*os.File); ok {
		f.name = named.Name()
	}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		text := s.Text()
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff") // the byte order mark that some editors write
		}
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, chat.Problemf("%s, line %d: KEY=VALUE expected", f.name, n)
		}
		f.settings[flagName(key)] = setting{unquoted(value), n}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return f, nil
}

// unquoted gives what a line sets: what is between quotes, or all up to a comment, which a space stands before: a room may be
// written with a # in front.
func unquoted(value string) string {
	spaced := strings.HasPrefix(value, " ") || strings.HasPrefix(value, "\t")
	value = strings.TrimSpace(value)
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		if inside, rest, ok := strings.Cut(value[1:], value[:1]); ok && (rest == "" || strings.HasPrefix(strings.TrimSpace(rest), "#")) {
			return inside
		}
	}
	for i := range len(value) {
		if value[i] == '#' && (i == 0 && spaced || i > 0 && (value[i-1] == ' ' || value[i-1] == '\t')) {
			return strings.TrimSpace(value[:i])
		}
	}
	return value
}

func flagName(key string) string {
	key = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(key)), "_", "-")
	key = strings.TrimPrefix(key, "salon-")
	if key == "host" {
		return "address"
	}
	return key
}

// Validate refuses keys that are no flag of any command: a typing error must not pass for a setting.
func (f file) Validate(app *kong.Application) error {
	var known []string
	var visit func(n *kong.Node)
	visit = func(n *kong.Node) {
		for _, flag := range n.Flags {
			known = append(known, flag.Name)
		}
		for _, c := range n.Children {
			visit(c)
		}
	}
	visit(app.Node)
	for key, s := range f.settings {
		if !slices.Contains(known, key) {
			return chat.Problemf("%s, line %d: %q is no setting", f.name, s.line, key)
		}
	}
	return nil
}

// Resolve gives a flag's value. The environment stands over the file.
func (f file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil
		}
	}
	if s, ok := f.settings[flag.Name]; ok {
		return s.value, nil
	}
	return nil, nil
}
