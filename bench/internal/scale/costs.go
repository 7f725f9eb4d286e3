package scale

import "flag"

// Costs are what one of something costs. Times are in microseconds of processor time unless said otherwise.
type Costs struct {
	// Measured: the commands are in docs/SCALE.md.
	Delivery    float64 // one event to one member in a small frame of its own
	SmallRoom   float64 // one event to one member of a small room, all that the event took included
	DeliveryHot float64 // one event to one member in a frame with many others
	ConnBytes   float64 // memory of the process for one idle connection
	KeptBytes   float64 // memory of a node for one recent event of a room
	SockBytes   float64 // memory of the kernel for one idle connection
	EventBytes  float64 // one event on the wire, plain
	Compressed  float64 // what compression leaves of a busy room's bytes, 0 to 1
	RedisIn     float64 // Redis: one message published
	RedisOut    float64 // Redis: one message given to one subscriber
	NodeIn      float64 // a node: one message taken and dropped
	ProbeRate   float64 // probes of one node in one partition, per second
	ProbeOut    float64 // Redis: one probe given to one node, what it took to come in included
	ProbeIn     float64 // a node: one probe taken
	BeatBase    float64 // Redis: one node's beat in one bucket, without what follows
	BeatNode    float64 // Redis: the same for each node in the bucket
	Digest      float64 // Redis: the digest of who is in a room, asked for many rooms at once
	Join        float64 // Redis: one session put in a room
	SessionKB   float64 // Redis: memory of one session in one room

	// Assumed.
	Members   float64 // on one node
	RTT       float64 // from a node to Redis and back, ms
	Commit    float64 // MongoDB: a write on a majority, ms
	Writes    float64 // MongoDB: small writes per second and shard
	Lookups   float64 // MongoDB: documents found by _id per second and shard
	ShardGB   float64 // MongoDB: data and indexes of one shard, GB
	Packed    float64 // what compression on disk leaves of the documents, 0 to 1
	GbitUsed  float64 // what one node may send, Gbit/s
	CoresUsed float64 // what one node may use for deliveries, cores
	RedisUsed float64 // how busy one Redis may be, 0 to 1
}

// Register makes each cost a flag; the flags' defaults are this machine's figures.
func (c *Costs) Register(f *flag.FlagSet) {
	for _, v := range []struct {
		to    *float64
		name  string
		value float64
		usage string
	}{
		{&c.Delivery, "delivery", 7.1, "measured: µs for one event to one member, in a frame of its own"},
		{&c.SmallRoom, "small-room", 21.6, "measured: µs for one event to one member of a room of 10, append and all"},
		{&c.DeliveryHot, "delivery-hot", 0.217, "measured: µs for one event to one member, in a frame of many"},
		{&c.ConnBytes, "conn-bytes", 10700, "measured: bytes of the process for an idle connection"},
		{&c.SockBytes, "sock-bytes", 3300, "measured: bytes of the kernel for an idle connection"},
		{&c.KeptBytes, "kept-bytes", 856, "measured: bytes of a node for a recent event"},
		{&c.EventBytes, "event-bytes", 269, "measured: bytes of one event on the wire"},
		{&c.Compressed, "compressed", 0.22, "measured: what compression leaves of a busy room's bytes"},
		{&c.RedisIn, "redis-in", 37, "measured: µs of Redis for a message published"},
		{&c.RedisOut, "redis-out", 1.4, "measured: µs of Redis for a message to one subscriber"},
		{&c.NodeIn, "node-in", 0.9, "measured: µs of a node for a message taken and dropped"},
		{&c.ProbeRate, "probe-rate", 0.8, "measured: probes of a node in a partition, per second"},
		{&c.ProbeOut, "probe-out", 0.18, "measured: µs of Redis for a probe given to a node"},
		{&c.ProbeIn, "probe-in", 0.9, "measured: µs of a node for a probe taken"},
		{&c.BeatBase, "beat-base", 4.1, "measured: µs of Redis for a node's beat in one bucket, without its entries"},
		{&c.BeatNode, "beat-node", 0.4, "measured: µs of Redis for each node in it"},
		{&c.Digest, "digest", 0.37, "measured: µs of Redis for the digest of who is in a room, asked for 500 at once"},
		{&c.Join, "join", 45, "measured: µs of Redis for a session put in a room"},
		{&c.SessionKB, "session-kb", 0.42, "measured: KB of Redis for a session in a room"},
		{&c.Members, "node-members", 25_000, "assumed: connections of one node"},
		{&c.RTT, "rtt", 0.2, "assumed: ms from a node to Redis and back"},
		{&c.Commit, "commit", 5, "assumed: ms for a write on a majority of a replica set"},
		{&c.Writes, "mongo-writes", 10_000, "assumed: small writes per second and shard"},
		{&c.Lookups, "mongo-lookups", 100_000, "assumed: documents found by _id per second and shard"},
		{&c.ShardGB, "shard-gb", 1000, "assumed: GB of data and indexes on one shard"},
		{&c.Packed, "packed", 0.5, "assumed: what compression on disk leaves of the documents"},
		{&c.GbitUsed, "node-gbit", 5, "assumed: Gbit/s that one node may send"},
		{&c.CoresUsed, "node-cores", 4, "assumed: cores that one node may use for deliveries"},
		{&c.RedisUsed, "redis-used", 0.5, "assumed: how busy one Redis may be"},
	} {
		f.Float64Var(v.to, v.name, v.value, v.usage)
	}
}
