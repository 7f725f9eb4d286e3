package tui

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/lang"
	"salon/internal/protocol"
)

// explain says an error of the client to people. The result is safe to print, whatever the server wrote into it.
func explain(l lang.Lang, err error) string { return protocol.Visible(reason(l, err)) }

func reason(l lang.Lang, err error) string {
	var dial *client.DialError
	if errors.As(err, &dial) {
		return l.Text("cannot reach %s: %v", dial.URL, cause(l, dial))
	}
	var closed *client.CloseError
	switch {
	case errors.As(err, &closed) && closed.Message == "" && closed.Reason == "":
		return l.Text("the server closed the connection (%d)", closed.Code)
	case errors.As(err, &closed) && closed.Message == "":
		return fmt.Sprintf("%s (%d)", closed.Reason, closed.Code)
	case errors.Is(err, client.ErrSilent):
		return l.Text("the server does not answer")
	case errors.Is(err, client.ErrLost):
		return l.Text("the connection was lost before the answer came")
	case errors.Is(err, client.ErrNotJoined):
		return l.Text("you are not in this room")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return l.Text("the server is gone")
	}
	return l.Problem(err)
}

// unreachable says why there is no connection to the server at url. The result names the address.
func unreachable(l lang.Lang, url string, err error) string {
	var dial *client.DialError
	if errors.As(err, &dial) {
		return explain(l, err)
	}
	return l.Text("cannot reach %s: %v", protocol.Visible(url), explain(l, err))
}

// refusal says why the server refused a name, and what to do when the name is somebody's.
func (t *talk) refusal(err *client.Error) string {
	why := explain(t.Lang, err)
	switch {
	case err.Code != chat.CodeNameTaken:
		return why
	case t.Token != "":
		return why + t.Lang.Text(". Take another name (--name)")
	}
	return why + t.Lang.Text(". Take another name (--name). If it is your own name on another machine or in a browser, bring its token along (--token, or SALON_TOKEN)")
}

// cause says why the server could not be reached.
func cause(l lang.Lang, err *client.DialError) string {
	switch {
	case err.Status != 0:
		return l.Text("it answered with HTTP status %d", err.Status)
	case errors.Is(err, client.ErrNotSalon):
		return l.Text("no Salon server answers there")
	}
	return l.Cause(err.Err)
}

// brief is explain for where there is little room: of a server that cannot be reached it says only why.
func brief(l lang.Lang, err error) string {
	var dial *client.DialError
	if errors.As(err, &dial) {
		return protocol.Visible(cause(l, dial))
	}
	return explain(l, err)
}
