//go:build !linux

package ws

import "errors"

// Poller is for Linux.
type Poller struct{}

type watch struct{ ready func() }

func (w *watch) end() {}

// NewPoller fails elsewhere, with [errors.ErrUnsupported].
func NewPoller() (*Poller, error) { return nil, errors.ErrUnsupported }

// Close does nothing.
func (p *Poller) Close() error { return nil }

// Watch is not for here: no connection is Watchable.
func (p *Poller) Watch(*Conn, func()) {}

// Watchable is false.
func (c *Conn) Watchable() bool { return false }
