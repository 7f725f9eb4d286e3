package tui

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/input"
	"salon/internal/protocol"
)

const (
	redrawEvery = 250 * time.Millisecond // what changes with time is drawn this often
	maxBatch    = 500                    // notices between two drawings
)

// errLeave says that the user wants to go.
var errLeave = errors.New("leave")

// screen is a talk at a terminal, under one name after the other. All of it belongs to the goroutine of runScreen.
type screen struct {
	*talk
	display display
	typed   <-chan []byte // what the keyboard sends; closed at its end
	resized <-chan os.Signal
}

func runScreen(ctx context.Context, t *talk) error {
	plain, colors := isPlain(t.env), depthOf(t.Color, t.env)
	tty, err := openTerminal(t.In, t.Out, plain, colors)
	if err != nil {
		return err
	}
	defer tty.restore()
	ctx, cancel := context.WithCancel(ctx)
	keys := input.Open(ctx, t.In)
	typed := make(chan []byte)
	var reading sync.WaitGroup
	defer func() { cancel(); reading.Wait(); keys.Close() }()
	reading.Go(func() { tty.guard(func() { readKeys(ctx, keys, typed) }) })
	resized, stop := resizes()
	defer stop()

	s := &screen{talk: t, typed: typed, resized: resized, display: display{
		term: tty, frame: frame{out: t.Out, plain: plain}, words: words{lang: t.Lang, depth: colors, width: tty.width},
	}}
	t.warn = s.display.warning
	err = s.run(ctx)
	s.display.flush()
	if errors.Is(err, errLeave) {
		return nil
	}
	return err
}

func readKeys(ctx context.Context, r *input.Reader, typed chan<- []byte) {
	defer close(typed)
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			select {
			case typed <- slices.Clone(buf[:n]):
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// run talks under one name after the other, until the server accepts one.
func (s *screen) run(ctx context.Context) error {
	for name, named := s.Name, s.Token != ""; ; name, named = "", false {
		if name == "" && !named {
			var err error
			if name, err = s.askName(ctx); err != nil {
				return err
			}
		}
		err := s.talkAs(ctx, name)
		var refused *client.Error
		if !errors.As(err, &refused) || refused.Code != chat.CodeNameTaken && refused.Code != chat.CodeInvalidName {
			return err
		}
		s.display.warning(s.refusal(refused))
	}
}

// talkAs talks under a name until the user leaves or the client ends for good.
func (s *screen) talkAs(ctx context.Context, name string) error {
	running, end := context.WithCancel(ctx)
	defer end()
	c := &conversation{
		talk: s.talk, display: &s.display, running: running, name: name, current: s.rooms[0],
		notices: make(chan any, 256), todo: make(chan func(), 16),
		oldest: map[chat.RoomID]uint64{}, people: map[string]bool{}, status: status{typing: map[chat.UserID]typist{}},
	}
	post := func(n any) {
		select {
		case c.notices <- n:
		case <-running.Done():
		}
	}
	o := s.client(name, chat.DefaultPage, func(n client.Notice) { post(n) })
	o.SaveToken = func(token string) { post(newToken(token)) }
	c.token = o.Token
	c.client = client.New(o)
	gone := make(chan error, 1)
	go c.term.guard(func() { gone <- c.client.Run(running) })

	err := s.loop(ctx, c, gone)
	end()
	c.others.Wait()
	left := c.client.Pending()
	switch {
	case err != nil && left > 0:
		c.warning(s.Lang.Text("messages not delivered: %d", left))
	case err == nil:
		<-gone
		err = errLeave
		if left = c.client.Pending(); left > 0 {
			err = errors.New(s.Lang.Text("messages not delivered: %d", left))
		}
	}
	return err
}

// loop shows what comes and does what is typed. Errors: those that ended the client.
func (s *screen) loop(ctx context.Context, c *conversation, gone chan error) error {
	var k keyboard
	clock := time.NewTicker(redrawEvery)
	defer clock.Stop()
	for !c.done {
		if redraw(c, time.Now()) != nil {
			return nil // the terminal is gone
		}
		select {
		case b, ok := <-s.typed:
			if !ok {
				return nil
			}
			c.keys(k.read(b))
		case n := <-c.notices:
			c.on(n)
			showWaiting(c)
		case then := <-c.todo:
			then()
		case <-s.resized:
		case <-clock.C:
		case err := <-gone:
			if ctx.Err() != nil { // the client ended because the talk is to end
				gone <- err
				return nil
			}
			showWaiting(c)
			if refused := (*client.Error)(nil); errors.As(err, &refused) {
				return err
			}
			return errors.New(explain(s.Lang, err))
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// showWaiting takes the notices that are waiting, so that one drawing shows many.
func showWaiting(c *conversation) {
	for range maxBatch {
		select {
		case n := <-c.notices:
			c.on(n)
		default:
			return
		}
	}
}

// redraw draws the new lines of the talk, what goes on, and the line that is typed.
func redraw(c *conversation, now time.Time) error {
	prompt := "#" + protocol.Visible(string(c.current)) + "> "
	if c.current == "" {
		prompt = "> "
	}
	rows := c.rows(&c.words, c.current, c.term.width()-1, now)
	return c.draw(rows, c.words.depth.paint(styleBold, prompt), prompt)
}
