//go:build !unix

package tui

import "os"

// resizes never reports anything here: the width is read again before each drawing.
func resizes() (changed <-chan os.Signal, stop func()) { return nil, func() {} }
