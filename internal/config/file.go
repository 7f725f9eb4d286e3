package config

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// file is a config file: lines of KEY=VALUE. Keys are the flags' names in any case, with '_' or '-'; SALON_ may stand
// before them, and HOST is --address. Empty lines and those that start with # are skipped; quotes around a value are taken
// off.
type file map[string]setting

type setting struct {
	value string
	line  int
}

func loadFile(r io.Reader) (kong.Resolver, error) {
	f := file{}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		text := strings.TrimSpace(s.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: KEY=VALUE expected", n)
		}
		value = strings.TrimSpace(value)
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		f[flagName(key)] = setting{value, n}
	}
	return f, s.Err()
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
	for key, s := range f {
		if !slices.Contains(known, key) {
			return fmt.Errorf("config file, line %d: %q is no setting", s.line, key)
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
	if s, ok := f[flag.Name]; ok {
		return s.value, nil
	}
	return nil, nil
}
