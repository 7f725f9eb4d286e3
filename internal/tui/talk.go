package tui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/lang"
)

// Options of the terminal client. The zero value talks in the lobby of the server on this machine.
type Options struct {
	Address string   // see [client.ParseAddress]; "127.0.0.1:8888" when empty
	Rooms   []string // joined at the start; the user talks in the first; [chat.DefaultRoom] when empty
	Name    string   // when empty: $SALON_NAME; then the token's user; then a terminal asks, and a pipe uses $USER
	Token   string   // be this token's user and no other; when empty, the token in TokenDir for the name. It is not saved in TokenDir
	Lang    lang.Lang
	Agent   string // names this client in the server's log
	Color   string // "auto" (the default), "always", "never"

	LogFile  string // the talk is appended to this file
	TokenDir string // the folder of tokens.json; when empty, one in the user's configuration folder

	// Last is how many earlier messages a room begins with; nil for 50 at a terminal and none in a pipe.
	Last   *int
	JSON   bool // pipe: a line of the output is a JSON event
	Follow bool // pipe: go on after the end of the input, until a signal

	waits waits               // the usual ones when zero
	env   func(string) string // what the environment says of the terminal; os.Getenv when nil

	In, Out *os.File  // the process's own when nil
	Err     io.Writer // os.Stderr when nil
}

// waits bound how long the terminal client waits for a server that may be slow.
type waits struct {
	call    time.Duration // for the answer to a command
	goodbye time.Duration // for what was typed to be delivered, when the user leaves the screen
	last    time.Duration // for what was sent to be delivered, when a pipe has a reason to end
	echo    time.Duration // for what was acknowledged to come back as events, at the end of a pipe
}

var usualWaits = waits{call: 15 * time.Second, goodbye: 3 * time.Second, last: 5 * time.Second, echo: time.Minute}

// talk is what the screen and the pipe have in common: the options, with what is not set filled in.
type talk struct {
	Options
	url    string
	rooms  []chat.RoomID
	tokens tokens
	log    *logFile
	warn   func(line string) // tells the user something that is not part of the talk
}

func newTalk(o Options) (*talk, error) {
	t := &talk{Options: o}
	t.warn = func(line string) { fmt.Fprintln(t.Err, "salon:", line) }
	if t.waits == (waits{}) {
		t.waits = usualWaits
	}
	if t.env == nil {
		t.env = os.Getenv
	}
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
		t.warn(t.Lang.Text("your identity is not kept: %v", t.Lang.Problem(err)))
	}
	if t.log, err = openLog(o.LogFile); err != nil {
		return nil, errors.New(t.Lang.Text("cannot write the log file: %v", t.Lang.Problem(err)))
	}
	return t, nil
}

// client returns the client's options for a name. A room begins with usual earlier messages unless the options say how many.
func (t *talk) client(name string, usual int, on func(client.Notice)) client.Options {
	token := t.Token
	if token == "" {
		var err error
		if token, err = t.tokens.load(t.url, name); err != nil {
			t.warn(t.Lang.Text("your identity is not kept: %v", t.Lang.Problem(err)))
		}
	}
	return client.Options{
		URL: t.url, Name: name, Token: token, Lang: t.Lang.String(), Agent: t.Agent, Rooms: t.rooms, On: on,
		TokenOnly: t.Token != "", Last: t.last(usual),
	}
}

// last returns [client.Options.Last] for the number that was asked for, or for usual when none was.
func (t *talk) last(usual int) int {
	if t.Last != nil {
		usual = *t.Last
	}
	if usual <= 0 {
		return -1 // none: 0 means the default
	}
	return usual
}
