package rooms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"salon/internal/accounts"
	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/hub"
)

var errInner = errors.New("disk 7 is upside down")

func TestProblem(t *testing.T) {
	for _, c := range []struct {
		err       error
		code      chat.Code
		temporary bool
	}{
		{history.ErrUnavailable, chat.CodeUnavailable, true},
		{accounts.ErrUnavailable, chat.CodeUnavailable, true},
		{context.DeadlineExceeded, chat.CodeUnavailable, true},
		{errors.Join(history.ErrUnavailable, context.Canceled), chat.CodeUnavailable, true},
		{context.Canceled, chat.CodeShuttingDown, true},
		{history.ErrClosed, chat.CodeShuttingDown, true},
		{accounts.ErrClosed, chat.CodeShuttingDown, true},
		{hub.ErrLeft, chat.CodeNotMember, false},
		{chat.Errorf(chat.CodeNameTaken, "taken"), chat.CodeNameTaken, false},
		{hub.ErrBehind, chat.CodeInternal, false},
		{history.ErrTooLarge, chat.CodeInternal, false},
		{accounts.ErrNotFound, chat.CodeInternal, false},
		{errInner, chat.CodeInternal, false},
	} {
		for _, err := range []error{c.err, fmt.Errorf("wrapped: %w", c.err)} {
			e := Problem(err)
			if e.Code != c.code || e.Temporary != c.temporary {
				t.Errorf("%v: %q, temporary %t", err, e.Code, e.Temporary)
			}
			if wait := e.RetryAfter > 0; wait != (c.code == chat.CodeUnavailable) {
				t.Errorf("%v: retry after %v", err, e.RetryAfter)
			}
			if strings.Contains(e.Error(), errInner.Error()) || strings.Contains(e.Error(), "wrapped") {
				t.Errorf("the inner error is shown: %v", e)
			}
		}
	}
}

// logged is a log in a test.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logged) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.buf.String(), s)
}

// What a store answers has the same code whatever the command. Only what is a fault of the server is logged.
func TestStoreErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		code chat.Code
	}{
		{history.ErrUnavailable, chat.CodeUnavailable},
		{history.ErrClosed, chat.CodeShuttingDown},
		{errInner, chat.CodeInternal},
	} {
		t.Run(c.err.Error(), func(t *testing.T) {
			t.Parallel()
			log := &logged{}
			w := open(t, func(config *Config) { config.Logger = slog.New(slog.NewTextHandler(log, nil)) })
			g := w.enter("ada")
			g.join("r")
			g.send("r", "x")
			w.faults.fail(c.err)
			for _, command := range []Command{
				&Join{Room: "new"}, &Move{Room: "new"}, &List{Limit: 1},
				&History{Room: "r", Query: history.Query{Around: 1, Limit: 1}}, // not from memory
			} {
				g.refused(c.code, command)
				line := fmt.Sprintf("command=%T", command)
				if got := log.has(line); got != (c.code == chat.CodeInternal) {
					t.Errorf("%T is logged: %t", command, got)
				}
			}
			if c.code == chat.CodeInternal && !log.has(errInner.Error()) {
				t.Error("the log does not say why")
			}
			g.refused(chat.CodeUnavailable, &Send{Room: "r", CID: "c", Text: "x"}) // may be stored even so: try again
			w.faults.work()
			g.must(&Join{Room: "new"})
			g.send("new", "x")
		})
	}
}
