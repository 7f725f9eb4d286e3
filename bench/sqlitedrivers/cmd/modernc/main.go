// Command modernc opens six connections on a new file, as the history engine does, and tells what that takes. Its own size
// is what the driver adds to a program.
package main

import (
	"log"
	"os"

	"salon/bench/sqlitedrivers"
	"salon/bench/sqlitedrivers/modernc"
)

func main() {
	if err := sqlitedrivers.Footprint(os.Stdout, modernc.Open); err != nil {
		log.Fatal(err)
	}
}
