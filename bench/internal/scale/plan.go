package scale

import (
	"cmp"
	"math"
)

// Line is one result: a figure and how it comes about.
type Line struct {
	What  string
	Value float64
	Unit  string
	How   string
}

// Many is a great number of members in small rooms.
type Many struct {
	Members float64 // connected
	Each    float64 // rooms that each is in
	Size    float64 // members of a room
	Rate    float64 // messages per second in a room
	ByRoom  bool    // the balancer keeps a room's members on one node
}

// Nodes gives how many nodes hold so many members.
func (c Costs) Nodes(members float64) float64 { return max(2, math.Ceil(members/c.Members)) }

// Plan works out what so many members need.
func (m Many) Plan(c Costs) []Line {
	nodes := c.Nodes(m.Members)
	rooms := m.Members * m.Each / m.Size
	places := rooms * NodesOfRoom(nodes, m.Size)
	if m.ByRoom {
		places = rooms
	}
	said := rooms * m.Rate
	probes := nodes * Partitions * c.ProbeRate
	probeCores := probes * nodes * c.ProbeOut / 1e6
	pubsub := said*(c.RedisIn+nodes*c.RedisOut)/1e6 + probeCores
	beats := nodes / 2 * Partitions * (c.BeatBase + nodes*c.BeatNode) / 1e6
	rosters := places / 3 * c.Digest / 1e6
	deliveries := said * m.Size
	moved := m.Members / nodes * m.Each // places in rooms, when a node dies
	pages := moved * (1 - NodesOfRoom(nodes-1, m.Size-1)/(nodes-1))
	if m.ByRoom {
		pages = moved / m.Size
	}
	return []Line{
		{"nodes", nodes, "", "members / members of a node"},
		{"rooms", rooms, "", "members × rooms each / members of a room"},
		{"rooms on one node", places / nodes, "", "rooms × nodes that a room is on / nodes"},
		{"memory of a node: connections", m.Members / nodes * (c.ConnBytes + c.SockBytes) / 1e9, "GB", "process and kernel"},
		{"memory of a node: recent events", places / nodes * 50 * c.KeptBytes / 1e9, "GB", "rooms on it × the 50 read at the first join"},
		{"memory of a node: the same, rings full", places / nodes * 256 * c.KeptBytes / 1e9, "GB", "rooms on it × 256"},
		{"deliveries", deliveries, "/s", "rooms × rate × members of a room"},
		{"a node: deliveries", deliveries / nodes * c.SmallRoom / 1e6, "cores", "each with its share of the append"},
		{"a node: sends", deliveries / nodes * c.EventBytes * 8 / 1e9, "Gbit/s", "plain"},
		{"a node: hears", said + probes, "/s", "messages of all rooms and probes: it is in all partitions"},
		{"a node: what it hears", (said*c.NodeIn + probes*c.ProbeIn) / 1e6, "cores", ""},
		{"a node: one pass over its rosters", places / nodes * (c.RTT/500 + c.Digest/1000), "ms", "500 rooms in one go; due each 3 s"},
		{"Redis: messages", pubsub - probeCores, "cores", "messages × (in + nodes × out)"},
		{"Redis: probes", probeCores, "cores", "nodes² × partitions × rate × out"},
		{"Redis: beats", beats, "cores", "nodes / 2 s × buckets × (base + nodes × entry)"},
		{"Redis: rosters", rosters, "cores", "rooms on nodes / 3 s"},
		{"Redis: primaries", math.Ceil((pubsub + beats + rosters) / c.RedisUsed), "", "all of it / how busy one may be"},
		{"Redis: memory", m.Members * m.Each * c.SessionKB / 1e6, "GB", "sessions in rooms"},
		{"MongoDB: writes", said, "/s", "one batch for each message, at this rate"},
		{"MongoDB: shards by writes", math.Ceil(said / c.Writes), "", ""},
		{"MongoDB: lookups of heads", places / 2, "/s", "rooms on nodes / 2 s"},
		{"MongoDB: shards by heads", math.Ceil(places / 2 / c.Lookups), "", "were each shard asked for its own rooms only"},
		{"a node dies: joins elsewhere", moved, "", "its members × rooms each"},
		{"a node dies: pages read", pages, "", "where the room is new to the node"},
		{"all come back: names claimed in", m.Members / c.Writes, "s", "names are on one shard"},
		{"all come back: Redis for the joins", m.Members * m.Each * c.Join / 1e6, "core s", ""},
	}
}

