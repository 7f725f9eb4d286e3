package ws

import (
	"fmt"
	"unicode/utf8"
)

// Close codes of RFC 6455, section 7.4.1, and of the IANA registry that continues it.
const (
	CloseNormal         = 1000
	CloseGoingAway      = 1001
	CloseProtocolError  = 1002
	CloseUnsupported    = 1003
	CloseNoCode         = 1005 // never on the wire: the peer's close frame had no code
	CloseInvalidData    = 1007
	ClosePolicy         = 1008
	CloseTooBig         = 1009
	CloseInternalError  = 1011
	CloseServiceRestart = 1012
	CloseTryAgainLater  = 1013
)

// maxReason is the room for the reason in a close frame, in bytes: 125 less the code.
const maxReason = 123

// CloseError says that a connection ended by the protocol: either the peer sent a close frame, or the peer broke the rules
// and was sent a close frame with this code.
type CloseError struct {
	Code   int
	Reason string
	Remote bool // the peer sent the close frame; otherwise this side found a fault
}

func (e *CloseError) Error() string {
	if e.Remote {
		return fmt.Sprintf("ws: closed by the peer: %d %q", e.Code, e.Reason)
	}
	return fmt.Sprintf("ws: closed for a fault of the peer: %d %s", e.Code, e.Reason)
}

func fault(code int, reason string) error { return &CloseError{Code: code, Reason: reason} }

// validCloseCode tells whether a close frame may have this code: section 7.4 and the IANA registry (1012 to 1014).
func validCloseCode(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// parseClose reads the payload of a peer's close frame.
func parseClose(p []byte) (*CloseError, error) {
	if len(p) == 0 {
		return &CloseError{Code: CloseNoCode, Remote: true}, nil
	}
	if len(p) == 1 {
		return nil, fault(CloseProtocolError, "close frame of one byte")
	}
	code := int(p[0])<<8 | int(p[1])
	if !validCloseCode(code) {
		return nil, fault(CloseProtocolError, "invalid close code")
	}
	if !utf8.Valid(p[2:]) {
		return nil, fault(CloseInvalidData, "close reason is not UTF-8")
	}
	return &CloseError{Code: code, Reason: string(p[2:]), Remote: true}, nil
}

// closePayload returns the payload of a close frame. 0 and CloseNoCode stand for no code. A reason that is too long is cut
// between two characters, and a reason that is not UTF-8 is left out.
func closePayload(code int, reason string) []byte {
	if code == 0 || code == CloseNoCode {
		return nil
	}
	if !validCloseCode(code) {
		code = CloseInternalError
	}
	if !utf8.ValidString(reason) {
		reason = ""
	}
	if len(reason) > maxReason {
		cut := maxReason
		for !utf8.RuneStart(reason[cut]) {
			cut--
		}
		reason = reason[:cut]
	}
	return append([]byte{byte(code >> 8), byte(code)}, reason...)
}
