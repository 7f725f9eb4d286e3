package redis

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"salon/internal/chat"
	"salon/internal/presence"
)

// The keys in Redis. Rooms are spread over buckets by their names. The keys of a bucket have its number as hash tag. They
// therefore share one slot of a Cluster, so that a script can use all of them at once, while the buckets are spread over the
// primaries.
//
//	salon:{7}:rooms                 hash: room → number of users in it
//	salon:{7}:sums                  hash: room → sum of the weights of the users in it
//	salon:{7}:room:lobby:users      hash: user → id, name and colour as JSON
//	salon:{7}:room:lobby:sessions   sorted set, by name: user/session
//	salon:{7}:node:n_…              hash: room/session → join time and the user as JSON: one node's sessions
//	salon:{7}:digests               hash: node → sum of the weights of its sessions
//	salon:{7}:epoch                 when the bucket was first used since it was last empty, ms of Redis's clock
//	salon:{nodes}:leases            sorted set: node → when its lease ends, ms of Redis's clock
//	salon:{nodes}:histories         hash: node → when it registered, and the name of its history
//
// To see by hand who is in a room: redis-cli --scan --pattern 'salon:*:room:lobby:users', then HGETALL. To see who is on a
// node: HGETALL of the node's keys.

// buckets is the number of buckets: enough to spread over some dozen primaries, few enough that a beat can read all of
// them. All nodes must use the same number.
const buckets = 64

// bucketOf returns the bucket of a room.
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

// fieldOf names a session in a room, within its node's hash. Room names contain no '/'.
func fieldOf(room chat.RoomID, session string) string { return string(room) + "/" + session }

// splitField is the inverse of fieldOf.
func splitField(field string) (chat.RoomID, string) {
	room, session, _ := strings.Cut(field, "/")
	return chat.RoomID(room), session
}

// recordOf returns the value that Redis holds for a session: when it joined the room, and its user as JSON.
func recordOf(s presence.Session) (string, error) {
	var b bytes.Buffer
	b.WriteString(s.At.UTC().Format(time.RFC3339))
	b.WriteByte(' ')
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // people read it
	if err := enc.Encode(s.User); err != nil {
		return "", fmt.Errorf("presence: user %s: %w", s.User.ID, err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// parseUser reads a user's JSON as the scripts return it.
func parseUser(text string) (chat.User, error) {
	var u chat.User
	if err := json.Unmarshal([]byte(text), &u); err != nil {
		return chat.User{}, fmt.Errorf("redis holds a user that cannot be read: %w", err)
	}
	return u, nil
}

// weight is what a session adds to its node's digest: the first 40 bits of a hash, as the scripts compute it. Sums of a
// million sessions stay exact in the scripts' numbers, and two different sets have the same sum once in a million million.
func weight(field, record string) int64 {
	sum := sha1.Sum([]byte(field + "\n" + record))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 24)
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