// Crowd is one room.
type Crowd struct {
	Members float64
	Rate    float64 // messages per second
	Tick    float64 // ms between two frames to a member at least; 0: as often as the store commits
}

// Plan works out what the room needs.
func (r Crowd) Plan(c Costs) []Line {
	frames := min(r.Rate, 1000/max(c.Commit, r.Tick))
	cores := r.Members * (frames*c.Delivery + (r.Rate-frames)*c.DeliveryHot) / 1e6
	plain := r.Members * r.Rate * c.EventBytes * 8 / 1e9
	nodes := math.Ceil(max(r.Members/c.Members, cores/c.CoresUsed, plain/c.GbitUsed))
	packed := math.Ceil(max(r.Members/c.Members, cores/c.CoresUsed, plain*c.Compressed/c.GbitUsed))
	others := r.Rate * (nodes - 1) / nodes * c.Commit / 1000
	return []Line{
		{"deliveries", r.Members * r.Rate, "/s", "members × rate"},
		{"frames to each member", frames, "/s", "one for a commit, or for a tick"},
		{"deliveries", cores, "cores", "members × (frames × alone + the other events × hot)"},
		{"sent, plain", plain, "Gbit/s", "members × rate × bytes"},
		{"sent, compressed", plain * c.Compressed, "Gbit/s", "busy room"},
		{"nodes, plain", nodes, "", "the most of members, cores, network"},
		{"nodes, compressed", packed, "", "the same"},
		{"one Redis", (frames*c.RedisIn + frames*nodes*c.RedisOut) / 1e6, "cores", "one partition: published × in + × nodes × out"},
		{"chance that another node takes the number", 1 - math.Exp(-others), "", "1 - e^-(others' messages in one commit)"},
		{"all come at once: presence knows them in", r.Members / nodes * c.RTT / 1000, "s", "each node tells its own one after the other"},
	}
}

// Stored is a great number of stored events.
type Stored struct {
	Events  float64
	Event   Event
	Biggest float64 // share of the events that are in one room
}

// Plan works out where they go.
func (s Stored) Plan(c Costs) []Line {
	doc := float64(s.Event.BSON())
	id, send := s.Event.Keys()
	keys := float64(id + send + 2*8) // and each entry's record id
	all := s.Events * (doc*c.Packed + keys) / 1e9
	return []Line{
		{"one document", doc, "bytes", "BSON"},
		{"its keys in the two unique indexes", keys, "bytes", "before prefix compression, after record ids"},
		{"documents", s.Events * doc / 1e12, "TB", "not compressed"},
		{"indexes", s.Events * keys / 1e12, "TB", "not compressed"},
		{"on disk, one copy", all / 1e3, "TB", "documents compressed"},
		{"shards", max(1, math.Ceil(all/c.ShardGB)), "", "by size"},
		{"disks of three copies", 3 * all / 1e3, "TB", ""},
		{"the largest room", s.Biggest * all, "GB", "on one shard: " + verdict(s.Biggest*all, c.ShardGB)},
		{"time to store them again", s.Events / c.Writes / max(1, math.Ceil(all/c.ShardGB)) / 86400, "days", "one write each, all shards"},
	}
}

func verdict(gb, shard float64) string {
	return map[bool]string{true: "fits", false: "does not fit"}[cmp.Compare(gb, shard) <= 0]
}
