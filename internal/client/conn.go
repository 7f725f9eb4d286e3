package client

import (
	"context"
	"errors"

	"salon/internal/protocol"
	"salon/internal/ws"
)

// Conn is one connection as the client needs it: it carries whole text messages.
type Conn interface {
	// Read returns the next message, which is valid until the next Read. Errors: [*CloseError] when the server closed.
	Read() ([]byte, error)
	// Write queues a message and never waits. The client keeps the queue short.
	Write(message []byte)
	// Close sends a close frame. Read fails once the other side has answered it.
	Close(code int, reason string)
	// Kill ends the connection at once; Read fails.
	Kill()
	// Done is closed once the connection has released everything.
	Done() <-chan struct{}
}

// maxMessage bounds one message of the server. A page has about 1 MiB, or one event; JSON can make the text of an event six
// times as long. The client drops a server that sends more.
const maxMessage = 64 << 20

// DialWebSocket opens a WebSocket connection. A client uses it unless [Options.Dial] is set.
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
		return nil, &DialError{URL: url, Err: ErrNotSalon}
	}
	return webSocket{c}, nil
}

// statusOf returns the HTTP status of an answer that was no upgrade; 0 for any other error.
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
