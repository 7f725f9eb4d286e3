package redis

import (
	"hash/fnv"
	"strconv"

	"salon/internal/chat"
)

// Rooms are spread over buckets by their names. A bucket's keys have its number as hash tag, so that they share one slot
// of a Cluster and a script sees all of them at once, while the buckets spread over the primaries:
//
//	salon:{7}:rooms                 hash: room → users in it now
//	salon:{7}:sums                  hash: room → sum of the weights of the users in it now
//	salon:{7}:room:lobby:users      hash: user → id, name and colour as JSON
//	salon:{7}:room:lobby:sessions   sorted set, by name: user/session
//	salon:{7}:node:n_…              hash: room/session → since when, and the user as JSON: what one node put in
//	salon:{7}:digests               hash: node → sum of the weights of what it put in
//	salon:{7}:epoch                 when the bucket was first used since it was last emptied, ms of Redis's clock
//	salon:{nodes}:leases            sorted set: node → when its lease ends, ms of Redis's clock
//	salon:{nodes}:histories         hash: node → since when, and the name of its history
//
// Who is where, by hand: redis-cli --scan --pattern 'salon:*:room:lobby:users', then HGETALL; who is on a node: HGETALL of
// its keys.

// buckets is how many buckets there are: enough to spread over some dozen primaries, few enough that a beat looks at
// all of them. All nodes must agree.
const buckets = 64

// bucketOf tells where a room is.
func bucketOf(room chat.RoomID) int {
	h := fnv.New32a()
	h.Write([]byte(room))
	return int(h.Sum32() % buckets)
}

func bucketKey(bucket int, name string) string { return "salon:{" + strconv.Itoa(bucket) + "}:" + name }

func roomsKey(bucket int) string             { return bucketKey(bucket, "rooms") }
func sumsKey(bucket int) string              { return bucketKey(bucket, "sums") }
func digestsKey(bucket int) string           { return bucketKey(bucket, "digests") }
func epochKey(bucket int) string             { return bucketKey(bucket, "epoch") }
func nodeKey(bucket int, node string) string { return bucketKey(bucket, "node:"+node) }
func usersKey(room chat.RoomID) string {
	return bucketKey(bucketOf(room), "room:"+string(room)+":users")
}
func sessionsKey(room chat.RoomID) string {
	return bucketKey(bucketOf(room), "room:"+string(room)+":sessions")
}

const (
	leasesKey    = "salon:{nodes}:leases"
	historiesKey = "salon:{nodes}:histories"
)
