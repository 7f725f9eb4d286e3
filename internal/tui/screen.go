package tui

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"salon/internal/chat"
	"salon/internal/client"
	"salon/internal/input"
	"salon/internal/protocol"
)

const (
	goodbyeWait = 3 * time.Second        // for what was typed, when leaving
	showPending = 400 * time.Millisecond // a send that takes longer is shown as under way
	showTyping  = 6 * time.Second
	blink       = 250 * time.Millisecond // between looks at what changes by itself
	maxBatch    = 500                    // notices between two drawings
)

// errLeave says that the user wants to go.
var errLeave = errors.New("leave")

// screen is a talk at a terminal. All of it belongs to the goroutine of runScreen.
type screen struct {
	*talk
	words   words
	term    *terminal
	frame   frame
	edit    editor
	typed   <-chan []byte // what the keyboard sends; closed at its end
	resized <-chan os.Signal
	lines   []string // said and not drawn yet

	c       *client.Client
	running context.Context // of the present client; for what runs beside
	beside  sync.WaitGroup
	notices chan any // client.Notice, or a token to keep
	todo    chan func()
	done    bool
	leaving bool

	name    string
	token   string
	current chat.RoomID
	oldest  map[chat.RoomID]uint64 // the first event shown
	people  map[string]bool        // names seen, for Tab
	pending []pending
	typing  map[chat.UserID]typist
	lost    *lost
}

// newToken is a token to keep, or "" to forget the one there is.
type newToken string

// pending is a send that is not acknowledged.
type pending struct {
	cid, text string
	room      chat.RoomID
	at        time.Time
}

type typist struct {
	name  string
	room  chat.RoomID
	until time.Time
}

type lost struct {
	why   string
	until time.Time
}

func runScreen(ctx context.Context, t *talk) error {
	tty, err := openTerminal(t.In, t.Out)
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

	s := &screen{
		talk: t, term: tty, typed: typed, resized: resized,
		frame: frame{out: t.Out}, words: words{lang: t.Lang, depth: depthOf(t.Color, os.Getenv), width: tty.width},
	}
	t.warn = func(line string) { s.say(s.words.warn(line)) }
	err = s.run(ctx)
	s.flush()
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

// flush draws what is still to be said and takes the frame away.
func (s *screen) flush() {
	var b strings.Builder
	s.frame.erase(&b)
	for _, line := range s.lines {
		b.WriteString(s.frame.fold(line))
	}
	s.lines = nil
	s.frame.out.Write([]byte(b.String()))
}

// say puts lines above the frame, at the next drawing.
func (s *screen) say(lines ...string) { s.lines = append(s.lines, lines...) }

// run talks under one name after the other, until one is accepted.
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
		s.say(s.words.warn(explain(s.Lang, refused)))
	}
}

// talkAs talks under a name until the user leaves or the client ends for good.
func (s *screen) talkAs(ctx context.Context, name string) error {
	running, end := context.WithCancel(ctx)
	defer end()
	s.name, s.running = name, running
	s.notices, s.todo = make(chan any, 256), make(chan func(), 16)
	s.oldest, s.people, s.typing = map[chat.RoomID]uint64{}, map[string]bool{}, map[chat.UserID]typist{}
	s.pending, s.lost, s.current = nil, nil, s.rooms[0]
	post := func(n any) {
		select {
		case s.notices <- n:
		case <-running.Done():
		}
	}
	o := s.client(name, chat.DefaultPage, func(n client.Notice) { post(n) })
	o.SaveToken = func(token string) { post(newToken(token)) }
	s.token = o.Token
	s.c = client.New(o)
	gone := make(chan error, 1)
	go s.term.guard(func() { gone <- s.c.Run(running) })

	err := s.loop(ctx, gone)
	end()
	s.beside.Wait()
	left := s.c.Pending()
	switch {
	case err != nil && left > 0:
		s.say(s.words.warn(s.Lang.Text("messages not delivered: %d", left)))
	case err == nil:
		<-gone
		err = errLeave
		if left = s.c.Pending(); left > 0 {
			err = errors.New(s.Lang.Text("messages not delivered: %d", left))
		}
	}
	return err
}

// loop shows what comes and does what is typed. Errors: what ended the client.
func (s *screen) loop(ctx context.Context, gone <-chan error) error {
	var k keyboard
	clock := time.NewTicker(blink)
	defer clock.Stop()
	for !s.done {
		s.redraw(time.Now())
		select {
		case b, ok := <-s.typed:
			if !ok {
				return nil
			}
			s.keys(k.read(b))
		case n := <-s.notices:
			s.on(n)
			s.onMore()
		case then := <-s.todo:
			then()
		case <-s.resized:
		case <-clock.C:
		case err := <-gone:
			s.onMore()
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

// onMore takes the notices that are waiting, so that many are drawn at once.
func (s *screen) onMore() {
	for range maxBatch {
		select {
		case n := <-s.notices:
			s.on(n)
		default:
			return
		}
	}
}

// quit leaves once what was typed is delivered, or after a while, or at once when asked twice.
func (s *screen) quit() {
	if s.leaving || s.c.Pending() == 0 {
		s.done = true
		return
	}
	s.leaving = true
	s.ask(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, goodbyeWait)
		defer cancel()
		_ = s.c.Flush(ctx) // what is left is counted at the end
		return func() { s.done = true }
	})
}

func (s *screen) in(room chat.RoomID) bool { return slices.Contains(s.c.Rooms(), room) }

// leftRoom goes on in another room, if there is one.
func (s *screen) leftRoom(room chat.RoomID) {
	delete(s.oldest, room)
	if s.current != room {
		return
	}
	s.current = ""
	if rooms := s.c.Rooms(); len(rooms) > 0 {
		s.current = rooms[len(rooms)-1]
	}
}

// keepToken writes the token to its file.
func (s *screen) keepToken(token string) {
	s.token = token
	if s.Token != "" {
		return // it came from elsewhere, and is kept there
	}
	if err := s.tokens.save(s.url, s.name, token); err != nil {
		s.warn(s.Lang.Text("your identity is not kept: %v", err))
	}
}

// redraw draws what was said, what goes on, and the line being typed.
func (s *screen) redraw(now time.Time) {
	prompt := "#" + protocol.Visible(string(s.current)) + "> "
	if s.current == "" {
		prompt = "> "
	}
	s.draw(s.rows(now), s.words.depth.paint(styleBold, prompt), prompt)
}

// draw draws; plain is the prompt without its style.
func (s *screen) draw(rows []string, prompt, plain string) {
	s.frame.width = s.term.width()
	if columns(plain) > s.frame.width/2 { // a narrow window keeps half for the text
		prompt = clip(plain, s.frame.width/2)
		plain = prompt
	}
	used := columns(plain)
	text, column := s.edit.view(s.frame.width - used - 1)
	if err := s.frame.draw(s.lines, rows, prompt, text, used+column); err != nil {
		s.done = true // nobody sees this terminal any more
	}
	s.lines = nil
}
