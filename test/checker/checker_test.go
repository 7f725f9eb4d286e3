package checker

import (
	"testing"

	"salon/internal/chat"
)

func event(seq uint64, cid string) chat.Event {
	return chat.Event{Room: "r", Seq: seq, User: chat.User{ID: "u"}, CID: cid, Text: "text of " + cid}
}

func sight(seq uint64, cid string) Sight {
	return Sight{Seq: seq, User: "u", CID: cid, Text: "text of " + cid}
}

// TestFindsEachWrong gives histories and testimonies that are wrong in one way each.
func TestFindsEachWrong(t *testing.T) {
	good := []chat.Event{event(1, "a"), event(2, "b"), event(3, "c")}
	for name, c := range map[string]struct {
		log   []chat.Event
		tell  func(w *Witness)
		count func(v *Verdict) int
	}{
		"nothing wrong": {good, func(w *Witness) {
			w.Sent("r", "a")
			w.Acked(Ack{"r", "u", "a", 1})
			w.Acked(Ack{"r", "u", "a", 1}) // told again: no harm
			for i, cid := range []string{"a", "b", "c"} {
				w.Saw("r", sight(uint64(i+1), cid))
			}
		}, nil},
		"came later":                   {good, func(w *Witness) { w.Saw("r", sight(2, "b")); w.Saw("r", sight(3, "c")) }, nil},
		"lost":                         {good, func(w *Witness) { w.Acked(Ack{"r", "u", "x", 4}) }, func(v *Verdict) int { return v.Lost }},
		"lost, another has its number": {good, func(w *Witness) { w.Acked(Ack{"r", "u", "x", 2}) }, func(v *Verdict) int { return v.Lost }},
		"stored under another number":  {good, func(w *Witness) { w.Acked(Ack{"r", "u", "a", 2}) }, func(v *Verdict) int { return v.Lost }},
		"never settled":                {good, func(w *Witness) { w.Sent("r", "x") }, func(v *Verdict) int { return v.Unsettled }},
		"stored twice":                 {append(good[:3:3], event(4, "a")), func(w *Witness) {}, func(v *Verdict) int { return v.Twice }},
		"a hole":                       {[]chat.Event{event(1, "a"), event(3, "c")}, func(w *Witness) {}, func(v *Verdict) int { return v.Holes }},
		"a number twice":               {[]chat.Event{event(1, "a"), event(1, "b")}, func(w *Witness) {}, func(v *Verdict) int { return v.Holes }},
		"a gap":                        {good, func(w *Witness) { w.Saw("r", sight(1, "a")); w.Saw("r", sight(3, "c")) }, func(v *Verdict) int { return v.Gaps }},
		"the end not shown":            {good, func(w *Witness) { w.Saw("r", sight(1, "a")); w.Saw("r", sight(2, "b")) }, func(v *Verdict) int { return v.Gaps }},
		"repeated": {good, func(w *Witness) {
			for _, s := range []Sight{sight(2, "b"), sight(2, "b"), sight(3, "c")} {
				w.Saw("r", s)
			}
		}, func(v *Verdict) int { return v.Repeats }},
		"out of order": {good, func(w *Witness) {
			for _, s := range []Sight{sight(2, "b"), sight(3, "c"), sight(1, "a")} {
				w.Saw("r", s)
			}
		}, func(v *Verdict) int { return v.Repeats }},
		"the beginning not shown": {good, func(w *Witness) {
			w.Since("r", 0)
			w.Saw("r", sight(2, "b"))
			w.Saw("r", sight(3, "c"))
		}, func(v *Verdict) int { return v.Gaps }},
		"came back, all shown": {good, func(w *Witness) { w.Since("r", 2); w.Saw("r", sight(3, "c")) }, nil},
		"nothing shown":        {good, func(w *Witness) { w.Since("r", 1) }, func(v *Verdict) int { return v.Gaps }},
		"ended early": {good, func(w *Witness) {
			w.Since("r", 0)
			w.Saw("r", sight(1, "a"))
			w.Sent("r", "x")
			w.Gone()
		}, nil},
		"ended early, lost all the same": {good, func(w *Witness) {
			w.Sent("r", "x")
			w.Acked(Ack{"r", "u", "x", 4})
			w.Gone()
		}, func(v *Verdict) int { return v.Lost }},
		"shuffled": {good, func(w *Witness) {
			w.Sent("r", "b")
			w.Sent("r", "a")
			w.Acked(Ack{"r", "u", "b", 2})
			w.Acked(Ack{"r", "u", "a", 1})
		}, func(v *Verdict) int { return v.Shuffled }},
		"shown, not stored": {good, func(w *Witness) { w.Saw("r", sight(3, "c")); w.Saw("r", sight(4, "x")) }, func(v *Verdict) int { return v.Phantoms }},
		"another shown":     {good, func(w *Witness) { w.Saw("r", sight(3, "x")) }, func(v *Verdict) int { return v.Phantoms }},
	} {
		w := NewWitness("w")
		c.tell(w)
		v := Check(map[chat.RoomID][]chat.Event{"r": c.log}, []*Witness{w})
		switch {
		case c.count == nil && v.Broken() != 0:
			t.Errorf("%s: %s", name, v)
		case c.count != nil && (c.count(v) != 1 || v.Broken() != 1):
			t.Errorf("%s: %s", name, v)
		}
	}
}
