package client

import (
	"time"

	"github.com/cenkalti/backoff/v5"

	"salon/internal/chat"
	"salon/internal/lang"
	"salon/internal/protocol"
)

const (
	// DefaultPending is how many sends may wait for their acknowledgement. [Client.Send] waits while there are more.
	DefaultPending = 1000
	// maxPendingBytes bounds the texts of those sends. One text may always wait, whatever its length.
	maxPendingBytes = 4 << 20
)

// outbox counts the sends of all rooms that are neither acknowledged nor refused.
type outbox struct {
	limit int // sends
	lang  string
	count int
	bytes int // of the texts
	// untold says that sends were acknowledged or refused whose notices On has not received yet.
	untold bool
}

func (o *outbox) hasSpace(text string) bool {
	return o.count == 0 || o.count < o.limit && o.bytes+len(text) <= maxPendingBytes
}

func (o *outbox) add(text string) {
	o.count++
	o.bytes += len(text)
}

func (o *outbox) remove(text string) {
	o.count--
	o.bytes -= len(text)
	o.untold = true
}

// check refuses a send that no server would take or, when l is welcomed, for which the server would cut the connection.
// It returns nil for a send that may go.
func (o *outbox) check(l *link, room chat.RoomID, m *outgoing) *Error {
	if m.text == "" {
		return o.refusal(chat.Errorf(chat.CodeInvalidText, "the text is empty"))
	}
	if !l.ready {
		return nil
	}
	over := l.limits.Text > 0 && len(m.text) > l.limits.Text
	if !over && l.limits.Frame > 0 && 8*len(m.text)+1024 > l.limits.Frame { // JSON makes at most 6 bytes of one
		q := &protocol.Request{Type: "send", ID: "18446744073709551615", Room: string(room), CID: m.cid, Text: m.text}
		over = len(protocol.Marshal(q)) > l.limits.Frame
	}
	if over {
		return o.refusal(chat.Errorf(chat.CodeTooLarge,
			"the text has %d bytes, at most %d are allowed", len(m.text), l.limits.Text))
	}
	return nil
}

// refusal is the error that the server would answer.
func (o *outbox) refusal(err *chat.Error) *Error {
	l, _ := lang.Parse(o.lang)
	return &Error{Code: err.Code, Message: l.Error(err)}
}

// outgoing is a send that is neither acknowledged nor refused.
type outgoing struct{ cid, text string }

// sendQueue holds the sends of one room in order. One at a time is on its way to the server: a temporary refusal must not
// let a later text overtake an earlier one.
type sendQueue struct {
	outbox  *outbox
	waiting []*outgoing
	sentAt  time.Time                   // when the first of waiting was sent; zero while it is not on its way
	notYet  time.Time                   // the first of waiting is not sent before this time
	pauses  *backoff.ExponentialBackOff // between temporary refusals of the first of waiting
}

func newSendQueue(o *outbox) sendQueue {
	return sendQueue{outbox: o, pauses: growingPauses(firstResend, longestResend, 0.5)}
}

func (s *sendQueue) empty() bool { return len(s.waiting) == 0 }

func (s *sendQueue) add(m *outgoing) {
	s.outbox.add(m.text)
	s.waiting = append(s.waiting, m)
}

// next returns the send that may go to the server now and notes that it is on its way; nil for none.
func (s *sendQueue) next(now time.Time) *outgoing {
	if s.empty() || !s.sentAt.IsZero() || now.Before(s.notYet) {
		return nil
	}
	s.sentAt = now
	return s.waiting[0]
}

// isFirst tells whether cid names the first send. An answer to another one came before: a send may be repeated.
func (s *sendQueue) isFirst(cid string) bool { return !s.empty() && s.waiting[0].cid == cid }

// removeFirst takes the first send out: the server has acknowledged or refused it.
func (s *sendQueue) removeFirst() *outgoing {
	m := s.waiting[0]
	s.waiting[0] = nil
	s.waiting = s.waiting[1:]
	s.sentAt, s.notYet = time.Time{}, time.Time{}
	s.pauses.Reset()
	s.outbox.remove(m.text)
	return m
}

// removeAll takes out every send that drop selects and returns them.
func (s *sendQueue) removeAll(drop func(*outgoing) bool) (dropped []*outgoing) {
	kept := s.waiting[:0]
	for _, m := range s.waiting {
		if drop(m) {
			s.outbox.remove(m.text)
			dropped = append(dropped, m)
			continue
		}
		kept = append(kept, m)
	}
	clear(s.waiting[len(kept):])
	s.waiting = kept
	return dropped
}

// postpone keeps the first send for a while: the server has refused it for now.
func (s *sendQueue) postpone(err *Error) {
	pause := s.pauses.NextBackOff()
	if err.RetryAfter > 0 {
		pause = err.RetryAfter
	}
	s.sentAt, s.notYet = time.Time{}, time.Now().Add(pause)
}
