package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"salon/internal/protocol"
	"salon/internal/ws"
)

// Conn is one connection as the client needs it: whole messages of text.
type Conn interface {
	// Read gives the next message, valid until the next Read. Errors: [*CloseError] when the server closed.
	Read() ([]byte, error)
	// Write queues a message and never waits. The client takes care that little is ever queued.
	Write(message []byte)
	// Close says goodbye; Read fails once the other side has answered it.
	Close(code int, reason string)
	// Kill ends the connection at once; Read fails.
	Kill()
	// Done is closed when nothing of the connection is left.
	Done() <-chan struct{}
}

// maxMessage bounds what one message of the server may hold. A page is about 1 MiB, or one event, of which JSON may make six times
// what its text has. A server that sends more is not believed.
const maxMessage = 64 << 20

var errNoSubprotocol = errors.New("no Salon server answers there")

// DialWebSocket opens the real thing: what a client uses that is not told to dial in another way.
func DialWebSocket(ctx context.Context, url string) (Conn, error) {
	c, err := ws.Dial(ctx, url, &ws.DialOptions{
		Subprotocols: []string{protocol.Subprotocol},
		Compress:     true,
		MaxMessage:   maxMessage,
	})
	if err != nil {
		return nil, &DialError{URL: url, Status: statusOf(err), Err: err}
	}
	if c.Subprotocol() != protocol.Subprotocol {
		c.Close(1000, "")
		<-c.Done()
		return nil, &DialError{URL: url, Err: errNoSubprotocol}
	}
	return webSocket{c}, nil
}

// statusOf is the HTTP status of an answer that was no upgrade, 0 for another error.
func statusOf(err error) int {
	var answered *ws.StatusError
	if errors.As(err, &answered) {
		return answered.Status
	}
	return 0
}

type webSocket struct{ c *ws.Conn }

func (w webSocket) Read() ([]byte, error) {
	_, b, err := w.c.Read()
	var closed *ws.CloseError
	if errors.As(err, &closed) {
		return nil, &CloseError{Code: int(closed.Code), Reason: printable(closed.Reason)}
	}
	return b, err
}

func (w webSocket) Write(b []byte) {
	w.c.Queue(ws.NewMessage(ws.Text, b))
	w.c.Flush()
}

func (w webSocket) Close(code int, reason string) { w.c.Close(code, reason) }
func (w webSocket) Kill()                         { w.c.Kill() }
func (w webSocket) Done() <-chan struct{}         { return w.c.Done() }

// ParseAddress makes the URL to dial of what a person writes: "host", "host:port", or a URL of http, https, ws or wss.
// Without a path it is /ws, without a port and scheme it is port 8888.
func ParseAddress(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", errors.New("the server's address is empty")
	}
	bare := !strings.Contains(address, "://")
	if bare {
		address = "ws://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("the server's address: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return "", fmt.Errorf("the server's address: unknown scheme %q", u.Scheme)
	}
	if u.Hostname() == "" {
		return "", fmt.Errorf("the server's address: no host in %q", address)
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
