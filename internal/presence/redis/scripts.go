package redis

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/rueidis"

	"salon/internal/chat"
	"salon/internal/presence"
	"salon/internal/redisconn"
)

//go:embed lua/change.lua
var changeSource string

//go:embed lua/page.lua
var pageSource string

//go:embed lua/inspect.lua
var inspectSource string

//go:embed lua/lease.lua
var leaseSource string

//go:embed lua/recount.lua
var recountSource string

const (
	// batchSize is how many sessions one run of a script changes. Redis does nothing else during a run, which takes well
	// under a millisecond for so many.
	batchSize = 100
	// pipelineSize is how many runs are sent before their answers are awaited. Redis serves other calls between the runs.
	pipelineSize = 16
)

func unavailable(err error) error { return fmt.Errorf("%w: %w", presence.ErrUnavailable, err) }

// change adds one session of a node to a room, or removes it.
type change struct {
	bucket int
	field  string
	record string      // the session's, to add it; "" to remove it
	user   chat.UserID // the session's, to remove it once more
}

// result says how a change changed its room's users.
type result struct {
	firstOrLast bool   // added: the user's first session in the room; removed: its last
	count       int    // users in the room now
	user        string // removed: the user as JSON
}

// changer runs the script that adds and removes sessions.
type changer struct {
	conn   *redisconn.Conn
	script redisconn.Script
}

func newChanger(conn *redisconn.Conn) changer {
	return changer{conn: conn, script: redisconn.NewScript(changeSource)}
}

// one makes one change, for a Join or a Leave. Retry is true when an earlier try may have been done without its answer arriving.
func (c changer) one(ctx context.Context, node string, ch change, retry bool) (result, error) {
	mode := "join"
	if ch.record == "" {
		mode = "leave"
	}
	run := changeRun(node, ch.bucket, mode, retry, []change{ch})
	results, err := parseResults(c.conn.Run(ctx, c.script, run)[0], 1)
	if err != nil {
		return result{}, err
	}
	return results[0], nil
}

// all makes changes that Redis missed, batch by batch and in their order, and calls each with the result of every one. Changes
// of the same bucket must be next to each other. A batch that fails does not keep the others from running. The first error is
// returned.
func (c changer) all(ctx context.Context, node string, changes []change, each func(change, result)) error {
	var first error
	for batches := range slices.Chunk(batchesOf(changes), pipelineSize) {
		if ctx.Err() != nil {
			return unavailable(ctx.Err())
		}
		runs := make([]rueidis.LuaExec, len(batches))
		for i, batch := range batches {
			runs[i] = changeRun(node, batch[0].bucket, "repair", false, batch)
		}
		for i, answer := range c.conn.Run(ctx, c.script, runs...) {
			results, err := parseResults(answer, len(batches[i]))
			if err != nil && first == nil {
				first = err
			}
			for k, r := range results {
				each(batches[i][k], r)
			}
		}
	}
	return first
}

// forget takes a node that has no sessions in a bucket out of the bucket's digests.
func (c changer) forget(ctx context.Context, node string, bucket int) error {
	_, err := parseResults(c.conn.Run(ctx, c.script, changeRun(node, bucket, "repair", false, nil))[0], 0)
	return err
}

// batchesOf cuts changes into batches of one bucket and of at most batchSize.
func batchesOf(changes []change) (batches [][]change) {
	for len(changes) > 0 {
		n := 1
		for n < min(batchSize, len(changes)) && changes[n].bucket == changes[0].bucket {
			n++
		}
		batches = append(batches, changes[:n:n])
		changes = changes[n:]
	}
	return batches
}

// changeRun makes a run of the script for changes of one bucket.
func changeRun(node string, bucket int, mode string, retry bool, batch []change) rueidis.LuaExec {
	keys := append(make([]string, 0, 5+2*len(batch)),
		nodeKey(bucket, node), digestsKey(bucket), roomsKey(bucket), sumsKey(bucket), epochKey(bucket))
	args := append(make([]string, 0, 3+5*len(batch)), node, mode, flag(retry))
	indexes := map[chat.RoomID]string{} // of the rooms in keys: 1, 2, …, as the script counts
	for _, ch := range batch {
		room, session := splitField(ch.field)
		index, ok := indexes[room]
		if !ok {
			index = strconv.Itoa(len(indexes) + 1)
			indexes[room] = index
			keys = append(keys, usersKey(room), sessionsKey(room))
		}
		if ch.record != "" {
			args = append(args, "+", index, string(room), session, ch.record)
		} else {
			args = append(args, "-", index, string(room), session, string(ch.user))
		}
	}
	return rueidis.LuaExec{Keys: keys, Args: args}
}

// parseResults reads the script's answer to a number of changes.
func parseResults(answer rueidis.RedisResult, changes int) ([]result, error) {
	values, err := answer.ToArray()
	if err != nil {
		return nil, unavailable(err)
	}
	if len(values) != 3*changes {
		return nil, unavailable(fmt.Errorf("%d values for %d changes", len(values), changes))
	}
	results := make([]result, changes)
	for i := range results {
		v := values[3*i:]
		firstOrLast, err := v[0].AsInt64()
		if err != nil {
			return nil, unavailable(err)
		}
		count, err := v[1].AsInt64()
		if err != nil {
			return nil, unavailable(err)
		}
		user, err := v[2].ToString()
		if err != nil {
			return nil, unavailable(err)
		}
		results[i] = result{firstOrLast: firstOrLast == 1, count: int(count), user: user}
	}
	return results, nil
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
