package client

import "salon/internal/protocol"

// ParseAddress returns the URL to dial for an address that a person writes, see [protocol.ParseAddress]. Without a path the
// path is /ws. Errors: [*chat.Problem].
func ParseAddress(address string) (string, error) {
	u, err := protocol.ParseAddress(address)
	if err != nil {
		return "", err
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	return u.String(), nil
}
