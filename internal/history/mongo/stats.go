package mongo

import "sync/atomic"

// Stats counts what a store did since it was opened.
type Stats struct {
	Appends   uint64 // calls of Append that stored or found everything
	Inserts   uint64 // requests that stored at least one event
	Events    uint64 // events stored, as far as known at once
	Conflicts uint64 // inserts that were refused because another node had taken the number
	Repeats   uint64 // sends that turned out to be stored already
	Unsure    uint64 // inserts of which it could not be told at once what they stored
}

type counts struct{ appends, inserts, events, conflicts, repeats, unsure atomic.Uint64 }

// Stats gives the counts so far.
func (s *Store) Stats() Stats {
	c := &s.counts
	return Stats{
		Appends: c.appends.Load(), Inserts: c.inserts.Load(), Events: c.events.Load(),
		Conflicts: c.conflicts.Load(), Repeats: c.repeats.Load(), Unsure: c.unsure.Load(),
	}
}
