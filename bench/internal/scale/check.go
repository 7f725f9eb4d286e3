package scale

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"salon/bench/internal/account"
	"salon/bench/internal/process"
	"salon/internal/broker/redis"
	"salon/internal/chat"
	"salon/internal/presence"
	presenceredis "salon/internal/presence/redis"
	"salon/internal/redisconn"
)

// Lab is a redis-server of its own to measure. Close ends it.
type Lab struct {
	server *process.Server
	client rueidis.Client
}

// Open starts a redis-server that keeps nothing; what it says goes to a file in dir.
func Open(ctx context.Context, dir string) (*Lab, error) {
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	server, err := process.Start(ctx, dir, "redis", "redis-server", port, "--bind", "127.0.0.1", "--port", strconv.Itoa(port),
		"--dir", dir, "--save", "", "--appendonly", "no")
	if err != nil {
		return nil, err
	}
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{server.Addr}, ForceSingleClient: true, DisableCache: true})
	if err != nil {
		server.Stop()
		return nil, fmt.Errorf("connect to redis-server: %w", err)
	}
	return &Lab{server, client}, nil
}

// Close stops the server.
func (l *Lab) Close() error {
	l.client.Close()
	return l.server.Stop()
}

func (l *Lab) target() redisconn.Target { return redisconn.Target{Addresses: []string{l.server.Addr}} }

// info reads one figure of Redis's own account.
func (l *Lab) info(ctx context.Context, section, key string) (float64, error) {
	text, err := l.client.Do(ctx, l.client.B().Info().Section(section).Build()).ToString()
	if err != nil {
		return 0, fmt.Errorf("INFO %s: %w", section, err)
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), key); ok {
			rest, _, _ = strings.Cut(rest, ",")
			return strconv.ParseFloat(rest, 64)
		}
	}
	return 0, nil // a command that was never called is not listed
}

// Flow is what went through Redis and what it took, per second.
type Flow struct {
	Nodes int
	In    float64 // messages published
	Out   float64 // bytes written by Redis
	CPU   float64 // of Redis, µs
	Self  float64 // of this process, in which all nodes are, µs
}

// Broker opens so many nodes' brokers, each with a room in every partition, and measures over d what flows when each publishes
// rate messages of size bytes per second; with 0 they are idle, and only their probes flow.
func (l *Lab) Broker(ctx context.Context, nodes, rate, size int, d time.Duration) (f Flow, err error) {
	brokers := make([]*redis.Broker, nodes)
	for i := range brokers {
		brokers[i] = redis.Open(l.target(), chat.NewNodeID(), func(chat.RoomID, []byte) {}, redis.Options{})
		defer brokers[i].Close()
	}
	rooms := roomPerPartition()
	for _, b := range brokers {
		for _, room := range rooms {
			if err := patiently(ctx, func() error { return b.Subscribe(ctx, room) }); err != nil {
				return f, err
			}
		}
	}
	if rate == 0 {
		if err := l.idle(ctx, 1500*time.Millisecond); err != nil {
			return f, err
		}
	}
	before, err := l.flow(ctx)
	if err != nil {
		return f, err
	}
	start := time.Now()
	if rate == 0 {
		if err := l.idle(ctx, d); err != nil {
			return f, err
		}
	} else if err := publish(ctx, brokers, rooms, rate, size, d); err != nil {
		return f, err
	}
	took := time.Since(start).Seconds()
	after, err := l.flow(ctx)
	f = Flow{
		Nodes: nodes, In: (after.In - before.In) / took, Out: (after.Out - before.Out) / took,
		CPU: (after.CPU - before.CPU) / took, Self: (after.Self - before.Self) / took,
	}
	return f, err
}

// idle waits for d, or until probes have come where that takes longer.
func (l *Lab) idle(ctx context.Context, d time.Duration) error {
	before, err := l.flow(ctx)
	if err != nil {
		return err
	}
	for {
		sleep(ctx, d)
		now, err := l.flow(ctx)
		if err != nil || now.In > before.In {
			return err
		}
	}
}

// flow reads what Redis and this process account for until now. Out shows
// that each message goes to every node.
func (l *Lab) flow(ctx context.Context) (f Flow, err error) {
	if f.In, err = l.info(ctx, "commandstats", "cmdstat_spublish:calls="); err != nil {
		return f, err
	}
	if f.Out, err = l.info(ctx, "stats", "total_net_output_bytes:"); err != nil {
		return f, err
	}
	used, err := l.server.CPU()
	if err != nil {
		return f, err
	}
	own, err := account.CPU(os.Getpid())
	f.CPU, f.Self = float64(used.Microseconds()), float64(own.Microseconds())
	return f, err
}

