package client

import (
	"fmt"
	"net/url"
	"strings"
)

// AddressError says what is wrong with the server's address.
type AddressError struct {
	Address string
	Scheme  string // the scheme that is not known; "" when the address has another fault
	Err     error  // why the address could not be parsed; nil when the address has another fault
}

func (e *AddressError) Error() string {
	switch {
	case e.Address == "":
		return "the server's address is empty"
	case e.Err != nil:
		return fmt.Sprintf("the server's address: %v", e.Err)
	case e.Scheme != "":
		return fmt.Sprintf("the server's address: unknown scheme %q", e.Scheme)
	}
	return fmt.Sprintf("the server's address: no host in %q", e.Address)
}

func (e *AddressError) Unwrap() error { return e.Err }

// ParseAddress returns the URL to dial for an address that a person writes: "host", "host:port", or a URL with the scheme
// http, https, ws or wss. Without a path the path is /ws. Without a scheme and a port the port is 8888.
// Errors: [*AddressError].
func ParseAddress(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", &AddressError{}
	}
	bare := !strings.Contains(address, "://")
	if bare {
		address = "ws://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", &AddressError{Address: address, Err: err}
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return "", &AddressError{Address: address, Scheme: u.Scheme}
	}
	if u.Hostname() == "" {
		return "", &AddressError{Address: address}
	}
	if bare && u.Port() == "" {
		u.Host += ":8888"
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	u.Fragment = ""
	return u.String(), nil
}
