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

// link is the way of one node to the server, which can be cut and led over bad ways. A bad way is a proxy of its own that
// keeps its toxic: taking one away from a stalled connection can block toxiproxy for ever.
type link struct {
	uri    string
	front  *toxiproxy.Proxy
	server string   // where the front leads when all is well
	bad    []string // and when it is not; "" is nowhere
}

// toxics are what the bad ways do to the connections that are made over them.
var toxics = []string{
	`{"name":"answers lost","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`,
	`{"name":"requests late","type":"latency","stream":"upstream","attributes":{"latency":250,"jitter":250}}`,
	`{"name":"answers late","type":"latency","stream":"downstream","attributes":{"latency":250,"jitter":250}}`,
	`{"name":"reset","type":"reset_peer","stream":"downstream","attributes":{"timeout":5}}`,
	`{"name":"in pieces","type":"slicer","stream":"downstream","attributes":{"average_size":20,"size_variation":10,"delay":100}}`,
}

// newLink leads to the server of uri.
func newLink(t *testing.T, uri string) *link {
	t.Helper()
	l := &link{server: address(t, uri), bad: []string{""}}
	for _, toxic := range toxics {
		p := startProxy(t, l.server)
		if _, err := p.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatal(err)
		}
		l.bad = append(l.bad, p.Listen)
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

// lead cuts all connections and leads those that come to where, "" for nowhere.
func (l *link) lead(where string) error {
	cut := &toxiproxy.Proxy{Listen: l.front.Listen, Upstream: l.front.Upstream}
	if err := l.front.Update(cut); err != nil || where == "" {
		return err
	}
	return l.front.Update(&toxiproxy.Proxy{Listen: l.front.Listen, Upstream: where, Enabled: true})
}

// storm makes trouble on the link until ctx ends, and ends with all well.
func (l *link) storm(ctx context.Context, random *rand.Rand) error {
	for ctx.Err() == nil {
		_ = mongoconn.Sleep(ctx, time.Duration(random.IntN(400))*time.Millisecond)
		if err := l.lead(l.bad[random.IntN(len(l.bad))]); err != nil {
			return err
		}
		_ = mongoconn.Sleep(ctx, time.Duration(50+random.IntN(500))*time.Millisecond)
		if err := l.lead(l.server); err != nil {
			return err
		}
	}
	return nil
}

// misfortune does to some inserts what no proxy of bytes can aim at, on connections that worked until then.
func misfortune(ctx context.Context, random *rand.Rand) rule {
	return func(command string) deed {
		if command != "insert" || ctx.Err() != nil {
			return deed{}
		}
		switch random.IntN(20) {
		case 0:
			return deed{drop: true}
		case 1:
			return deed{cut: true}
		case 2:
			late := make(chan struct{})
			time.AfterFunc(time.Duration(random.IntN(600))*time.Millisecond, func() { close(late) })
			return deed{cut: true, late: late}
		}
		return deed{}
	}
}

// TestChaos has three nodes write in one room and in rooms of their own over links that fail, each in its way, and
// send again what was not acknowledged. What was acknowledged must be in the log, once, as it was told.
func TestChaos(t *testing.T) {
	t.Parallel()
	const nodes, writers = 3, 2
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	uri, db := mongotest.Start(t), mongotest.Database()
	ctx := t.Context()
	raging, calm := context.WithTimeout(ctx, 3*time.Second)
	defer calm()

	plain := openOn(t, uri, db)
	var writing, storm errgroup.Group
	acked := make([][]chat.Event, nodes*writers)
	var stores []*Store
	for n := range nodes {
		m := newFaultProxy(t, uri)
		l := newLink(t, m.uri)
		var s *Store
		untilStored(t, func() (err error) {
			s, err = open(t, l.uri, mongoconn.Options{Database: db, Timeout: 400 * time.Millisecond})
			return err
		})
		t.Cleanup(func() { _ = s.Close() }) // it may say that its goodbye did not arrive
		stores = append(stores, s)
		m.set(misfortune(raging, rand.New(rand.NewPCG(seed, uint64(2*n)))))
		storm.Go(func() error { return l.storm(raging, rand.New(rand.NewPCG(seed, uint64(2*n+1)))) })
		for w := range writers {
			who := n*writers + w
			writing.Go(func() (err error) {
				acked[who], err = writeThrough(ctx, raging, s, plain, who)
				return err
			})
		}
	}
	if err := writing.Wait(); err != nil {
		t.Error(err)
	}
	calm()
	if err := storm.Wait(); err != nil {
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

// writeThrough appends batches to the room that all write in and to one of its own while the storm rages, and sends
// each again until it is acknowledged. What s has not acknowledged when the storm is over goes through calm, which waits for
// a server however slow it is.
func writeThrough(ctx, raging context.Context, s, calm *Store, who int) ([]chat.Event, error) {
	var acked []chat.Event
	for i := 0; raging.Err() == nil; i++ {
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
				if raging.Err() != nil {
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
