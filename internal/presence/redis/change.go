package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/rueidis"

	"salon/internal/chat"
)

const (
	// chunk is how many sessions one script run changes: the server does nothing else meanwhile, well under a millisecond
	// for these.
	chunk = 100
	// pipeline is how many such runs are sent before their answers are awaited; other calls go in between.
	pipeline = 16
)

// change is one session to put in a room or to take out.
type change struct {
	bucket int
	field  string
	record string      // to put
	user   chat.UserID // to take out again
}

// outcome is what a change made of its room.
type outcome struct {
	edge  bool
	count int
	card  string // the user who went, as JSON; only from drops
}

// job is one script run and the changes, all of one bucket, that it makes.
type job struct {
	call    call
	changes []change
	width   int // answers for each change
}

// rooms gathers the rooms of changes in a call's keys.
type rooms struct {
	keys  []string
	place map[chat.RoomID]string // 1, 2, …, as the scripts count
}

func (r *rooms) of(room chat.RoomID) string {
	place, ok := r.place[room]
	if !ok {
		place = strconv.Itoa(len(r.place) + 1)
		r.place[room] = place
		r.keys = append(r.keys, usersKey(room), sessionsKey(room))
	}
	return place
}

func (s *Store) putJob(changes []change, mode string, again bool) job {
	bucket := changes[0].bucket
	r := rooms{
		keys:  []string{nodeKey(bucket, s.node), digestsKey(bucket), roomsKey(bucket), sumsKey(bucket), epochKey(bucket)},
		place: map[chat.RoomID]string{},
	}
	args := []string{s.node, mode, flag(again)}
	for _, c := range changes {
		room, session := splitField(c.field)
		args = append(args, r.of(room), string(room), session, c.record)
	}
	return job{call: call{s.scripts.put, r.keys, args}, changes: changes, width: 2}
}

func (s *Store) dropJob(node string, changes []change, again bool) job {
	bucket := changes[0].bucket
	r := rooms{
		keys:  []string{nodeKey(bucket, node), digestsKey(bucket), roomsKey(bucket), sumsKey(bucket)},
		place: map[chat.RoomID]string{},
	}
	args := []string{node, flag(again)}
	for _, c := range changes {
		room, session := splitField(c.field)
		args = append(args, r.of(room), string(room), session, string(c.user))
	}
	return job{call: call{s.scripts.drop, r.keys, args}, changes: changes, width: 3}
}

// refillJobs and dropJobs make jobs of many changes, those of one bucket together.
func (s *Store) refillJobs(changes []change) (jobs []job) {
	for part := range chunks(changes) {
		jobs = append(jobs, s.putJob(part, "refill", false))
	}
	return jobs
}

func (s *Store) dropJobs(node string, changes []change) (jobs []job) {
	for part := range chunks(changes) {
		jobs = append(jobs, s.dropJob(node, part, false))
	}
	return jobs
}

// chunks cuts changes, those of one bucket together, into parts of one bucket and of at most chunk.
func chunks(changes []change) func(yield func([]change) bool) {
	return func(yield func([]change) bool) {
		for len(changes) > 0 {
			n := 1
			for n < min(chunk, len(changes)) && changes[n].bucket == changes[0].bucket {
				n++
			}
			if !yield(changes[:n:n]) {
				return
			}
			changes = changes[n:]
		}
	}
}

// do runs jobs and tells what each change did; told may be nil. Jobs that fail do not keep the others from running; the
// first error comes back.
func (s *Store) do(ctx context.Context, jobs []job, told func(change, outcome)) error {
	var first error
	for part := range slices.Chunk(jobs, pipeline) {
		if ctx.Err() != nil {
			return unavailable(ctx.Err())
		}
		calls := make([]call, len(part))
		for i, j := range part {
			calls[i] = j.call
		}
		for i, answer := range run(ctx, s.conn, calls...) {
			outcomes, err := part[i].outcomes(answer)
			if err != nil && first == nil {
				first = err
			}
			for k, o := range outcomes {
				if told != nil {
					told(part[i].changes[k], o)
				}
			}
		}
	}
	return first
}

// outcomes reads a script's answer: one outcome for each change.
func (j job) outcomes(answer rueidis.RedisResult) ([]outcome, error) {
	values, err := answer.ToArray()
	if err != nil {
		return nil, unavailable(err)
	}
	if len(values) != len(j.changes)*j.width {
		return nil, unavailable(fmt.Errorf("%d answers for %d changes", len(values), len(j.changes)))
	}
	outcomes := make([]outcome, len(j.changes))
	for i := range outcomes {
		v := values[i*j.width:]
		edge, err := v[0].AsInt64()
		if err != nil {
			return nil, unavailable(err)
		}
		count, err := v[1].AsInt64()
		if err != nil {
			return nil, unavailable(err)
		}
		outcomes[i] = outcome{edge: edge == 1, count: int(count)}
		if j.width > 2 {
			if outcomes[i].card, err = v[2].ToString(); err != nil {
				return nil, unavailable(err)
			}
		}
	}
	return outcomes, nil
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
