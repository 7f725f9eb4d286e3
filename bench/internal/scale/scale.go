// Package scale plans Salon past one machine from what things cost on one, and checks on a small scale that the costs grow as
// the plan says: with the real broker and the real presence over a real redis-server.
//
// The plan is arithmetic over [Costs]; docs/SCALE.md explains it. The package owns nothing.
package scale

import (
	"hash/fnv"
	"math"
	"strings"
)

const (
	// Partitions is how many channels the broker's rooms share, and how many buckets presence has.
	// internal/broker/redis and internal/presence/redis; a test compares them with a server's account.
	Partitions = 64
	// slots is how many hash slots a Redis Cluster has, from its specification.
	slots = 16384
)

// Slot gives the hash slot that a Redis Cluster keeps a key or a sharded channel in: CRC16 (XMODEM) of the part between the
// first braces if there is one, else of all, by the Redis Cluster specification.
func Slot(key string) int {
	if _, rest, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(rest, "}"); ok && tag != "" {
			key = tag
		}
	}
	crc := uint16(0)
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % slots
}

// Spread counts how many of keys each of so many primaries has, when the slots are shared out evenly and in order, as
// redis-cli --cluster create does.
func Spread(keys []string, primaries int) []int {
	held := make([]int, primaries)
	for _, key := range keys {
		held[Slot(key)*primaries/slots]++
	}
	return held
}

// PartitionOf tells which partition a room is in, and which bucket of presence.
func PartitionOf(room string) int {
	h := fnv.New32a()
	h.Write([]byte(room))
	return int(h.Sum32() % Partitions)
}

// NodesOfRoom gives on how many of so many nodes a room has a member, in the mean, when the balancer spreads its members at random.
func NodesOfRoom(nodes, members float64) float64 { return nodes * (1 - math.Pow(1-1/nodes, members)) }

// Event says how long the parts of a stored event are, in bytes.
type Event struct{ Room, Kind, User, Name, Color, CID, Text int }

// BSON gives the size of the event's document as docs/SCHEMA.md describes it, by the BSON specification 1.1.
func (e Event) BSON() int {
	id := e.Room + 13 // slash and twelve digits
	user := document(text(2, e.User), text(4, e.Name), text(5, e.Color))
	return document(
		text(3, id), text(4, e.Room), number(3), text(4, e.Kind), number(2), 1+4+1+user, text(3, e.CID), text(4, e.Text))
}

// Keys gives the bytes of the event's keys in the two unique indexes: _id, and room_user_cid. Each text ends in a zero byte and
// begins with a type; WiredTiger's prefix compression makes less of them, its pages make more.
func (e Event) Keys() (id, send int) { return e.Room + 13 + 2, e.Room + e.User + e.CID + 3*2 }

func document(elements ...int) int {
	size := 4 + 1
	for _, n := range elements {
		size += n
	}
	return size
}

func text(name, length int) int { return 1 + name + 1 + 4 + length + 1 }
func number(name int) int       { return 1 + name + 1 + 8 }
