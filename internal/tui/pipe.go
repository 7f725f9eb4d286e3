package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"unicode/utf8"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/input"
	"salon/internal/protocol"
)

// maxInputLine is in bytes. The server's own limit is lower and has an error of its own.
const maxInputLine = 1 << 20

// errOutput says that nobody reads the output any more. The pipe then ends, as filters do.
var errOutput = errors.New("output closed")

// pipe is a talk without a terminal.
type pipe struct {
	*talk
	c    *client.Client
	stop context.CancelCauseFunc

	mu      sync.Mutex // guards what follows; the client's goroutine writes it, and the one that ends the talk reads it
	shown   map[chat.RoomID]uint64
	acked   map[chat.RoomID]uint64
	refused int
	noted   chan struct{} // shown or acked has changed
}

// runPipe sends the lines of the input and prints the events. It ends when the input has ended (with Follow: when ctx
// ends) and everything is acknowledged and shown.
func runPipe(ctx context.Context, t *talk) error {
	name := t.Name
	if name == "" && t.Token == "" {
		name = os.Getenv("USER")
	}
	if name == "" && t.Token == "" {
		return errors.New(t.Lang.Text("a pipe needs a name: --name, or SALON_NAME"))
	}
	// A write to a closed output must fail. It must not end the process before what was read is delivered.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)

	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p := &pipe{
		talk: t, stop: stop, noted: make(chan struct{}, 1),
		shown: map[chat.RoomID]uint64{}, acked: map[chat.RoomID]uint64{},
	}
	o := t.client(name, 0, p.on)
	o.FirstTry = true
	o.SaveToken = func(token string) {
		if err := t.tokens.save(t.url, name, token); err != nil {
			t.warn(t.Lang.Text("your identity is not kept: %v", t.Lang.Problem(err)))
		}
	}
	p.c = client.New(o)
	err := p.run(working)
	if err == nil && ctx.Err() != nil && !p.Follow {
		err = errors.New(t.Lang.Text("interrupted"))
	}
	return err
}

// run talks until the end. It returns an error when the talk ended early and nobody asked for that.
func (p *pipe) run(ctx context.Context) error {
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	gone := make(chan error, 1)
	go func() {
		err := p.c.Run(running)
		if running.Err() == nil {
			p.stop(err) // the goroutine that reads the input must end too
		}
		gone <- err
	}()
	err := p.feed(ctx)
	end()
	if lost := <-gone; !errors.Is(lost, context.Canceled) {
		if refused := (*client.Error)(nil); errors.As(lost, &refused) {
			return errors.New(p.refusal(refused))
		}
		return errors.New(explain(p.Lang, lost))
	}
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, errOutput) {
		err = cause
	}
	switch left := p.c.Pending(); {
	case left > 0:
		return errors.New(p.Lang.Text("lines not delivered: %d", left))
	case err != nil:
		return err
	case p.refused > 0:
		return errors.New(p.Lang.Text("lines refused: %d", p.refused))
	}
	return nil
}

// feed sends the input and waits until it is delivered. What was read is delivered even when the output is closed.
func (p *pipe) feed(ctx context.Context) error {
	for _, id := range p.rooms {
		if err := p.c.Join(ctx, id); err != nil {
			return p.quiet(err)
		}
	}
	in := input.Open(ctx, p.In)
	defer in.Close()
	err := input.Lines(in, maxInputLine, func(line string) error {
		if !chat.ShowsSomething(line) {
			return nil
		}
		return p.send(ctx, line)
	})
	switch {
	case err == nil && p.Follow:
		<-ctx.Done()
	case errors.Is(err, input.ErrEncoding):
		err = errors.New(p.Lang.Text("the input is not UTF-8: convert it first, for instance with iconv -t UTF-8"))
	case errors.Is(err, input.ErrLong):
		err = errors.New(p.Lang.Text("a line of the input has more than %d bytes", maxInputLine))
	}
	if p.c.Flush(ctx) != nil { // there is a reason to end
		ctx = context.WithoutCancel(ctx)
		p.deliver(ctx)
	}
	p.awaitEchoes(ctx)
	return p.quiet(err)
}

