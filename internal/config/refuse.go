package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"salon/internal/chat"
	"salon/internal/lang"
)

// What is wrong with a command line. The mappers read what kong's own read, but their errors are known in other languages.

var (
	wholeNumber = mapper("int", func(s string, to reflect.Value) error {
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil {
			return chat.Problemf("a whole number is expected, not %q", s)
		}
		to.SetInt(n)
		return nil
	})
	number = mapper("float", func(s string, to reflect.Value) error {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return chat.Problemf("a number is expected, not %q", s)
		}
		to.SetFloat(n)
		return nil
	})
	duration = mapper("duration", func(s string, to reflect.Value) error {
		d, err := time.ParseDuration(s)
		if err != nil {
			return chat.Problemf("a duration is expected (10s, 5m, 1h), not %q", s)
		}
		to.SetInt(int64(d))
		return nil
	})
)

func mapper(what string, parse func(s string, to reflect.Value) error) kong.Mapper {
	return kong.MapperFunc(func(ctx *kong.DecodeContext, to reflect.Value) error {
		t, err := ctx.Scan.PopValue(what)
		if err != nil {
			return err
		}
		return parse(fmt.Sprint(t.Value), to)
	})
}

// refusal is an error of kong, which has a text but no type, with the same in words that package lang knows.
type refusal struct {
	error
	format string
	args   []any
}

// Say says the refusal in a language; in English in kong's words, which often suggest what was meant.
func (r *refusal) Say(l lang.Lang) string {
	if l == lang.English {
		return r.Error()
	}
	return l.Text(r.format, r.args...)
}

func (r *refusal) Unwrap() error { return r.error }

// explain finds out why kong refused args. Where it does not find out, it shows kong's text.
func explain(app *kong.Application, args []string, err error) error {
	var known *chat.Problem
	var parse *kong.ParseError
	if errors.As(err, &known) || !errors.As(err, &parse) {
		return err
	}
	if flag := unknownFlag(app, args); flag != "" {
		return &refusal{err, "unknown flag %s: --help lists the flags", []any{flag}}
	}
	for _, f := range parse.Context.Flags() {
		if value := fmt.Sprint(f.Target.Interface()); f.Enum != "" && value != "" && !f.EnumMap()[value] {
			return &refusal{err, "--%s is one of %s, not %q", []any{f.Name, f.Enum, value}}
		}
	}
	if missing := missingArguments(parse.Context); missing != "" {
		return &refusal{err, "%s is missing", []any{missing}}
	}
	return &refusal{err, "the command line is not understood (%s); --help explains it", []any{err.Error()}}
}

func unknownFlag(app *kong.Application, args []string) string {
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if name == "--" {
			break
		}
		if long, ok := strings.CutPrefix(name, "--"); ok && !hasFlag(app.Node, long) {
			return name
		}
	}
	return ""
}

func hasFlag(n *kong.Node, name string) bool {
	return slices.ContainsFunc(n.Flags, func(f *kong.Flag) bool {
		return f.Name == name || slices.Contains(f.Aliases, name) || f.Tag.Negatable != "" && name == "no-"+f.Name
	}) || slices.ContainsFunc(n.Children, func(c *kong.Node) bool { return hasFlag(c, name) })
}

func missingArguments(ctx *kong.Context) string {
	node := ctx.Selected()
	if node == nil {
		return ""
	}
	var missing []string
	for _, p := range node.Positional {
		if p.Required && !p.Set {
			missing = append(missing, p.Summary())
		}
	}
	return strings.Join(missing, " ")
}
