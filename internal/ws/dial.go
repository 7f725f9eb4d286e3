package ws

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	maxAnswer = 64 << 10 // bytes of a server's answer to the handshake
	maxBody   = 1 << 10  // bytes kept of the body of an answer that refuses
)

// StatusError says that the server answered the handshake with a status other than 101.
type StatusError struct {
	Status int
	Header http.Header
	Body   string // its first KiB
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("ws: server answered %d %s", e.Status, http.StatusText(e.Status))
}

// Dial connects to a ws:// or wss:// URL. o may be nil. ctx bounds the time to connect and for the handshake, not the life
// of the connection. Errors: StatusError, the context's, the network's, and those of an answer that is not a WebSocket
// handshake.
func Dial(ctx context.Context, rawURL string, o *DialOptions) (*Conn, error) {
	if o == nil {
		o = &DialOptions{}
	}
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	nc, err := connect(ctx, u, o)
	if err != nil {
		return nil, fmt.Errorf("ws: dial %s: %w", u.Host, err)
	}
	c, err := dialOver(ctx, nc, u, o)
	if err != nil {
		nc.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("ws: handshake with %s: %w", u.Host, err)
	}
	return c, nil
}

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("ws: %w", err)
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Hostname() == "" {
		return nil, fmt.Errorf("ws: %q is not a ws:// or wss:// URL", raw)
	}
	return u, nil
}

// connect makes the network connection, with TLS when u asks for it.
func connect(ctx context.Context, u *url.URL, o *DialOptions) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "wss" {
			port = "443"
		}
	}
	dial := o.NetDial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	nc, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || u.Scheme == "ws" {
		return nc, err
	}
	config := o.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	config.NextProtos = []string{"http/1.1"} // a server must not choose HTTP/2
	tc := tls.Client(nc, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

// dialOver does the handshake over nc.
func dialOver(ctx context.Context, nc net.Conn, u *url.URL, o *DialOptions) (*Conn, error) {
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	key := newKey()
	if err := newRequest(u, key, o).Write(nc); err != nil {
		return nil, err
	}
	br := bufio.NewReader(io.LimitReader(nc, maxAnswer))
	answer, err := http.ReadResponse(br, nil)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(answer.Body, maxBody))
		return nil, &StatusError{Status: answer.StatusCode, Header: answer.Header, Body: string(body)}
	}
	terms, err := checkAnswer(answer.Header, key, o)
	if err != nil {
		return nil, err
	}
	early, err := br.Peek(br.Buffered())
	if err != nil {
		return nil, err
	}
	if !stop() {
		return nil, ctx.Err() // the deadline may be set already
	}
	return newConn(nc, early, terms), nil
}

func newKey() string {
	var nonce [16]byte
	rand.Read(nonce[:])
	return base64.StdEncoding.EncodeToString(nonce[:])
}

func newRequest(u *url.URL, key string, o *DialOptions) *http.Request {
	target := *u
	target.Fragment, target.User = "", nil
	r := &http.Request{
		Method: http.MethodGet, URL: &target, Host: u.Host, Header: o.Header.Clone(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	if u.User != nil {
		password, _ := u.User.Password()
		r.SetBasicAuth(u.User.Username(), password)
	}
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Connection", "Upgrade")
	r.Header["Sec-WebSocket-Key"] = []string{key} // spelled as in RFC 6455: some servers insist
	r.Header["Sec-WebSocket-Version"] = []string{"13"}
	if len(o.Subprotocols) > 0 {
		r.Header["Sec-WebSocket-Protocol"] = []string{strings.Join(o.Subprotocols, ", ")}
	}
	if o.Compress {
		r.Header["Sec-WebSocket-Extensions"] = []string{deflateOffer}
	}
	return r
}

// checkAnswer checks the server's answer (RFC 6455, section 4.1), and returns what it agrees on.
func checkAnswer(h http.Header, key string, o *DialOptions) (terms, error) {
	t := terms{opts: o.options(), client: true}
	switch accepts := h["Sec-Websocket-Accept"]; {
	case !hasToken(h["Upgrade"], "websocket") || !hasToken(h["Connection"], "upgrade"):
		return t, errors.New("answer without upgrade")
	case len(accepts) != 1 || accepts[0] != acceptKey(key):
		return t, errors.New("Sec-WebSocket-Accept does not match")
	}
	if chosen := h["Sec-Websocket-Protocol"]; len(chosen) > 0 {
		if len(chosen) > 1 || !slices.Contains(o.Subprotocols, chosen[0]) {
			return t, errors.New("a subprotocol that was not offered")
		}
		t.subprotocol = chosen[0]
	}
	compress, err := checkDeflateAnswer(h["Sec-Websocket-Extensions"], o.Compress)
	if compress {
		t.window = maxWindow
	}
	return t, err
}
