// Package tui is the terminal client, salon chat. At a terminal it shows the talk above a line editor; otherwise it works as
// a pipe.
//
// As a pipe, a line of the input is a message and a line of the output is an event: time, room, name and text, separated by
// tabs, see [appendLine]. Nothing else goes to the output. What the pipe has to say to people goes to [Options.Err].
//
// Goroutines: the goroutine that called [Run] owns the screen and all of its state. client.Run passes it notices over a
// channel, and a reader passes it what is typed. A command that waits for the server runs in a goroutine of its own and passes
// back what is to be done. Run waits for all of them. Only a pipe has a lock, pipe.mu.
package tui

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

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
