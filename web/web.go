// Package web holds the browser's pages: what a server serves, and what a person saves to disk and opens there.
//
// salon.html is made from index.html, style.css and src by go generate; everything else is written by hand and runs as
// it is. The package owns the files and nothing more: routes and headers are the server's.
package web

import (
	"embed"
	"io/fs"
)

//go:generate go run ./internal/onefile -dir . -out salon.html

//go:embed salon.html index.html echo.html style.css src
var files embed.FS

// Files gives the pages: salon.html, the whole client in one file; index.html with style.css and src/, the same client
// as modules; echo.html, the course's second step. Their times are zero: name their version by their content.
func Files() fs.FS { return files }
