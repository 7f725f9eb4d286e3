// Package web holds the browser's pages, both as a server serves them and as a person saves them to disk.
//
// The files are written by hand and run as they are, except salon.html: [Pages] makes it from index.html, style.css and
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

// Pages returns the content of each page by its path:
//   - index.html with style.css and src/ is the client as modules;
//   - salon.html is the same client in one file, which also works from a disk;
//   - echo.html is the second step of the course.
//
// It fails when a module uses a form of import or export that [onefile] does not understand.
func Pages() (map[string][]byte, error) {
	pages := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		pages[name], err = fs.ReadFile(files, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if pages["salon.html"], err = onefile.Build(files); err != nil {
		return nil, fmt.Errorf("make salon.html: %w", err)
	}
	return pages, nil
}
