// Package onefile makes the browser client one file: index.html with its style sheet and its modules inside. Such a file
// works from a disk, where browsers load no modules. The result depends on the input alone.
//
// It understands the modules of this project, not all of JavaScript: imports by name or of a whole module, and exports of
// functions, classes and constants where they are declared. Anything else is an error, so that no page half works.
package onefile

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
)

const (
	styleTag  = `<link rel="stylesheet" href="style.css">`
	scriptTag = `<script type="module" src="src/main.js"></script>`
)

// Build returns the page made of index.html, style.css, and src/main.js with all modules that it imports.
func Build(files fs.FS) ([]byte, error) {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, err
	}
	style, err := fs.ReadFile(files, "style.css")
	if err != nil {
		return nil, err
	}
	script, err := bundle(files, "src/main.js")
	if err != nil {
		return nil, err
	}
	css := "\n" + string(style)
	for _, part := range []string{css, script} {
		for _, end := range []string{"</script", "</style", "<!--"} {
			if strings.Contains(strings.ToLower(part), end) {
				return nil, fmt.Errorf("a source contains %q, which would end its element", end)
			}
		}
	}
	page := string(index)
	// The policy names the inline script and style by their hashes (CSP Level 3, 2.3.1): no other inline code runs.
	for _, change := range []struct{ old, new string }{
		{"script-src 'self'", "script-src " + hashOf(script)},
		{"style-src 'self'", "style-src " + hashOf(css)},
		{styleTag, "<style>" + css + "</style>"},
		{scriptTag, `<script type="module">` + script + "</script>"},
		{"<!doctype html>\n", "<!doctype html>\n<!-- Made from index.html, style.css and src. Edit those. -->\n"},
	} {
		if strings.Count(page, change.old) != 1 {
			return nil, fmt.Errorf("index.html has %q %d times, not once", change.old, strings.Count(page, change.old))
		}
		page = strings.Replace(page, change.old, change.new, 1)
	}
	return []byte(page), nil
}

func hashOf(inline string) string {
	sum := sha256.Sum256([]byte(inline))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
