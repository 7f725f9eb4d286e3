package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"salon/internal/chat"
)

// presenceIn is how long presence takes at most to be true again after the last fault, on a machine that is not overloaded
// (docs/ARCHITECTURE.md, promise 7). Slower ones are printed.
const presenceIn = 10 * time.Second

// askAgain is when a node that does not say who is there is asked again.
const askAgain = 30 * time.Second

// recovery is how the world recovered from a burst.
type recovery struct {
	back  time.Duration // until everybody was in the rooms again
	who   time.Duration // until every node told truly who is where
	lists time.Duration // until every client's own list was right
	shown time.Duration // until everybody was shown all that is stored; 0 when they went on talking
	last  string        // what was wrong last
}

func (c recovery) String() string {
	return fmt.Sprintf("healed: %.1f s until all are back, %.1f s until who is true, %.1f s until lists are, %.1f s until all is shown; last: %s",
		c.back.Seconds(), c.who.Seconds(), c.lists.Seconds(), c.shown.Seconds(), c.last)
}

// settle waits until every client is in the rooms and presence is true, and when nobody talks, until every client was shown
// everything. The times count from now. The error says what is still wrong when ctx ends.
func (w *world) settle(ctx context.Context, ended func([]error)) (c recovery, err error) {
	began := time.Now()
	note := func(err error) error {
		if err != nil {
			c.last = err.Error()
		}
		return err
	}
	if err := until(ctx, func() error {
		ended(w.clients.replaceEnded())
		return note(w.allBack())
	}); err != nil {
		return c, err
	}
	c.back = time.Since(began)
	truth := w.truth()
	var work sync.WaitGroup
	errs := make([]error, 3)
	missed := ""
	await := func(i int, took *time.Duration, right func() error) {
		work.Go(func() {
			errs[i] = until(ctx, right)
			*took = time.Since(began)
		})
	}
	await(0, &c.who, func() error { return w.compareWho(ctx, truth) })
	await(1, &c.lists, func() error { return w.compareLists(truth) })
	if w.clients.quiet.Load() {
		await(2, &c.shown, func() error {
			err := w.compareShown(ctx)
			if err != nil {
				missed = err.Error()
			}
			return err
		})
	}
	work.Wait()
	c.last += missed
	return c, errors.Join(errs...)
}

// until calls right until it gives no error, or until ctx ends; then it gives the last error.
func until(ctx context.Context, right func() error) error {
	var wrong error
	for {
		err := right()
		switch {
		case err == nil:
			return nil
		case wrong == nil || ctx.Err() == nil: // else the error may only be that ctx has ended
			wrong = fmt.Errorf("still: %w", err)
		}
		if ctx.Err() != nil {
			return wrong
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// allBack says which clients are not in the rooms, and has them try to connect at once.
func (w *world) allBack() error {
	var away []string
	for _, p := range w.everybody() {
		if !p.here() {
			p.Retry()
			away = append(away, p.state())
		}
	}
	if len(away) > 0 {
		return fmt.Errorf("not in the rooms: %v", away)
	}
	return nil
}

func (w *world) everybody() []*person { return slices.Concat(w.watchers, w.clients.present()) }

// truth gives the name of every user that is in the rooms.
func (w *world) truth() map[chat.UserID]string {
	truth := map[chat.UserID]string{}
	for _, p := range w.everybody() {
		truth[p.User().ID] = p.name
	}
	return truth
}

// compareWho asks every node who is in every room, and says what differs from the truth.
func (w *world) compareWho(ctx context.Context, truth map[chat.UserID]string) error {
	ctx, cancel := context.WithTimeout(ctx, askAgain)
	defer cancel()
	for i, p := range w.watchers {
		for _, room := range rooms {
			users, _, _, err := p.Who(ctx, room, "")
			if err != nil {
				return fmt.Errorf("node %d does not tell who is in %s: %w", i+1, room, err)
			}
			told := map[chat.UserID]string{}
			for _, u := range users {
				told[u.ID] = u.Name
			}
			if wrong := difference(truth, told); wrong != "" {
				return fmt.Errorf("node %d about %s: %s", i+1, room, wrong)
			}
		}
	}
	return nil
}

// compareLists says which client's list of members differs from the truth.
func (w *world) compareLists(truth map[chat.UserID]string) error {
	for _, p := range w.everybody() {
		for _, room := range rooms {
			if wrong := difference(truth, p.list(room)); wrong != "" {
				return fmt.Errorf("%s's list of %s: %s", p.name, room, wrong)
			}
		}
	}
	return nil
}

// compareShown says which client was not shown everything that is stored, or has something to send.
func (w *world) compareShown(ctx context.Context) error {
	logs, err := w.logs(ctx)
	if err != nil {
		return err
	}
	for _, p := range w.everybody() {
		if n := p.Pending(); n > 0 {
			return fmt.Errorf("%s has %d to send", p.name, n)
		}
		if err := sawAll(p, logs); err != nil {
			return err
		}
	}
	return nil
}

// difference says how what was told differs from the truth, "" when it does not.
func difference(truth, told map[chat.UserID]string) string {
	var missing, ghosts []string
	for id, name := range truth {
		if told[id] != name {
			missing = append(missing, name)
		}
	}
	for id, name := range told {
		if truth[id] != name {
			ghosts = append(ghosts, name)
		}
	}
	if maps.Equal(truth, told) {
		return ""
	}
	slices.Sort(missing)
	slices.Sort(ghosts)
	return fmt.Sprintf("missing %v, ghosts %v", missing, ghosts)
}
