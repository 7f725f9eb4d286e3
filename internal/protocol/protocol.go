// Package protocol is the wire: the requests, answers and pushes of salon.v1.json, and the lines of text mode.
//
// It turns bytes into requests and values into bytes, and does no I/O. docs/PROTOCOL.md describes it for others; the
// frames in testdata/ are replayed by the tests of this package and of the browser client.
package protocol

// Subprotocol is the WebSocket subprotocol of the JSON way in. Without it a connection speaks text mode.
const Subprotocol = "salon.v1.json"

// Close codes. The hundreds say whether to come back: 40xx not unchanged, 41xx after a pause, 42xx at once.
const (
	CloseBadHello     = 4001
	CloseKicked       = 4003
	CloseOrigin       = 4005 // the page's host may not connect
	CloseHelloTimeout = 4008
	CloseUnavailable  = 4100 // the store does not answer
	CloseIdle         = 4101 // nothing came for too long, pongs neither
	CloseTooMany      = 4102 // too many connections from this address
	CloseRestart      = 4200
)
