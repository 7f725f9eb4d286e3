package echo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"salon/internal/input"
	"salon/internal/lang"
	"salon/internal/protocol"
	"salon/internal/ws"
)

// Ask sends each line of in to the server at url and prints both ways to out: ">>> sent", "<<< received". At a terminal it
// asks for each message. It returns when in or ctx ends. Errors: those of connecting, a lost connection, in's and out's.
func Ask(ctx context.Context, url string, in io.Reader, out io.Writer, l lang.Lang) error {
	conn, err := ws.Dial(ctx, url, &ws.DialOptions{Compress: true, MaxMessage: MaxMessage + 1<<10})
	if err != nil {
		return fmt.Errorf("%s", l.Text("cannot reach %s: %v", url, err))
	}
	defer conn.Kill()
	stop := context.AfterFunc(ctx, conn.Kill)
	defer stop()
	prompt := func() {}
	if isTerminal(in) && isTerminal(out) {
		prompt = func() { io.WriteString(out, l.Text("Message: ")) }
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
	if errors.As(err, &closed) {
		return errors.New(l.Text("the server closed the connection (%d)", closed.Code))
	}
	if err == nil {
		conn.Close(1000, "")
		<-conn.Done() // bounded by the connection's own patience
		return nil
	}
	return err
}

func exchange(conn *ws.Conn, out io.Writer, text string) error {
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
