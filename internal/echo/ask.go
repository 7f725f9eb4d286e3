package echo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"

	"salon/internal/input"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// Ask sends each line of in to the server at address, see [protocol.ParseAddress], and prints to out what is sent (">>> …") and what
// is received ("<<< …"). At a terminal it asks for each message. It returns when in or ctx ends. Its errors are one line for
// people: the server cannot be reached, the connection is lost, in or out fails.
func Ask(ctx context.Context, address string, in io.Reader, out io.Writer, l lang.Lang) error {
	u, err := protocol.ParseAddress(address)
	if err != nil {
		return errors.New(protocol.Visible(l.Problem(err)))
	}
	url := u.String()
	conn, err := ws.Dial(ctx, url, &ws.DialOptions{Compress: true, MaxMessage: MaxMessage + 1<<10})
	if err != nil {
		return errors.New(l.Text("cannot reach %s: %s", url, why(l, err)))
	}
	defer conn.Kill()
	stop := context.AfterFunc(ctx, conn.Kill)
	defer stop()
	prompt := func() {}
	if isTerminal(in) && isTerminal(out) {
		prompt = func() { io.WriteString(out, l.Text("Message: ")) }
		defer io.WriteString(out, "\n") // after the last prompt, which was not answered
	}
	lines := input.Open(ctx, in)
	defer lines.Close()
	prompt()
	err = input.Lines(lines, MaxMessage, func(text string) error {
		if err := exchange(conn, out, text); err != nil {
			return err
		}
		prompt()
		return nil
	})
	if ctx.Err() != nil {
		return nil
	}
	var closed *ws.CloseError
	switch {
	case errors.As(err, &closed):
		return errors.New(l.Text("the server closed the connection (%d)", closed.Code))
	case errors.Is(err, input.ErrEncoding):
		return errors.New(l.Text("the input is not UTF-8: convert it first, for instance with iconv -t UTF-8"))
	case errors.Is(err, input.ErrLong):
		return errors.New(l.Text("a line of the input has more than %d bytes", MaxMessage))
	}
	if err == nil {
		conn.Close(1000, "")
		<-conn.Done() // the connection bounds how long it waits
		return nil
	}
	return err
}

// why says why there is no connection.
func why(l lang.Lang, err error) string {
	var answered *ws.StatusError
	if errors.As(err, &answered) {
		return l.Text("it answered with HTTP status %d", answered.Status)
	}
	return protocol.Visible(l.Cause(err))
}

// exchange sends a text and waits for the answer. Errors: [input.ErrEncoding] for a text that a frame cannot carry.
func exchange(conn *ws.Conn, out io.Writer, text string) error {
	if !utf8.ValidString(text) {
		return input.ErrEncoding
	}
	if _, err := fmt.Fprintf(out, ">>> %s\n", protocol.Visible(text)); err != nil {
		return err
	}
	conn.Queue(ws.NewMessage(ws.Text, []byte(text)))
	conn.Flush()
	_, answer, err := conn.Read()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "<<< %s\n", protocol.Visible(string(answer)))
	return err
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
