package main

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

var (
	importLine = regexp.MustCompile(`(?m)^import (\{[^{}]*\}|\* as \w+) from '(\.[^']+)';$`)
	exportLine = regexp.MustCompile(`(?m)^export ((?:async )?function|class|const) (\w+)`)
	unknown    = regexp.MustCompile(`(?m)^(import|export)\b.*$`)
	asName     = regexp.MustCompile(`\b(\w+) as (\w+)\b`)
	notName    = regexp.MustCompile(`\W`)
)

// bundle gives one script that does what the module entry does with all that it imports. Each module keeps a scope of its
// own: it becomes a function that is called once, after those it imports, and gives what it exports.
func bundle(files fs.FS, entry string) (string, error) {
	b := bundler{files: files, done: map[string]bool{}, open: map[string]bool{}}
	b.out.WriteString("\n'use strict';\n")
	if err := b.add(entry); err != nil {
		return "", err
	}
	return b.out.String(), nil
}

type bundler struct {
	files fs.FS
	done  map[string]bool // modules written
	open  map[string]bool // modules whose imports are being written
	out   strings.Builder
}

func (b *bundler) add(name string) error {
	if b.done[name] {
		return nil
	}
	if b.open[name] {
		return fmt.Errorf("%s imports itself, through others or directly", name)
	}
	b.open[name] = true
	source, err := fs.ReadFile(b.files, name)
	if err != nil {
		return err
	}
	text := string(source)
	for _, found := range importLine.FindAllStringSubmatch(text, -1) {
		if err := b.add(path.Join(path.Dir(name), found[2])); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	body, exports, err := rewrite(name, text)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b.out, "\n// ---- %s\nconst %s = (() => {\n%sreturn { %s };\n})();\n", name, variable(name), body, exports)
	b.done[name] = true
	return nil
}

// rewrite turns a module's imports into constants and takes the word export away, and lists what was exported.
func rewrite(name, text string) (body, exports string, err error) {
	body = importLine.ReplaceAllStringFunc(text, func(line string) string {
		part := importLine.FindStringSubmatch(line)
		from := variable(path.Join(path.Dir(name), part[2]))
		what, whole := strings.CutPrefix(part[1], "* as ")
		if !whole {
			what = asName.ReplaceAllString(what, "$1: $2")
		}
		return fmt.Sprintf("const %s = %s;", what, from)
	})
	var names []string
	for _, found := range exportLine.FindAllStringSubmatch(body, -1) {
		names = append(names, found[2])
	}
	body = exportLine.ReplaceAllString(body, "$1 $2")
	if line := unknown.FindString(body); line != "" {
		return "", "", fmt.Errorf("%s: cannot take in %q", name, line)
	}
	return body, strings.Join(names, ", "), nil
}

func variable(name string) string {
	return "module_" + notName.ReplaceAllString(strings.TrimSuffix(name, ".js"), "_")
}
