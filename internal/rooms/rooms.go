// Package rooms is what an actor may do. It is the only door to the hub: every way in decodes what it gets to a [Command] and
// calls [Rooms.Do], which asks the one table of permit.go whether the actor may do this, counts the command against the
// limits, and carries it out. Each capability has a file of its own.
//
// A [Rooms] puts together the parts of a node that rooms need: the hub, the rosters, the other nodes and the accounts. It owns
// them: it starts and stops them in order. Errors leave this package as *[chat.Error], whatever the way in.
//
// Locks: Actor.mu alone. No I/O under it.
package rooms

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"salon/internal/accounts"
	"salon/internal/broker"
	"salon/internal/chat"
	"salon/internal/cluster"
	"salon/internal/history"
	"salon/internal/hub"
	"salon/internal/presence"
	"salon/internal/roster"
)

// Config is what the rooms of a node are made of.
type Config struct {
	Node     string // this node's name, unique in the system
	History  history.Store
	Accounts accounts.Store
	Presence presence.Store
	// OpenBroker opens the broker, which calls the handler with what other nodes say. Nil: this node is alone.
	OpenBroker func(broker.Handler) (broker.Broker, error)
	Format     *hub.Format // the one that pages are kept and answered in
	Logger     *slog.Logger

	Limits  chat.Limits
	Burst   int           // sends at once above Limits.Rate; 0: twice the rate, at least 1
	MaxOpen int           // sends of one session that wait to be stored; 0: 256
	Hold    time.Duration // how long a name stays its user's after the user's last session
	Grace   time.Duration // how long a lost connection may come back before its user's going is announced
	// CompareEvery is how often heads are compared with history's while the broker works: an event that it lost shows after
	// that time.
	CompareEvery time.Duration

	// OnDegraded is told when messages to other nodes begin to be slow, since the broker is away, and when that ends. It must
	// not block, and may be nil.
	OnDegraded func(bool)
	// OnOtherHistory is told that the other nodes have another history: this node must stop. It may be nil.
	OnOtherHistory func(error)
}

// closePatience is how long Close waits for stores that do not answer.
const closePatience = 2 * time.Second

// Rooms is the rooms of a node and what their users may do.
type Rooms struct {
	config   Config
	log      *slog.Logger
	peers    *cluster.Cluster
	rosters  *roster.Keeper
	hub      *hub.Hub
	accounts *accounts.Directory
	lists    singleflight.Group // pages of the list of rooms

	life context.Context // ends with Close
	end  context.CancelFunc
	work sync.WaitGroup
}

// New makes the rooms of a node. Start them before use; Close ends them.
func New(c Config) (*Rooms, error) {
	if c.Burst <= 0 {
		c.Burst = max(1, int(2*c.Limits.Rate))
	}
	if c.MaxOpen <= 0 {
		c.MaxOpen = 256
	}
	s := &Rooms{config: c, log: c.Logger}
	s.life, s.end = context.WithCancel(context.Background())
	var err error
	s.peers, err = cluster.Open(cluster.Config{Node: c.Node, OpenBroker: c.OpenBroker, Logger: c.Logger}, (*inbox)(s))
	if err != nil {
		s.end()
		return nil, err
	}
	s.rosters = roster.NewKeeper(roster.Config{
		Presence: c.Presence, Cluster: s.peers, Logger: c.Logger, Grace: c.Grace, OnOtherHistory: c.OnOtherHistory,
	})
	s.hub = hub.New(hub.Config{
		History: c.History, Cluster: s.peers, Rosters: s.rosters, Format: c.Format, Logger: c.Logger, CompareEvery: c.CompareEvery,
	})
	s.accounts = accounts.New(accounts.Config{Store: c.Accounts, Hold: c.Hold, Logger: c.Logger, Publish: s.peers.UserChanged})
	s.accounts.Subscribe(func(ch accounts.Changed) { s.rosters.UserChanged(ch.User, ch.Here) })
	return s, nil
}

// Start starts the loops of all parts.
func (s *Rooms) Start() {
	s.peers.Start()
	s.rosters.Start()
	s.hub.Start()
	s.work.Go(func() { s.accounts.Run(s.life) })
}

// Stop refuses sends from now on, and waits until those taken are stored and acknowledged, or ctx ends.
func (s *Rooms) Stop(ctx context.Context) error { return s.hub.Stop(ctx) }

// Close ends the goroutines of all parts, not the stores. Call Stop first. It waits for stores that do not answer, but not for
// long.
func (s *Rooms) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	s.end()
	err := s.peers.Close() // first: what other nodes say would start goroutines
	s.rosters.Close(ctx)
	s.hub.Close(ctx)
	s.work.Wait()
	return err
}

// Peers returns the connection to the other nodes.
func (s *Rooms) Peers() *cluster.Cluster { return s.peers }

// Stats returns the hub's counters, live.
func (s *Rooms) Stats() *hub.Stats { return s.hub.Stats() }

// Limits returns what a session may do.
func (s *Rooms) Limits() chat.Limits { return s.config.Limits }

// inbox takes what other nodes say. It implements [cluster.Handler].
type inbox Rooms

func (b *inbox) Events(room chat.RoomID, events []chat.Event) { b.hub.Events(room, events) }
func (b *inbox) Change(room chat.RoomID, c chat.Change)       { b.rosters.Receive(room, c) }
func (b *inbox) Typing(room chat.RoomID, u chat.User)         { b.hub.Typing(room, u) }
func (b *inbox) UserChanged(u chat.User)                      { b.accounts.Changed(u) }

func (b *inbox) Degraded(degraded bool) {
	if b.config.OnDegraded != nil {
		b.config.OnDegraded(degraded)
	}
}
