//go:build !unix

package ws

import "errors"

// directIO says that sockets are read and written with waiting, by package net.
const directIO = false

func readNow(uintptr, []byte) (int, error)  { return 0, errors.ErrUnsupported }
func writeNow(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