// deliver waits until what was read is delivered, as long as the server goes on acknowledging. What is left then is counted at
// the end.
func (p *pipe) deliver(ctx context.Context) {
	for left, before := p.c.Pending(), -1; left > 0 && left != before; left, before = p.c.Pending(), left {
		bounded, cancel := context.WithTimeout(ctx, p.waits.last)
		_ = p.c.Flush(bounded)
		cancel()
	}
}

// quiet drops an error that only says that it is time to end.
func (p *pipe) quiet(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, client.ErrEnded) || errors.Is(err, errOutput) {
		return nil
	}
	return err
}

func (p *pipe) send(ctx context.Context, line string) error {
	if !utf8.ValidString(line) {
		p.refuse(line, chat.Problemf("this line is not UTF-8"))
		return nil
	}
	_, err := p.c.Send(ctx, p.rooms[0], line)
	var refused *client.Error
	if errors.As(err, &refused) {
		p.refuse(line, refused)
		return nil
	}
	return err
}

func (p *pipe) refuse(line string, err error) {
	p.mu.Lock()
	p.refused++
	p.mu.Unlock()
	p.warn(p.Lang.Text("refused: %s: %s", explain(p.Lang, err), shorten(protocol.Visible(oneLine(line)), 60)))
}

// on is called by the client, from one goroutine.
func (p *pipe) on(n client.Notice) {
	l := p.Lang
	switch n := n.(type) {
	case client.Event:
		p.print(&n.Event, n.Past)
	case client.Acked:
		p.note(p.acked, n.Room, n.Seq)
	case client.Refused:
		p.refuse(n.Text, n.Err)
	case client.Left:
		p.stop(errors.New(l.Text("the room %s: %s", n.Room, explain(l, n.Err))))
	case client.Lost:
		if p.c.User().ID == "" {
			p.warn(l.Text("%s; next try in %s", unreachable(l, p.url, n.Err), seconds(n.Retry)))
			return
		}
		p.warn(l.Text("connection lost: %s; next try in %s", explain(l, n.Err), seconds(n.Retry)))
	case client.Welcome:
		if !n.First {
			p.warn(l.Text("connected again"))
		}
	case client.Reset:
		p.warn(l.Text("the room %s begins anew: its history was removed", n.Room))
	case client.Complaint:
		p.warn(explain(l, n.Err))
	}
}

func (p *pipe) print(e *chat.Event, past bool) {
	if !past {
		if err := p.log.event(e); err != nil {
			p.warn(p.Lang.Text("cannot write the log file: %v", p.Lang.Problem(err)))
		}
	}
	var line []byte
	if p.JSON {
		line = appendJSON(nil, e)
	} else {
		line = appendLine(nil, e)
	}
	if _, err := p.Out.Write(line); err != nil {
		if !errors.Is(err, syscall.EPIPE) {
			p.stop(fmt.Errorf("%s", p.Lang.Text("cannot write: %v", p.Lang.Problem(err))))
			return
		}
		p.stop(errOutput)
	}
	p.note(p.shown, e.Room, e.Seq)
}

func (p *pipe) note(where map[chat.RoomID]uint64, room chat.RoomID, seq uint64) {
	p.mu.Lock()
	where[room] = max(where[room], seq)
	p.mu.Unlock()
	select {
	case p.noted <- struct{}{}:
	default:
	}
}

// awaitEchoes waits until every acknowledged send has come back as an event and is printed.
func (p *pipe) awaitEchoes(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, p.waits.echo)
	defer cancel()
	for !p.echoed() {
		select {
		case <-p.noted:
		case <-ctx.Done():
			return
		}
	}
}

func (p *pipe) echoed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for room, seq := range p.acked {
		if p.shown[room] < seq {
			return false
		}
	}
	return true
}
