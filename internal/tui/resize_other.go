//go:build !unix

package tui

import "os"

// resizes never tells anything here: the width is looked at again at each line.
func resizes() (changed <-chan os.Signal, stop func()) { return nil, func() {} }
