//go:build !linux

package ws

import "errors"

// Poller exists on Linux only.
type Poller struct{}

// NewPoller fails with [errors.ErrUnsupported].
func NewPoller() (*Poller, error) { return nil, errors.ErrUnsupported }

// Close does nothing.
func (p *Poller) Close() error { return nil }

// Watch is never called: no connection is Watchable.
func (p *Poller) Watch(*Conn, func()) {}
