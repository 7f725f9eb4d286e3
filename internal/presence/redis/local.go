package redis

import (
	"sync"
	"time"

	"salon/internal/chat"
)

// localBucket is this node's side of one bucket: the sessions that Redis should hold of this node there.
type localBucket struct {
	mu          sync.Mutex // guards all of it
	memberships map[string]*membership
	digest      int64 // sum of the weights of the memberships that are not leaving
	started     int   // calls started so far
	pending     int   // calls whose answer has not arrived
	mismatches  int   // beats in a row that found a difference while calls were pending
}

// membership is one session in one room.
type membership struct {
	field       string
	user        chat.UserID
	record      string
	weight      int64
	pending     int       // calls for it whose answer has not arrived
	unconfirmed bool      // a Join was sent and not confirmed: Redis may have it or not
	leaving     time.Time // when its Leave was called; zero while it stays
	leaveSent   bool      // a Leave was sent and not confirmed
}

func newLocalBucket() *localBucket { return &localBucket{memberships: map[string]*membership{}} }

// startJoin notes that a session is to be in a room and that a call for this starts. Retry is true when an earlier call for
// the same is unconfirmed.
func (l *localBucket) startJoin(field string, user chat.UserID, record string) (m *membership, retry bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m = l.memberships[field]
	switch {
	case m == nil:
		m = &membership{field: field}
		l.memberships[field] = m
	case m.leaving.IsZero():
		retry = m.unconfirmed && m.user == user
		l.digest -= m.weight
	}
	m.user, m.record, m.weight = user, record, weight(field, record)
	m.leaving, m.leaveSent, m.unconfirmed = time.Time{}, false, true
	l.digest += m.weight
	l.start(m)
	return m, retry
}

// endJoin notes how a Join's call ended.
func (l *localBucket) endJoin(m *membership, record string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end(m)
	if err == nil && m.record == record {
		m.unconfirmed = false
	}
}

// startLeave notes that a session is to leave a room and that a call for this starts. It returns nil when the session is not
// in the room. Retry is true when an earlier call for the same is unconfirmed.
func (l *localBucket) startLeave(field string, now time.Time) (m *membership, retry bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m = l.memberships[field]
	if m == nil {
		return nil, false
	}
	l.setLeaving(m, now)
	retry = m.leaveSent
	m.leaveSent = true
	l.start(m)
	return m, retry
}

func (l *localBucket) setLeaving(m *membership, now time.Time) {
	if m.leaving.IsZero() {
		m.leaving = now
		l.digest -= m.weight
	}
}

// endLeave notes how a Leave's call ended.
func (l *localBucket) endLeave(m *membership, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end(m)
	if err == nil && !m.leaving.IsZero() && m.pending == 0 && l.memberships[m.field] == m {
		delete(l.memberships, m.field)
	}
}

func (l *localBucket) start(m *membership) {
	l.started++
	l.pending++
	m.pending++
}

func (l *localBucket) end(m *membership) {
	l.pending--
	m.pending--
}

// leaveAll marks everything as leaving and returns the changes for that.
func (l *localBucket) leaveAll(bucket int, now time.Time) []change {
	l.mu.Lock()
	defer l.mu.Unlock()
	removals := make([]change, 0, len(l.memberships))
	for _, m := range l.memberships {
		l.setLeaving(m, now)
		removals = append(removals, change{bucket: bucket, field: m.field})
	}
	return removals
}

// forgetLeft drops the memberships whose Leave was called before that time and never confirmed. Redis is away. When it is
// back, a beat removes every session there that this node does not know.
func (l *localBucket) forgetLeft(before time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for field, m := range l.memberships {
		if !m.leaving.IsZero() && m.pending == 0 && m.leaving.Before(before) {
			delete(l.memberships, field)
		}
	}
}

// localState is the state of a localBucket before Redis's side was read.
type localState struct {
	digest  int64
	started int
	pending int
}

func (l *localBucket) state() localState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return localState{digest: l.digest, started: l.started, pending: l.pending}
}

// differs reports whether Redis holds something else than this node put there. Digest is Redis's, read after the state
// before. Where calls were pending, they most likely explain a difference, so it counts only when the next beat finds one too.
func (l *localBucket) differs(before localState, digest int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if digest == before.digest {
		l.mismatches = 0
		return false
	}
	quiet := before.pending == 0 && l.started == before.started
	l.mismatches++
	if !quiet && l.mismatches < 2 {
		return false
	}
	l.mismatches = 0
	return true
}

// compare returns the changes that make Redis, which holds these records of this node, hold what this node put there. Removals
// come first, because a user's name is then restored from the sessions that remain. Sessions with a pending call are left out.
func (l *localBucket) compare(bucket int, records map[string]string) (changes []change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for field := range records {
		if m := l.memberships[field]; m == nil || (m.pending == 0 && !m.leaving.IsZero()) {
			changes = append(changes, change{bucket: bucket, field: field})
		}
	}
	for field, m := range l.memberships {
		if m.pending == 0 && m.leaving.IsZero() && records[field] != m.record {
			changes = append(changes, change{bucket: bucket, field: field, record: m.record})
		}
	}
	return changes
}
