package hub

import "sync/atomic"

// Stats counts what the hub did, for metrics. All only grow, except for the gauges.
type Stats struct {
	Rooms   atomic.Int64 // gauge: rooms in memory
	Members atomic.Int64 // gauge: sessions in rooms, a session counted once a room

	Appended   atomic.Int64 // events stored by this node's sends
	Batches    atomic.Int64 // appends that stored them
	Refused    atomic.Int64 // sends refused since history did not take them
	Deliveries atomic.Int64 // events handed to connections
	Lags       atomic.Int64 // members told that they lag
	Repairs    atomic.Int64 // pages read to fill gaps
	PageReads  atomic.Int64 // pages read from history
}
