// Package tui is the terminal client, salon chat: at a terminal a line editor under the talk, else a pipe.
//
// As a pipe, a line in is a message and a line out is an event: time, room, name and text, separated by tabs, see
// [appendLine]. Nothing else goes to the output; what there is to say to people goes to [Options.Err].
//
// Goroutines: the one that called [Run] owns the screen and all state; client.Run gives it notices over a channel, a reader
// gives it what is typed, and commands that wait for the server run beside and hand back what is to be done. Run waits for
// all of them. There is no lock.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/lang"
	"salon/internal/protocol"
)

// Options of the terminal client. The zero value talks in the lobby of the server on this machine.
type Options struct {
	Address string   // see [client.ParseAddress]; "127.0.0.1:8888" when empty
	Rooms   []string // joined at the start; the first is where one speaks; [chat.DefaultRoom] when empty
	Name    string   // else $SALON_NAME; else the token's; else a terminal asks and a pipe takes $USER
	Token   string   // of the user to be, and of no other; else what TokenDir keeps for the name. It is not kept there
	Lang    lang.Lang
	Agent   string // names this client in the server's log
	Color   string // "auto" (the default), "always", "never"

	LogFile  string // the talk is added to this file
	TokenDir string // where tokens.json is kept; the user's configuration folder when empty

	// Last is how many earlier messages a room begins with; nil for 50 at a terminal and none in a pipe.
	Last   *int
	JSON   bool // pipe: a line out is a JSON event
	Follow bool // pipe: go on after the input's end, until a signal

	In, Out *os.File  // the process's own when nil
	Err     io.Writer // os.Stderr when nil
}

// Run talks until the user leaves, the input of a pipe ends and all of it is acknowledged, ctx ends, or a signal
// (interrupt, terminate, hang-up) comes. Errors: one line for people, in their language.
func Run(ctx context.Context, o Options) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	t, err := newTalk(o)
	if err != nil {
		return err
	}
	defer t.log.close()
	if term.IsTerminal(int(t.In.Fd())) && term.IsTerminal(int(t.Out.Fd())) {
		return runScreen(ctx, t)
	}
	return runPipe(ctx, t)
}

// talk is what both ways of talking have: the options, made whole.
type talk struct {
	Options
	url    string
	rooms  []chat.RoomID
	tokens tokens
	log    *logFile
	warn   func(line string) // tells people something beside the talk
}

func newTalk(o Options) (*talk, error) {
	t := &talk{Options: o}
	t.warn = func(line string) { fmt.Fprintln(t.Err, "salon:", line) }
	if t.In == nil {
		t.In = os.Stdin
	}
	if t.Out == nil {
		t.Out = os.Stdout
	}
	if t.Err == nil {
		t.Err = os.Stderr
	}
	if t.Address == "" {
		t.Address = "127.0.0.1:8888"
	}
	if t.Name == "" {
		t.Name = os.Getenv("SALON_NAME")
	}
	var err error
	if t.url, err = client.ParseAddress(t.Address); err != nil {
		return nil, errors.New(t.Lang.Problem(err))
	}
	if len(o.Rooms) == 0 {
		o.Rooms = []string{string(chat.DefaultRoom)}
	}
	for _, name := range o.Rooms {
		id, err := chat.ParseTypedRoom(name)
		if err != nil {
			return nil, errors.New(t.Lang.Error(err))
		}
		t.rooms = append(t.rooms, id)
	}
	if t.tokens, err = openTokens(o.TokenDir); err != nil {
		t.warn(t.Lang.Text("your identity is not kept: %v", err))
	}
	if t.log, err = openLog(o.LogFile); err != nil {
		return nil, errors.New(t.Lang.Text("cannot write the log file: %v", err))
	}
	return t, nil
}

// client gives the options of the client for a name; a room begins with usual earlier messages if nobody said how many.
func (t *talk) client(name string, usual int, on func(client.Notice)) client.Options {
	token := t.Token
	if token == "" {
		var err error
		if token, err = t.tokens.load(t.url, name); err != nil {
			t.warn(t.Lang.Text("your identity is not kept: %v", err))
		}
	}
	return client.Options{
		URL: t.url, Name: name, Token: token, Lang: t.Lang.String(), Agent: t.Agent, Rooms: t.rooms, On: on,
		TokenOnly: t.Token != "", Last: t.last(usual),
	}
}

// last is [client.Options.Last] for what was asked, or for usual when nothing was.
func (t *talk) last(usual int) int {
	if t.Last != nil {
		usual = *t.Last
	}
	if usual <= 0 {
		return -1 // none; there 0 means something else
	}
	return usual
}

// explain says an error of the client to people, whatever the server at the other end wrote into it.
func explain(l lang.Lang, err error) string { return protocol.Visible(reason(l, err)) }

func reason(l lang.Lang, err error) string {
	var unreachable *client.DialError
	if errors.As(err, &unreachable) {
		return l.Text("cannot reach %s: %v", unreachable.URL, cause(l, unreachable))
	}
	var closed *client.CloseError
	switch {
	case errors.As(err, &closed) && closed.Message == "" && closed.Reason == "":
		return l.Text("the server closed the connection (%d)", closed.Code)
	case errors.As(err, &closed) && closed.Message == "":
		return fmt.Sprintf("%s (%d)", closed.Reason, closed.Code)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return l.Text("the server is gone")
	}
	return l.Problem(err)
}

// cause says why the server could not be reached, without the layers that the error came through.
func cause(l lang.Lang, err *client.DialError) string {
	if err.Status != 0 {
		return l.Text("it answered with HTTP status %d", err.Status)
	}
	root := err.Err
	for inner := errors.Unwrap(root); inner != nil; inner = errors.Unwrap(root) {
		root = inner
	}
	return l.Problem(root)
}

// brief is explain for where there is little room: of a server that cannot be reached it says only why.
func brief(l lang.Lang, err error) string {
	var unreachable *client.DialError
	if errors.As(err, &unreachable) {
		return protocol.Visible(cause(l, unreachable))
	}
	return explain(l, err)
}
