// Command onefile makes the browser client one file: index.html with its style sheet and its modules inside, which
// works from a disk, where browsers load no modules. Its output depends on its input alone.
//
// It understands the modules of this project, not all of JavaScript: imports by name or of a whole module, exports of
// functions, classes and constants where they are declared. Anything else is an error, never a page that half works.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	dir := flag.String("dir", ".", "folder with index.html, style.css and src")
	out := flag.String("out", "salon.html", "file to write")
	flag.Parse()
	if err := write(*dir, *out); err != nil {
		fmt.Fprintln(os.Stderr, "onefile:", err)
		os.Exit(1)
	}
}

func write(dir, out string) error {
	page, err := build(os.DirFS(dir))
	if err != nil {
		return err
	}
	return os.WriteFile(out, page, 0o644)
}
