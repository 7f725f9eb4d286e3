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

// Members implements [presence.Store]. The order is that of the users' IDs.
func (s *Store) Members(ctx context.Context, room chat.RoomID, cursor string, limit int) (presence.Members, error) {
	if s.closed.Load() {
		return presence.Members{}, presence.ErrClosed
	}
	answer := s.conn.Run(ctx, s.page, rueidis.LuaExec{
		Keys: []string{usersKey(room), sessionsKey(room), epochKey(bucketOf(room))},
		Args: []string{cursor, strconv.Itoa(max(limit, 1)), milliseconds(s.lease.duration)},
	})[0]
	m, err := parsePage(answer)
	if err != nil {
		return presence.Members{}, unavailable(err)
	}
	return m, nil
}

func parsePage(answer rueidis.RedisResult) (m presence.Members, err error) {
	values, err := answer.ToArray()
	if err != nil {
		return m, err
	}
	if len(values) != 4 {
		return m, fmt.Errorf("a page of %d values", len(values))
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
	users, err := values[3].AsStrSlice()
	if err != nil {
		return m, err
	}
	m.Count, m.Whole, m.Users = int(count), whole == 1, make([]chat.User, len(users))
	for i, user := range users {
		if m.Users[i], err = parseUser(user); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Counts implements [presence.Store].
func (s *Store) Counts(ctx context.Context, rooms []chat.RoomID) ([]int, error) {
	numbers, err := s.numbersOf(ctx, rooms, roomsKey)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(rooms))
	for i, n := range numbers[0] {
		counts[i] = int(n)
	}
	return counts, nil
}

// Digests implements [presence.Store]. If a sum were ever wrong, it would stay wrong until the room is empty. The callers would
// then read the room's members more often than they need to, and nothing else would happen.
func (s *Store) Digests(ctx context.Context, rooms []chat.RoomID) ([]presence.Digest, error) {
	numbers, err := s.numbersOf(ctx, rooms, roomsKey, sumsKey)
	if err != nil {
		return nil, err
	}
	digests := make([]presence.Digest, len(rooms))
	for i := range digests {
		digests[i] = presence.Digest{Count: int(numbers[0][i]), Sum: numbers[1][i]}
	}
	return digests, nil
}

// numbersOf reads a number for each room from each of the hashes that keys name in the rooms' buckets, as one pipeline. The
// number is 0 for a room that is not in the hash.
func (s *Store) numbersOf(ctx context.Context, rooms []chat.RoomID, keys ...func(bucket int) string) ([][]int64, error) {
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
	indexes := map[int][]int{} // of rooms, by bucket
	for i, room := range rooms {
		indexes[bucketOf(room)] = append(indexes[bucketOf(room)], i)
	}
	order := slices.Collect(maps.Keys(indexes))
	answers, err := s.conn.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed {
		var commands []rueidis.Completed
		for _, bucket := range order {
			names := make([]string, len(indexes[bucket]))
			for n, i := range indexes[bucket] {
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
		if err := scatter(answer, indexes[order[at/len(keys)]], numbers[at%len(keys)]); err != nil {
			return nil, unavailable(err)
		}
	}
	return numbers, nil
}

// scatter stores the values of an answer in numbers, at indexes. A value that is nil leaves its number as it is.
func scatter(answer rueidis.RedisResult, indexes []int, numbers []int64) error {
	values, err := answer.ToArray()
	if err != nil {
		return err
	}
	if len(values) != len(indexes) {
		return fmt.Errorf("%d numbers for %d rooms", len(values), len(indexes))
	}
	for n, i := range indexes {
		if values[n].IsNil() {
			continue
		}
		if numbers[i], err = values[n].AsInt64(); err != nil {
			return err
		}
	}
	return nil
}

// Rooms implements [presence.Store]. It first asks every bucket how many rooms it has, and then for as many as limit needs.
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

// addRooms adds the rooms of a bucket's answer, with their counts.
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
			return fmt.Errorf("a room of %d values", len(values))
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
