package ws

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// refusal says why a handshake is refused, with the HTTP status for the answer.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("ws: handshake refused (%d): %s", r.status, r.reason)
}

// Upgrade makes a WebSocket connection of an HTTP/1.1 request. o may be nil. When Upgrade fails, it has answered the
// request: 405 for another method than GET, 403 for an origin that is not allowed, 426 with Sec-WebSocket-Version for
// another version or a request that asks for no upgrade, 400 for everything else that does not follow RFC 6455,
// section 4.2.1.
//
// The connection refers to neither w nor r. To free what net/http holds for the request, return from the handler and read
// in another goroutine.
func Upgrade(w http.ResponseWriter, r *http.Request, o *Options) (*Conn, error) {
	if o == nil {
		o = &Options{}
	}
	answer, terms, err := prepare(r, o)
	if err != nil {
		refuse(w, err)
		return nil, err
	}
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return nil, fmt.Errorf("ws: take over the connection: %w", err)
	}
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err == nil {
		err = errors.Join(nc.SetDeadline(time.Time{}), nc.SetWriteDeadline(time.Now().Add(o.handshakeTimeout())))
	}
	if err == nil {
		_, err = nc.Write(answer)
	}
	if err == nil {
		err = nc.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("ws: answer the handshake: %w", err)
	}
	return newConn(nc, early, terms), nil
}

// prepare checks the request. It returns the answer, and what it agrees on.
func prepare(r *http.Request, o *Options) (answer []byte, t terms, err error) {
	key, err := checkRequest(r)
	if err != nil {
		return nil, t, err
	}
	if check := o.CheckOrigin; check != nil && !check(r) || check == nil && !sameHost(r) {
		return nil, t, &refusal{http.StatusForbidden, "origin not allowed"}
	}
	t.opts = o
	head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		acceptKey(key) + "\r\n"
	if t.subprotocol, err = chooseSubprotocol(r.Header["Sec-Websocket-Protocol"], o.Subprotocols); err != nil {
		return nil, t, err
	}
	if t.subprotocol != "" {
		head += "Sec-WebSocket-Protocol: " + t.subprotocol + "\r\n"
	}
	extensions, window, err := acceptDeflate(r.Header["Sec-Websocket-Extensions"])
	if err != nil {
		return nil, t, &refusal{http.StatusBadRequest, err.Error()}
	}
	if o.Compress && window != 0 {
		t.window = window
		head += "Sec-WebSocket-Extensions: " + extensions + "\r\n"
	}
	return []byte(head + "\r\n"), t, nil
}

// checkRequest checks everything in the request that does not depend on options, and returns the key.
func checkRequest(r *http.Request) (key string, err error) {
	switch {
	case r.Method != http.MethodGet:
		return "", &refusal{http.StatusMethodNotAllowed, "method is not GET"}
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return "", &refusal{http.StatusBadRequest, "a WebSocket needs HTTP/1.1, and this request came as " + r.Proto}
	case !hasToken(r.Header["Connection"], "upgrade") || !hasToken(r.Header["Upgrade"], "websocket"):
		return "", &refusal{http.StatusUpgradeRequired, "this is a WebSocket"}
	case r.ContentLength != 0:
		return "", &refusal{http.StatusBadRequest, "request with a body"}
	}
	if versions := r.Header["Sec-Websocket-Version"]; len(versions) > 1 {
		return "", &refusal{http.StatusBadRequest, "Sec-WebSocket-Version more than once"}
	} else if len(versions) == 0 || versions[0] != "13" {
		return "", &refusal{http.StatusUpgradeRequired, "Sec-WebSocket-Version is not 13"}
	}
	keys := r.Header["Sec-Websocket-Key"]
	if len(keys) != 1 {
		return "", &refusal{http.StatusBadRequest, "Sec-WebSocket-Key not once"}
	}
	if nonce, err := base64.StdEncoding.Strict().DecodeString(keys[0]); err != nil || len(nonce) != 16 || len(keys[0]) != 24 {
		return "", &refusal{http.StatusBadRequest, "Sec-WebSocket-Key is not 16 bytes in base64"}
	}
	return keys[0], nil
}

func refuse(w http.ResponseWriter, err error) {
	status, reason := http.StatusInternalServerError, "internal error"
	if r, ok := errors.AsType[*refusal](err); ok {
		status, reason = r.status, r.reason
	}
	switch status {
	case http.StatusBadRequest:
		w.Header().Set("Connection", "close") // else net/http waits for a body before it answers
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodGet)
	case http.StatusUpgradeRequired: // RFC 9110, section 15.5.22, wants Upgrade; RFC 6455, section 4.4, the version
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Version", "13")
	}
	http.Error(w, reason, status)
}

// sameHost is the default check of origins.
func sameHost(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true // not a browser
	}
	u, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// chooseSubprotocol returns the first of ours that is offered, "" when none is.
func chooseSubprotocol(lines, ours []string) (string, error) {
	if len(lines) == 0 {
		return "", nil
	}
	offered := elements(lines)
	if len(offered) == 0 || slices.ContainsFunc(offered, func(p string) bool { return !isToken(p) }) {
		return "", &refusal{http.StatusBadRequest, "malformed Sec-WebSocket-Protocol"}
	}
	for _, p := range ours {
		if slices.Contains(offered, p) {
			return p, nil
		}
	}
	return "", nil
}