// publish has every broker publish, for d, rate messages per second, one after the other, over all rooms.
func publish(ctx context.Context, brokers []*redis.Broker, rooms []chat.RoomID, rate, size int, d time.Duration) error {
	msg := make([]byte, size)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	start, sent := time.Now(), 0
	for time.Since(start) < d {
		for ; float64(sent) < time.Since(start).Seconds()*float64(rate); sent++ {
			for _, b := range brokers {
				if err := b.Publish(ctx, rooms[sent%len(rooms)], msg); err != nil {
					return err
				}
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func roomPerPartition() []chat.RoomID {
	rooms := make([]chat.RoomID, Partitions)
	for i, left := 0, Partitions; left > 0; i++ {
		name := "room-" + strconv.Itoa(i)
		if p := PartitionOf(name); rooms[p] == "" {
			rooms[p] = chat.RoomID(name)
			left--
		}
	}
	return rooms
}

// Beats opens presence for so many nodes, each with a session in every bucket, and gives what one node's beat costs Redis, in µs.
func (l *Lab) Beats(ctx context.Context, nodes, times int) (float64, error) {
	l.client.Do(ctx, l.client.B().Flushall().Build())
	stores := make([]*presenceredis.Store, nodes)
	for i := range stores {
		stores[i] = l.presence()
		defer stores[i].Close(ctx)
		for b, room := range roomPerPartition() {
			if err := join(ctx, stores[i], room, i*Partitions+b); err != nil {
				return 0, err
			}
		}
	}
	return l.each(times*nodes, func(i int) error {
		_, err := stores[i%nodes].Beat(ctx)
		return err
	})
}

// RoomCosts are what Redis does for presence in rooms of one size, in µs, and what it keeps.
type RoomCosts struct {
	Put   float64 // one session put in a room
	Bytes float64 // that one keeps
	Look  float64 // who is in a room, as a node asks where its own list differs
	Sum   float64 // its digest, when asked for all rooms at once
}

// Presence measures what so many rooms of that size cost Redis.
func (l *Lab) Presence(ctx context.Context, rooms, size int) (c RoomCosts, err error) {
	l.client.Do(ctx, l.client.B().Flushall().Build())
	s := l.presence()
	defer s.Close(ctx)
	names := make([]chat.RoomID, rooms)
	for i := range names {
		names[i] = chat.RoomID("room-" + strconv.Itoa(i))
	}
	before, err := l.info(ctx, "memory", "used_memory:")
	if err != nil {
		return c, err
	}
	if c.Put, err = l.each(rooms*size, func(i int) error { return join(ctx, s, names[i%rooms], i) }); err != nil {
		return c, err
	}
	after, err := l.info(ctx, "memory", "used_memory:")
	if err != nil {
		return c, err
	}
	c.Bytes = (after - before) / float64(rooms*size)
	c.Look, err = l.each(2000, func(i int) error {
		_, err := s.Members(ctx, names[i%rooms], "", chat.CrowdSize+1)
		return err
	})
	if err != nil {
		return c, err
	}
	c.Sum, err = l.each(20, func(int) error {
		_, err := s.Digests(ctx, names)
		return err
	})
	c.Sum /= float64(rooms)
	return c, err
}

// presence opens a node's presence; it is connected with the first call that succeeds.
func (l *Lab) presence() *presenceredis.Store {
	return presenceredis.Open(l.target(), chat.NewNodeID(), presenceredis.Options{})
}

func join(ctx context.Context, s *presenceredis.Store, room chat.RoomID, n int) error {
	id := chat.NewUserID()
	session := presence.Session{ID: chat.NewSessionID(), User: chat.User{ID: id, Name: "member " + strconv.Itoa(n), Color: chat.ColorOf(id)}, At: time.Now()}
	return patiently(ctx, func() error {
		_, err := s.Join(ctx, room, session)
		return err
	})
}

// patiently tries again what fails since the connection takes a moment.
func patiently(ctx context.Context, do func() error) (err error) {
	for end := time.Now().Add(time.Minute); ; sleep(ctx, 20*time.Millisecond) {
		if err = do(); err == nil || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

// each gives what one call of do costs Redis, in µs.
func (l *Lab) each(times int, do func(i int) error) (float64, error) {
	before, err := l.server.CPU()
	if err != nil {
		return 0, err
	}
	for i := range times {
		if err := do(i); err != nil {
			return 0, err
		}
	}
	after, err := l.server.CPU()
	return float64((after - before).Microseconds()) / float64(times), err
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
