package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Plan says which members a fleet has.
type Plan struct {
	Dialect  Dialect
	Servers  []string // IPv4 host:port; members take turns
	Members  int
	Rooms    int      // neighbours are in one room, as many in each
	Senders  int      // how many of the members send, spread evenly
	Sample   int      // every how many members one is read in full
	Compress bool     // offer permessage-deflate
	AtOnce   int      // members that join at the same time; 0: as many as a server's backlog bears
	Segment  int      // longest TCP segment, in bytes; 0: as loopback has it, 64 KB
	Last     int      // events of the past to ask for
	Tokens   []string // what brings the members back, from Fleet.Tokens; nil: they are new
}

// Counters tell what happened since the fleet was made. All only grow.
type Counters struct {
	Sent       int64
	Deliveries int64 // events that came, over all members; of compressed ones, only those of members read in full
	Full       int64 // events that came to members read in full
	Bytes      int64 // read from sockets
	Reads      int64 // from sockets
	Acks       int64 // that came to members read in full
	Presence   int64 // pushes about who is there, that came to members read in full
}

// Fleet is members that are connected and joined.
type Fleet struct {
	plan    Plan
	marks   Marks
	epoll   int
	start   time.Time
	members []*member
	full    int // members read in full
	joined  int
	fault   error // the first that went wrong

	events []unix.EpollEvent
	buffer []byte

	sending   sending
	pulse     pulse
	sent      []int64 // by room
	counters  Counters
	latencies []time.Duration
}

// pulse is what Pulse set.
type pulse struct {
	every time.Duration // 0 for none
	next  time.Duration
	beat  func()
}

const (
	atOnce      = 128                   // members that join at the same time: fewer than any backlog
	joinTimeout = 3 * time.Minute       // for all members
	drainWithin = time.Minute           // the last events, once nothing is sent any more
	tooMuch     = 50 * time.Millisecond // and then, for what comes and should not
)

// Connect connects all members of plan and returns when each has joined its room. Close must be called, after an error too
// unless the fleet is nil.
func Connect(ctx context.Context, plan Plan) (*Fleet, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	f := &Fleet{
		plan: plan, marks: plan.Dialect.Marks(), epoll: epoll, start: time.Now(),
		events: make([]unix.EpollEvent, 512), buffer: make([]byte, 256<<10), sent: make([]int64, plan.Rooms),
	}
	f.sending.lines = newLines()
	addresses, err := parseServers(plan.Servers)
	if err != nil {
		return f, err
	}
	most := cmp.Or(plan.AtOnce, atOnce)
	for i := range plan.Members {
		err := f.until(ctx, joinTimeout, func() bool { return i-f.joined < most })
		if err == nil {
			err = f.dial(i, addresses[i%len(addresses)])
		}
		if err != nil {
			return f, fmt.Errorf("member %d: %w", i, err)
		}
	}
	err = f.until(ctx, joinTimeout, func() bool { return f.joined == plan.Members })
	if err != nil {
		return f, fmt.Errorf("%d of %d members joined: %w", f.joined, plan.Members, err)
	}
	return f, nil
}

// Close closes all connections.
func (f *Fleet) Close() {
	for _, m := range f.members {
		unix.Close(m.fd)
	}
	f.members = nil
	unix.Close(f.epoll)
}

func (f *Fleet) now() time.Duration { return time.Since(f.start) }

// room gives the room of member i.
func (f *Fleet) room(i int) int { return i * f.plan.Rooms / f.plan.Members }

// Counters gives the counters as they are now.
func (f *Fleet) Counters() Counters { return f.counters }

// FullMembers tells how many members are read in full.
func (f *Fleet) FullMembers() int { return f.full }

// Latencies gives the time from a send to its event, of the events that came to the sampled members since the last call.
func (f *Fleet) Latencies() []time.Duration {
	l := f.latencies
	f.latencies = nil
	return l
}

// Tokens gives what brings the members back, in their order.
func (f *Fleet) Tokens() []string {
	tokens := make([]string, len(f.members))
	for i, m := range f.members {
		tokens[i] = m.token
	}
	return tokens
}

