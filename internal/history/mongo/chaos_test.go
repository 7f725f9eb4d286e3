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
	"salon/internal/mongotest"
)

// link is the way of one node to the server, which can be cut and disturbed.
type link struct {
	proxy *toxiproxy.Proxy
	uri   string
}

func newLink(t *testing.T, uri string) *link {
	t.Helper()
	server := strings.TrimSuffix(strings.TrimPrefix(uri, "mongodb://"), "/")
	if strings.ContainsAny(server, "@,/?") {
		t.Skip("the server of SALON_TEST_MONGO is not a plain host and port")
	}
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(api, "store", "127.0.0.1:0", server)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return &link{proxy: p, uri: "mongodb://" + p.Listen + "/?directConnection=true"}
}

// fault is something that happens to a link for a while.
type fault struct {
	name  string
	toxic string // "" for a cut
}

var faults = []fault{
	{"cut", ""},
	{"answers lost", `{"name":"x","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`},
	{"requests lost", `{"name":"x","type":"timeout","stream":"upstream","attributes":{"timeout":0}}`},
	{"requests late", `{"name":"x","type":"latency","stream":"upstream","attributes":{"latency":700,"jitter":300}}`},
	{"answers late", `{"name":"x","type":"latency","stream":"downstream","attributes":{"latency":700,"jitter":300}}`},
	{"reset", `{"name":"x","type":"reset_peer","stream":"downstream","attributes":{"timeout":5}}`},
	{"in pieces", `{"name":"x","type":"slicer","stream":"downstream","attributes":{"average_size":20,"size_variation":10,"delay":100}}`},
}

// inflict does f to the link for d. In the end all connections are cut: toxiproxy may wait for a stalled one for ever
// when it takes a toxic away.
func (l *link) inflict(ctx context.Context, f fault, d time.Duration) error {
	if f.toxic == "" {
		return errors.Join(l.enable(false), sleepFor(ctx, d), l.enable(true))
	}
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(f.toxic)); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return errors.Join(sleepFor(ctx, d), l.enable(false), l.proxy.Toxics.RemoveToxic(context.Background(), "x"), l.enable(true))
}

func (l *link) enable(on bool) error {
	return l.proxy.Update(&toxiproxy.Proxy{Listen: l.proxy.Listen, Upstream: l.proxy.Upstream, Enabled: on})
}

// sleepFor waits for d, or less when the storm is over.
func sleepFor(ctx context.Context, d time.Duration) error {
	_ = sleep(ctx, d)
	return nil
}

// TestChaos has three nodes write in one room and in rooms of their own over links that fail, each in its way, and
// send again what was not acknowledged. What was acknowledged must be in the log, once, as it was told.
func TestChaos(t *testing.T) {
	t.Parallel()
	const nodes, writers = 3, 2
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	uri, db := mongotest.Start(t), mongotest.Database()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	raging, calm := context.WithTimeout(ctx, 3*time.Second)
	defer calm()

	plain := openOn(t, uri, db, nil)
	var writing, storm errgroup.Group
	acked := make([][]chat.Event, nodes*writers)
	var stores []*Store
	for n := range nodes {
		l := newLink(t, uri)
		s := openWith(t, l.uri, Options{Database: db, Timeout: 400 * time.Millisecond}, nil)
		stores = append(stores, s)
		storm.Go(func() error {
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			for raging.Err() == nil {
				quiet, bad := time.Duration(random.IntN(300))*time.Millisecond, time.Duration(50+random.IntN(500))*time.Millisecond
				if err := errors.Join(sleepFor(raging, quiet), l.inflict(raging, faults[random.IntN(len(faults))], bad)); err != nil {
					return err
				}
			}
			return nil
		})
		for w := range writers {
			who := n*writers + w
			writing.Go(func() (err error) {
				acked[who], err = writeThrough(ctx, raging, s, who)
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
		t.Logf("node %d: %+v", n, s.Stats())
	}
}

const chaosBatch = 4

// writeThrough appends batches to the room that all write in and to one of its own while the storm rages, and sends
// each again until it is acknowledged.
func writeThrough(ctx, raging context.Context, s *Store, who int) ([]chat.Event, error) {
	var acked []chat.Event
	for i := 0; raging.Err() == nil; i++ {
		if err := pause(ctx, 6); err != nil { // it is the faults that are tested, not the speed
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
				if err := pause(ctx, 4); err != nil {
					return acked, err
				}
			}
		}
	}
	return acked, nil
}
