package mongo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/mongoconn"
	"salon/internal/mongotest"
)

// link connects one node to the server. It can be cut, and it can lead through faulty proxies. Each faulty proxy keeps its
// toxic: taking a toxic away from a stalled connection can block toxiproxy for ever.
type link struct {
	uri    string
	front  *toxiproxy.Proxy
	server string   // where the front leads when all is well
	faulty []string // and when it is not; "" is nowhere
}

// toxics are what the faulty proxies do to the connections through them.
var toxics = []string{
	`{"name":"answers lost","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`,
	`{"name":"requests late","type":"latency","stream":"upstream","attributes":{"latency":250,"jitter":250}}`,
	`{"name":"answers late","type":"latency","stream":"downstream","attributes":{"latency":250,"jitter":250}}`,
	`{"name":"reset","type":"reset_peer","stream":"downstream","attributes":{"timeout":5}}`,
	`{"name":"in pieces","type":"slicer","stream":"downstream","attributes":{"average_size":20,"size_variation":10,"delay":100}}`,
}

// newLink makes a link to the server of uri.
func newLink(t *testing.T, uri string) *link {
	t.Helper()
	l := &link{server: address(t, uri), faulty: []string{""}}
	for _, toxic := range toxics {
		p := startProxy(t, l.server)
		if _, err := p.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatal(err)
		}
		l.faulty = append(l.faulty, p.Listen)
	}
	l.front = startProxy(t, l.server)
	l.uri = "mongodb://" + l.front.Listen + "/?directConnection=true"
	return l
}

func startProxy(t *testing.T, upstream string) *toxiproxy.Proxy {
	t.Helper()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(api, "store", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// connect cuts all connections and leads new ones to the address where, "" for nowhere.
func (l *link) connect(where string) error {
	cut := &toxiproxy.Proxy{Listen: l.front.Listen, Upstream: l.front.Upstream}
	if err := l.front.Update(cut); err != nil || where == "" {
		return err
	}
	return l.front.Update(&toxiproxy.Proxy{Listen: l.front.Listen, Upstream: where, Enabled: true})
}

// disturb cuts the link and leads it through faulty proxies until ctx ends. At the end all is well.
func (l *link) disturb(ctx context.Context, random *rand.Rand) error {
	for ctx.Err() == nil {
		_ = mongoconn.Sleep(ctx, time.Duration(random.IntN(400))*time.Millisecond)
		if err := l.connect(l.faulty[random.IntN(len(l.faulty))]); err != nil {
			return err
		}
		_ = mongoconn.Sleep(ctx, time.Duration(50+random.IntN(500))*time.Millisecond)
		if err := l.connect(l.server); err != nil {
			return err
		}
	}
	return nil
}

// insertFaults chooses some inserts for faults that a proxy of bytes cannot aim at one request, on connections that worked
// until then.
func insertFaults(ctx context.Context, random *rand.Rand) rule {
	return func(command string) fault {
		if command != "insert" || ctx.Err() != nil {
			return fault{}
		}
		switch random.IntN(20) {
		case 0:
			return fault{drop: true}
		case 1:
			return fault{cut: true}
		case 2:
			late := make(chan struct{})
			time.AfterFunc(time.Duration(random.IntN(600))*time.Millisecond, func() { close(late) })
			return fault{cut: true, late: late}
		}
		return fault{}
	}
}

// TestChaos has three nodes write in one room and in rooms of their own over links that fail, and send again what was not
// acknowledged. What was acknowledged must be in the log, once, as it was acknowledged.
func TestChaos(t *testing.T) {
	t.Parallel()
	const nodes, writers = 3, 2
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	uri, db := mongotest.Start(t), mongotest.Database()
	plain := openOn(t, uri, db)
	var proxies []*faultProxy
	var links []*link
	var stores []*Store
	for range nodes {
		p := newFaultProxy(t, uri)
		l := newLink(t, p.uri)
		s := openAtLast(t, l.uri, mongoconn.Options{Database: db, Timeout: 400 * time.Millisecond})
		proxies, links, stores = append(proxies, p), append(links, l), append(stores, s)
	}

	ctx := t.Context()
	disturbed, calm := context.WithTimeout(ctx, 3*time.Second)
	defer calm()
	var writing, disturbing errgroup.Group
	acked := make([][]chat.Event, nodes*writers)
	for n, s := range stores {
		l := links[n]
		proxies[n].set(insertFaults(disturbed, rand.New(rand.NewPCG(seed, uint64(2*n)))))
		disturbing.Go(func() error { return l.disturb(disturbed, rand.New(rand.NewPCG(seed, uint64(2*n+1)))) })
		for w := range writers {
			who := n*writers + w
			writing.Go(func() (err error) {
				acked[who], err = writeThrough(ctx, disturbed, s, plain, who)
				return err
			})
		}
	}
	if err := writing.Wait(); err != nil {
		t.Error(err)
	}
	calm()
	if err := disturbing.Wait(); err != nil {
		t.Fatal(err)
	}

	want := map[int]int{}
	for who := range acked {
		want[who] = len(acked[who]) / 2
	}
	checkLog(t, plain, "hot", true, want)
	logs := map[chat.RoomID][]chat.Event{"hot": readLog(t, plain, "hot")}
	for who, events := range acked {
		own := chat.RoomID(fmt.Sprint("own-", who))
		checkLog(t, plain, own, true, map[int]int{who: want[who]})
		logs[own] = readLog(t, plain, own)
		for _, e := range events {
			if log := logs[e.Room]; e.Seq > uint64(len(log)) || log[e.Seq-1] != e {
				t.Fatalf("acknowledged as %+v, which is not in the log", e)
			}
		}
	}
	for n, s := range stores {
		t.Logf("node %d: %d appends, %d conflicts, %d outcomes unknown", n, s.counts.appends.Load(), s.counts.conflicts.Load(), s.counts.unknown.Load())
	}
}

const chaosBatch = 4

// writeThrough appends batches to the room that all write in and to one of its own while the links are disturbed, and sends
// each again until it is acknowledged. What s has not acknowledged when that is over goes through calm, which waits for the
// server however slow it is.
func writeThrough(ctx, disturbed context.Context, s, calm *Store, who int) ([]chat.Event, error) {
	var acked []chat.Event
	for i := 0; disturbed.Err() == nil; i++ {
		if err := mongoconn.Sleep(ctx, 50*time.Millisecond); err != nil { // it is the faults that are tested, not the speed
			return acked, err
		}
		for _, room := range []chat.RoomID{"hot", chat.RoomID(fmt.Sprint("own-", who))} {
			for {
				got, err := s.Append(ctx, room, batchOf(who, i, chaosBatch))
				if err == nil {
					acked = append(acked, got...)
					break
				}
				if ctx.Err() != nil || !errors.Is(err, history.ErrUnavailable) {
					return acked, fmt.Errorf("writer %d, batch %d: %w", who, i, err)
				}
				if disturbed.Err() != nil {
					s = calm
				}
				if err := mongoconn.Sleep(ctx, 15*time.Millisecond); err != nil {
					return acked, err
				}
			}
		}
	}
	return acked, nil
}
