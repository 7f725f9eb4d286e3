package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// place is what a fault is done to.
type place string

const (
	atNode           place = "node"
	atRedis          place = "redis"
	atRedisLink      place = "redis link"
	atStoreLink      place = "store link"
	atEveryStoreLink place = "every store link"
	atClientLink     place = "client link"
	atClients        place = "clients"
)

// kind is a kind of fault.
type kind struct {
	name              string
	where             place
	shortest, longest time.Duration
	do                func(ctx context.Context, w *world, f fault) error // makes the fault, waits, heals it
}

const second = time.Second

// Kinds that the planner treats in a way of their own.
const (
	stopNode       = "node stopped"
	clientsRestart = "client restarted"
	clientsStale   = "client with an unknown token"
	clientsVisit   = "visit with an old since, sends repeated"
)

// kinds are all kinds of faults.
var kinds = []kind{
	{"node killed", atNode, second / 10, 4 * second, killNode},
	{stopNode, atNode, 0, 0, freezeNode},

	{"redis emptied", atRedis, 0, 0, func(ctx context.Context, w *world, f fault) error { w.redis.FlushAll(); return nil }},
	{"redis killed", atRedis, second / 2, 5 * second, killRedis},
	{"redis stopped", atRedis, second, 8 * second, freezeRedis},
	{"redis paused", atRedis, second, 4 * second, pauseRedis},

	{"redis cut off", atRedisLink, second, 7 * second, during(onRedis, cutLink)},
	{"redis silent", atRedisLink, second, 7 * second, during(onRedis, silence)},
	{"redis slow", atRedisLink, second, 6 * second, during(onRedis, trickle)},

	{"store cut off", atStoreLink, second, 7 * second, during(onStore, cutLink)},
	{"store silent", atStoreLink, second, 7 * second, during(onStore, silence)},
	{"store slow", atStoreLink, second, 5 * second, during(onStore, trickle)},
	{"store writes, does not answer", atStoreLink, 2 * second, 8 * second, during(onStore, loseReplies)},
	{"store answers in part", atStoreLink, second, 4 * second, during(onStore, breakReplies)},
	{"store gets requests late", atStoreLink, 2 * second, 8 * second, during(onStore, holdRequests)},
	{"store away", atEveryStoreLink, second, 5 * second, storeAway},

	{"clients cut off", atClientLink, 0, 3 * second, during(onClients, cutLink)},
	{"clients silent", atClientLink, second, 8 * second, during(onClients, silence)},
	{"clients slow", atClientLink, second, 5 * second, during(onClients, trickle)},

	{clientsRestart, atClients, 0, 3 * second, func(ctx context.Context, w *world, f fault) error { return w.clients.restart(ctx, f) }},
	{clientsStale, atClients, 0, second, func(ctx context.Context, w *world, f fault) error { return w.clients.replace(ctx, f) }},
	{clientsVisit, atClients, 4 * second, 8 * second, func(ctx context.Context, w *world, f fault) error { return w.clients.visit(ctx, f) }},
}

func killNode(ctx context.Context, w *world, f fault) error {
	w.nodes[f.node].Kill()
	pause(ctx, f.lasts)
	return w.nodes[f.node].comeBack()
}

func freezeNode(ctx context.Context, w *world, f fault) error {
	w.nodes[f.node].Signal(syscall.SIGSTOP)
	pause(ctx, f.lasts)
	w.nodes[f.node].Signal(syscall.SIGCONT)
	return nil
}

func killRedis(ctx context.Context, w *world, f fault) error {
	w.redis.Kill()
	pause(ctx, f.lasts)
	w.redis.Restart()
	return nil
}

func freezeRedis(ctx context.Context, w *world, f fault) error {
	w.redis.Pause()
	pause(ctx, f.lasts)
	w.redis.Resume()
	return nil
}

// pauseRedis has Redis answer nobody for a while, by its own command. At the end Redis answers everything.
func pauseRedis(ctx context.Context, w *world, f fault) error {
	w.redis.Must("CLIENT", "PAUSE", fmt.Sprint(f.lasts.Milliseconds()), "ALL")
	pause(ctx, f.lasts)
	return nil
}

func storeAway(ctx context.Context, w *world, f fault) error {
	for _, n := range w.nodes {
		n.store.cut()
	}
	pause(ctx, f.lasts)
	for _, n := range w.nodes {
		if err := n.store.reopen(); err != nil {
			return err
		}
	}
	return nil
}

func onRedis(n *node) *link   { return n.redis }
func onStore(n *node) *link   { return n.store }
func onClients(n *node) *link { return n.front }

// during makes one of a node's links bad for the time of a fault: bad gives the toxics to apply, or says that the link is cut.
func during(which func(*node) *link, bad func(l *link, rng *rand.Rand) ([]toxic, bool)) func(context.Context, *world, fault) error {
	return func(ctx context.Context, w *world, f fault) error {
		l := which(w.nodes[f.node])
		toxics, cut := bad(l, rand.New(rand.NewPCG(f.seed, 0)))
		if cut {
			l.cut()
			pause(ctx, f.lasts)
			return l.reopen()
		}
		err := l.degrade(toxics...)
		pause(ctx, f.lasts)
		l.restore(context.WithoutCancel(ctx))
		return err
	}
}

func cutLink(*link, *rand.Rand) ([]toxic, bool) { return nil, true }

// silence loses everything that is sent either way, and closes the connections when it is healed.
func silence(*link, *rand.Rand) ([]toxic, bool) {
	nothing := map[string]int{"timeout": 0}
	return []toxic{{"timeout", requests, nothing}, {"timeout", replies, nothing}}, false
}

// trickle lets everything through, a few bytes at a time.
func trickle(_ *link, rng *rand.Rand) ([]toxic, bool) {
	size := 64 + rng.IntN(192)
	pieces := map[string]int{"average_size": size, "size_variation": size / 2, "delay": 2000 + rng.IntN(8000)} // µs
	late := map[string]int{"latency": 20 + rng.IntN(100), "jitter": 20}                                        // ms
	return []toxic{{"slicer", replies, pieces}, {"slicer", requests, pieces}, {"latency", replies, late}}, false
}

// loseReplies lets requests through and loses what is answered.
func loseReplies(*link, *rand.Rand) ([]toxic, bool) {
	return []toxic{{"timeout", replies, map[string]int{"timeout": 0}}}, false
}

// breakReplies ends each connection in the middle of an answer.
func breakReplies(_ *link, rng *rand.Rand) ([]toxic, bool) {
	return []toxic{{"limit_data", replies, map[string]int{"bytes": 200 + rng.IntN(4000)}}}, false
}

// holdRequests lets no request through until it is healed. Then all come, also those that nobody waits for any more.
func holdRequests(*link, *rand.Rand) ([]toxic, bool) {
	return []toxic{{"latency", requests, map[string]int{"latency": int(time.Hour / time.Millisecond)}}}, false
}

// pause waits, less if ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
