package client

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

func TestEnds(t *testing.T) {
	refuse := func(q string) func(context.Context, string) (Conn, error) {
		return func(context.Context, string) (Conn, error) { return &scripted{lines: []string{q}}, nil }
	}
	unreachable := func(status int) func(context.Context, string) (Conn, error) {
		return func(context.Context, string) (Conn, error) { return nil, &DialError{Status: status, Err: io.EOF} }
	}
	for _, tt := range []struct {
		name string
		o    Options
		want string // of the error; "" for a client that goes on
	}{
		{"name taken", Options{Dial: refuse(`{"type":"error","id":"1","code":"name_taken","message":"taken"}`)}, "taken"},
		{"hello refused for now", Options{Dial: refuse(`{"type":"error","id":"1","code":"unavailable","temporary":true}`)}, ""},
		{"kicked", Options{Dial: refuse(`{"type":"bye","code":4003,"message":"out"}`)}, "out (4003)"},
		{"busy", Options{Dial: refuse(`{"type":"bye","code":4102,"message":"full","retry_after_ms":100}`)}, ""},
		{"restart", Options{Dial: refuse(`{"type":"bye","code":4200,"message":"restart"}`)}, ""},
		{"not the protocol", Options{Dial: refuse(`hello?`)}, ""},
		{"wrong page", Options{Dial: unreachable(404)}, "cannot reach : EOF"},
		{"too many", Options{Dial: unreachable(429)}, ""},
		{"nobody there", Options{Dial: unreachable(0)}, ""},
		{"nobody there at the first try", Options{Dial: unreachable(0), FirstTry: true}, "cannot reach : EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var d diary
				tt.o.On = d.on
				done := make(chan error, 1)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				go func() { done <- New(tt.o).Run(ctx) }()
				err := <-done
				if tt.want == "" {
					if !errors.Is(err, context.DeadlineExceeded) || len(noticesOf[Lost](&d)) < 60 {
						t.Errorf("%v after %d losses", err, len(noticesOf[Lost](&d)))
					}
				} else if err.Error() != tt.want || len(noticesOf[Lost](&d)) > 0 {
					t.Errorf("ended with %v after %d losses", err, len(noticesOf[Lost](&d)))
				}
			})
		})
	}
}

// scripted is a connection that says its lines and ends.
type scripted struct{ lines []string }

func (s *scripted) Read() ([]byte, error) {
	if len(s.lines) == 0 {
		return nil, io.EOF
	}
	b := []byte(s.lines[0])
	s.lines = s.lines[1:]
	return b, nil
}
func (s *scripted) Write([]byte)      {}
func (s *scripted) Close(int, string) {}
func (s *scripted) Kill()             {}
func (s *scripted) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// TestReconnectPauses draws each pause often: it stays in its range and uses all of it.
func TestReconnectPauses(t *testing.T) {
	closed := func(code int, wait time.Duration) error { return &CloseError{Code: code, RetryAfter: wait} }
	for _, tt := range []struct {
		err         error
		failures    int
		least, most time.Duration
		permanent   bool
	}{
		{io.EOF, 1, 0, 500 * time.Millisecond, false},
		{io.EOF, 3, 0, 2 * time.Second, false},
		{io.EOF, 100, 0, 30 * time.Second, false},
		{closed(4001, 0), 1, 0, 0, true},
		{closed(4100, 0), 1, 5 * time.Second, 6250 * time.Millisecond, false},
		{closed(4102, time.Minute), 4, time.Minute, 75 * time.Second, false},
		{closed(4200, 0), 1, 0, 250 * time.Millisecond, false},
		{closed(4200, 0), 4, 0, 4 * time.Second, false},
		{closed(1006, 0), 2, 0, time.Second, false},
		{&Error{Temporary: true, RetryAfter: time.Minute}, 1, time.Minute, time.Minute, false},
	} {
		least, most := tt.most, tt.least
		for range 1000 {
			r := newReconnect()
			for range tt.failures - 1 {
				r.after(io.EOF)
			}
			got, permanent := r.after(tt.err)
			if got < tt.least || got > tt.most || permanent != tt.permanent {
				t.Fatalf("%v after %d failures: %v %v, want %v to %v", tt.err, tt.failures, got, permanent, tt.least, tt.most)
			}
			least, most = min(least, got), max(most, got)
		}
		if tenth := (tt.most - tt.least) / 10; least > tt.least+tenth || most < tt.most-tenth {
			t.Errorf("%v after %d failures: %v to %v, want all from %v to %v", tt.err, tt.failures, least, most, tt.least, tt.most)
		}
	}
}

func TestResendPauses(t *testing.T) {
	for failures, most := range map[int]time.Duration{1: 500 * time.Millisecond, 3: 2 * time.Second, 100: 10 * time.Second} {
		for range 1000 {
			q := newSendQueue(&outbox{})
			var pause time.Duration
			for range failures {
				pause = q.pauses.NextBackOff()
			}
			if pause < most/2 || pause > most {
				t.Fatalf("after %d refusals: %v, want %v to %v", failures, pause, most/2, most)
			}
		}
	}
}
