package mongo

import (
	"context"
	"errors"
	"math"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"golang.org/x/sync/errgroup"

	"salon/internal/chat"
)

// atOnce is how many requests for one call are under way at a time.
const atOnce = 8

// points reads by single ids, for a server that reads the whole collection for anything else. A log has no hole, so
// its events' ids are known before they are asked for.
type points struct {
	ranges
	before atomic.Int64 // events in all rooms when the store was opened
}

// scanned is how many documents such a server reads in the time of one request for one id, about.
const scanned = 8

func (p *points) span(ctx context.Context, room chat.RoomID, first, last uint64) ([]chat.Event, error) {
	if last < first {
		return nil, nil
	}
	n := last - first + 1
	if total := p.before.Load() + int64(p.s.counts.events.Load()); n > atOnce && n*scanned > uint64(total) {
		return p.ranges.span(ctx, room, first, last)
	}
	numbers := make([]uint64, n)
	for i := range numbers {
		numbers[i] = first + uint64(i)
	}
	return p.each(ctx, room, numbers)
}

// each reads the events with these numbers, in the order asked, and leaves out those that are not there.
func (p *points) each(ctx context.Context, room chat.RoomID, numbers []uint64) ([]chat.Event, error) {
	found := make([]*chat.Event, len(numbers))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, seq := range numbers {
		g.Go(func() (err error) {
			found[i], err = p.one(ctx, eventID(room, seq))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var events []chat.Event
	for _, e := range found {
		if e != nil {
			events = append(events, *e)
		}
	}
	return events, nil
}

// one reads the event with an id, nil if there is none.
func (p *points) one(ctx context.Context, id string) (*chat.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, p.s.timeout)
	defer cancel()
	var doc eventDoc
	switch err := p.s.events.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&doc); {
	case errors.Is(err, mongo.ErrNoDocuments):
		return nil, nil
	case err != nil:
		return nil, err
	}
	e := doc.event()
	return &e, nil
}

// last asks for the next number, and if it is there for some at growing distances behind it, until one is missing; then
// for those in between, until none is left. A log that grows meanwhile does not keep it going: what was missing once
// stays the end.
func (p *points) last(ctx context.Context, room chat.RoomID, from mark) (mark, error) {
	asked := []uint64{from.seq + 1}
	end := uint64(math.MaxUint64) // a number that was missing
	for far := uint64(1); ; {
		seen, err := p.each(ctx, room, asked)
		if err != nil {
			return from, err
		}
		if len(seen) > 0 {
			from = later(from, markOf(seen[len(seen)-1]))
		}
		for _, seq := range asked {
			if seq > from.seq {
				end = min(end, seq)
			}
		}
		switch {
		case from.seq+1 >= end:
			return from, nil
		case end == math.MaxUint64:
			asked = asked[:0]
			for range atOnce {
				asked = append(asked, from.seq+far)
				far *= 2
			}
		default:
			asked = spread(from.seq, end)
		}
	}
}

// spread gives up to atOnce numbers between from and end, neither of which is meant, at about equal distances.
func spread(from, end uint64) []uint64 {
	var numbers []uint64
	gap := end - from - 1
	n := min(gap, atOnce)
	for i := range n {
		numbers = append(numbers, from+1+i*gap/n)
	}
	return numbers
}

// recent is how far back sends are looked for one by one: most that are sent again were sent just now.
const recent = 512

func (p *points) sends(ctx context.Context, room chat.RoomID, head uint64, events []chat.Event) ([]chat.Event, error) {
	wanted := make(map[sendKey]bool, len(events))
	for _, e := range events {
		wanted[keyOf(e)] = true
	}
	var found []chat.Event
	for last := head; last > 0 && last+recent > head; last -= min(last, 64) {
		part, err := p.span(ctx, room, max(last, 64)-63, last)
		if err != nil {
			return nil, err
		}
		for _, e := range part {
			if wanted[keyOf(e)] {
				found = append(found, e)
				delete(wanted, keyOf(e))
			}
		}
		if !wanted[keyOf(events[0])] {
			return found, nil // the others, if they are older, will be refused in their turn
		}
	}
	return p.ranges.sends(ctx, room, head, events)
}

func (p *points) grown(_ context.Context, rooms []chat.RoomID, _ []mark) ([]int, error) {
	all := make([]int, len(rooms))
	for i := range all {
		all[i] = i
	}
	return all, nil
}
