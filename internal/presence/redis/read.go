package redis

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/redis/rueidis"

	"salon/internal/chat"
	"salon/internal/presence"
)

// Members implements [presence.Store]. The order is that of the users' identities.
func (s *Store) Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (presence.Members, error) {
	if s.closed.Load() {
		return presence.Members{}, presence.ErrClosed
	}
	answer := run(ctx, s.conn, call{
		script: s.scripts.page,
		keys:   []string{usersKey(room), sessionsKey(room), epochKey(bucketOf(room))},
		args:   []string{cursor, strconv.Itoa(max(limit, 1)), milliseconds(s.lease)},
	})[0]
	m, err := pageFrom(answer)
	if err != nil {
		return presence.Members{}, unavailable(err)
	}
	return m, nil
}

func pageFrom(answer rueidis.RedisResult) (m presence.Members, err error) {
	values, err := answer.ToArray()
	if err != nil {
		return m, err
	}
	if len(values) != 4 {
		return m, fmt.Errorf("a page of %d parts", len(values))
	}
	count, err := values[0].AsInt64()
	if err != nil {
		return m, err
	}
	if m.Next, err = values[1].ToString(); err != nil {
		return m, err
	}
	whole, err := values[2].AsInt64()
	if err != nil {
		return m, err
	}
	cards, err := values[3].AsStrSlice()
	if err != nil {
		return m, err
	}
	m.Count, m.Whole, m.Users = int(count), whole == 1, make([]chat.User, len(cards))
	for i, card := range cards {
		if m.Users[i], err = userFrom(card); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Counts implements [presence.Store].
func (s *Store) Counts(ctx context.Context, rooms []chat.RoomID) ([]int, error) {
	numbers, err := s.ofRooms(ctx, rooms, roomsKey)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(rooms))
	for i, n := range numbers[0] {
		counts[i] = int(n)
	}
	return counts, nil
}

// Digests implements [presence.Store]. A sum that were ever wrong would stay so until the room is empty: callers read the members
// more often than they need to, and nothing else.
func (s *Store) Digests(ctx context.Context, rooms []chat.RoomID) ([]presence.Digest, error) {
	numbers, err := s.ofRooms(ctx, rooms, roomsKey, sumsKey)
	if err != nil {
		return nil, err
	}
	digests := make([]presence.Digest, len(rooms))
	for i := range digests {
		digests[i] = presence.Digest{Count: int(numbers[0][i]), Sum: numbers[1][i]}
	}
	return digests, nil
}

// ofRooms reads, from each of the hashes that keys name in the rooms' buckets, a number for each room, as one pipeline; 0 for one
// that is not there.
func (s *Store) ofRooms(ctx context.Context, rooms []chat.RoomID, keys ...func(bucket int) string) ([][]int64, error) {
	if s.closed.Load() {
		return nil, presence.ErrClosed
	}
	numbers := make([][]int64, len(keys))
	for k := range keys {
		numbers[k] = make([]int64, len(rooms))
	}
	if len(rooms) == 0 {
		return numbers, nil
	}
	places := map[int][]int{} // of rooms, by bucket
	for i, room := range rooms {
		places[bucketOf(room)] = append(places[bucketOf(room)], i)
	}
	order := slices.Collect(maps.Keys(places))
	answers, err := s.conn.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed {
		var commands []rueidis.Completed
		for _, bucket := range order {
			names := make([]string, len(places[bucket]))
			for n, i := range places[bucket] {
				names[n] = string(rooms[i])
			}
			for _, key := range keys {
				commands = append(commands, b.Hmget().Key(key(bucket)).Field(names...).Build())
			}
		}
		return commands
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for at, answer := range answers {
		if err := scatter(answer, places[order[at/len(keys)]], numbers[at%len(keys)]); err != nil {
			return nil, unavailable(err)
		}
	}
	return numbers, nil
}

// scatter puts the numbers of an answer in their places; what is nil stays as it is.
func scatter(answer rueidis.RedisResult, places []int, numbers []int64) error {
	values, err := answer.ToArray()
	if err != nil {
		return err
	}
	if len(values) != len(places) {
		return fmt.Errorf("%d numbers for %d rooms", len(values), len(places))
	}
	for n, i := range places {
		if values[n].IsNil() {
			continue
		}
		if numbers[i], err = values[n].AsInt64(); err != nil {
			return err
		}
	}
	return nil
}

// Rooms implements [presence.Store]. It asks as many buckets as it needs to come to limit.
func (s *Store) Rooms(ctx context.Context, limit int) (map[chat.RoomID]int, error) {
	if s.closed.Load() {
		return nil, presence.ErrClosed
	}
	sizes, err := s.eachBucket(ctx, func(b rueidis.Builder, bucket int) rueidis.Completed {
		return b.Hlen().Key(roomsKey(bucket)).Build()
	})
	if err != nil {
		return nil, err
	}
	wanted, rest := make([]int64, buckets), int64(limit)
	for bucket := range sizes {
		size, err := sizes[bucket].AsInt64()
		if err != nil {
			return nil, unavailable(err)
		}
		wanted[bucket] = max(min(size, rest), 0)
		rest -= wanted[bucket]
	}
	found, err := s.eachBucket(ctx, func(b rueidis.Builder, bucket int) rueidis.Completed {
		return b.Hrandfield().Key(roomsKey(bucket)).Count(wanted[bucket]).Withvalues().Build()
	})
	if err != nil {
		return nil, err
	}
	rooms := map[chat.RoomID]int{}
	for bucket := range found {
		if wanted[bucket] > 0 {
			if err := addRooms(rooms, found[bucket]); err != nil {
				return nil, unavailable(err)
			}
		}
	}
	return rooms, nil
}

// addRooms adds what one bucket told: rooms with their counts.
func addRooms(rooms map[chat.RoomID]int, answer rueidis.RedisResult) error {
	pairs, err := answer.ToArray()
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		values, err := pair.ToArray()
		if err != nil {
			return err
		}
		if len(values) != 2 {
			return fmt.Errorf("a room of %d parts", len(values))
		}
		name, err := values[0].ToString()
		if err != nil {
			return err
		}
		count, err := values[1].AsInt64()
		if err != nil {
			return err
		}
		rooms[chat.RoomID(name)] = int(count)
	}
	return nil
}

// eachBucket sends one command for each bucket as one pipeline.
func (s *Store) eachBucket(
	ctx context.Context, command func(b rueidis.Builder, bucket int) rueidis.Completed,
) ([]rueidis.RedisResult, error) {
	answers, err := s.conn.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed {
		commands := make([]rueidis.Completed, buckets)
		for bucket := range commands {
			commands[bucket] = command(b, bucket)
		}
		return commands
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return answers, nil
}
