package rooms

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
)

func TestSendIsChecked(t *testing.T) {
	g := open(t, func(c *Config) { c.Limits.Text = 10; c.Limits.Rate = 1000 }).enter("ada")
	g.join("r")
	for _, c := range []struct {
		cid, text string
		code      chat.Code
	}{
		{"", "x", chat.CodeInvalidCID},
		{"\x00", "x", chat.CodeInvalidCID},
		{strings.Repeat("c", chat.MaxCID+1), "x", chat.CodeInvalidCID},
		{"c", "", chat.CodeInvalidText},
		{"c", "\xff", chat.CodeInvalidText},
		{"c", strings.Repeat("x", 11), chat.CodeTooLarge},
	} {
		g.refused(c.code, &Send{Room: "r", CID: c.cid, Text: c.text})
	}
	stored := g.must(&Send{Room: "r", CID: "c", Text: strings.Repeat("x", 10)}).(Stored)
	if stored.Seq != 1 || stored.CID != "c" || stored.User != g.User() || stored.Kind != chat.KindMessage {
		t.Errorf("stored %+v", *stored.Event)
	}
}

// Each send is answered once: one that is stored, one that is sent again, one that is refused, and one that comes when the
// server is stopping.
func TestSendIsAnsweredOnce(t *testing.T) {
	w := open(t, nil)
	g := w.enter("ada")
	g.join("r")
	const each = 50
	var stored, refused, late [2 * each]atomic.Int32
	count := func(answers *[2 * each]atomic.Int32, code chat.Code) {
		t.Helper()
		for i := range answers {
			cid := fmt.Sprint(code, i%each) // each is sent twice
			err := w.Do(t.Context(), g.Actor, &Send{Room: "r", CID: cid, Text: "x"}, func(a Answer, err *chat.Error) {
				answers[i].Add(1)
				if codeOf(err) != code || (err == nil) != (a != nil) {
					t.Errorf("answered %v, %v", a, err)
				}
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	wait := func(answers *[2 * each]atomic.Int32) {
		t.Helper()
		eventually(t, "all are answered", func() bool {
			for i := range answers {
				if answers[i].Load() == 0 {
					return false
				}
			}
			return true
		})
	}
	count(&stored, "")
	wait(&stored)
	w.faults.fail(history.ErrUnavailable)
	count(&refused, chat.CodeUnavailable)
	wait(&refused)
	w.faults.work()
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	count(&late, chat.CodeShuttingDown)
	for name, answers := range map[string]*[2 * each]atomic.Int32{"stored": &stored, "refused": &refused, "late": &late} {
		for i := range answers {
			if n := answers[i].Load(); n != 1 {
				t.Errorf("%s: answered %d times", name, n)
			}
		}
	}
	if head := g.must(&History{Room: "r", Query: history.Query{Limit: 1}}).(Page).Head; head != each {
		t.Errorf("%d events are stored of %d sends, each sent twice", head, each)
	}
}