// Pulse has Run and the like call beat, in their goroutine, once every so often; 0 for no more.
func (f *Fleet) Pulse(every time.Duration, beat func()) {
	f.pulse = pulse{every: every, next: f.now(), beat: beat}
}

// Run lets the members talk and listen for d.
func (f *Fleet) Run(ctx context.Context, d time.Duration) error {
	end := f.now() + d
	return f.loop(ctx, end, func() bool { return f.now() >= end })
}

var errTimeout = errors.New("it takes too long")

// Members tells how many members there are.
func (f *Fleet) Members() int { return len(f.members) }

// until runs until done, for limit at most.
func (f *Fleet) until(ctx context.Context, limit time.Duration, done func() bool) error {
	end := f.now() + limit
	err := f.loop(ctx, end, func() bool { return done() || f.now() >= end })
	if err == nil && !done() {
		return fmt.Errorf("%w: %v", errTimeout, limit)
	}
	return err
}

// loop is the one loop: it sends what is due and reads what came until done, asked at least once at end.
func (f *Fleet) loop(ctx context.Context, end time.Duration, done func() bool) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		f.sendDue()
		f.beat()
		if f.fault != nil {
			return f.fault
		}
		if done() {
			return nil
		}
		n, err := unix.EpollWait(f.epoll, f.events, f.patience(end))
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("epoll: %w", err)
		}
		for _, ev := range f.events[:max(0, n)] {
			f.serve(f.members[ev.Fd], ev.Events)
		}
	}
}

func (f *Fleet) beat() {
	for f.pulse.every > 0 && f.pulse.next <= f.now() {
		f.pulse.next += f.pulse.every
		f.pulse.beat()
	}
}

// patience gives how long to wait for sockets, in ms: until something is due, rounded up rather than to spin, and never long,
// for ctx's sake.
func (f *Fleet) patience(end time.Duration) int {
	next := min(end, f.sending.due())
	if f.pulse.every > 0 {
		next = min(next, f.pulse.next)
	}
	wait := min(max(0, next-f.now()), 50*time.Millisecond)
	return int((wait + time.Millisecond - 1) / time.Millisecond)
}

// fail notes the first thing that went wrong.
func (f *Fleet) fail(m *member, err error) {
	if f.fault == nil {
		f.fault = fmt.Errorf("member %d: %w", m.index, err)
	}
}

// Drain ends the sending and waits until all that was sent has come. The error tells which member did not get exactly that.
func (f *Fleet) Drain(ctx context.Context) error {
	f.Halt()
	err := f.until(ctx, drainWithin, func() bool { return f.counters.Deliveries >= f.expected() })
	if err == nil {
		err = f.Run(ctx, tooMuch)
	}
	if err != nil && !errors.Is(err, errTimeout) {
		return err
	}
	for _, m := range f.members {
		if want := f.sent[m.room]; f.counts(m) && m.count != want {
			return fmt.Errorf("member %d got %d events, %d were sent to its room", m.index, m.count, want)
		}
	}
	return nil
}

// counts tells whether the events of m are counted: not those of members that do not read, and compressed ones only where
// they are read in full.
func (f *Fleet) counts(m *member) bool { return !m.stalled && (m.full || !f.plan.Compress) }

// expected gives the deliveries that all sends make.
func (f *Fleet) expected() (n int64) {
	for _, m := range f.members {
		if f.counts(m) {
			n += f.sent[m.room]
		} else {
			n += m.count
		}
	}
	return n
}

// Stall has every nth member stop reading, but for those that are read in full, and tells how many these are.
func (f *Fleet) Stall(nth int) (stalled int, err error) {
	for i, m := range f.members {
		if m.full || i%nth != nth/2 {
			continue
		}
		if err := unix.EpollCtl(f.epoll, unix.EPOLL_CTL_DEL, m.fd, nil); err != nil {
			return stalled, fmt.Errorf("epoll: %w", err)
		}
		m.stalled = true
		stalled++
	}
	return stalled, nil
}
