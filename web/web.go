// Package web holds the browser's pages, both as a server serves them and as a person saves them to disk.
//
// The files are written by hand and run as they are, except salon.html, which is made from index.html, style.css and
// src. The package owns the files and nothing more: routes and headers are the server's.
package web

import (
	"embed"
	"fmt"
	"io/fs"

	"salon/web/internal/onefile"
)

//go:embed index.html echo.html style.css src
var files embed.FS

// Page returns the content of a page. It reads or makes the page anew at each call.
type Page = func() ([]byte, error)

// Pages returns the pages by their path:
//   - index.html with style.css and src/ is the client as modules;
//   - salon.html is the same client in one file, which also works from a disk;
//   - echo.html is the second step of the course.
//
// Nothing is read before a page is asked for, so that a server whose page nobody opens keeps no page in memory.
func Pages() map[string]Page {
	pages := map[string]Page{"salon.html": func() ([]byte, error) {
		b, err := onefile.Build(files)
		if err != nil { // a module has a form of import or export that onefile does not understand: a test finds that
			return nil, fmt.Errorf("make salon.html: %w", err)
		}
		return b, nil
	}}
	fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error { // embedded files give no errors
		if err == nil && !d.IsDir() {
			pages[name] = func() ([]byte, error) { return fs.ReadFile(files, name) }
		}
		return err
	})
	return pages
}
