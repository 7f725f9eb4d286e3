package cluster

import (
	"bufio"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"salon/internal/chat"
)

var update = flag.Bool("update", false, "write the golden file anew; nodes of different builds then may not understand each other")

var (
	ada = chat.User{ID: "u_aaaaaaaaaaaaaaaa", Name: "Ada", Color: "#7c3aed"}
	zoe = chat.User{ID: "u_zzzzzzzzzzzzzzzz", Name: "Zoë 🎈", Color: "#0f766e"}
)

func sample(seq uint64) chat.Event {
	return chat.Event{
		Room: "lobby", Seq: seq, Kind: chat.KindMessage, At: time.UnixMilli(1764000000123).UTC(), User: ada,
		CID: "0c2f2d0e55a1bcde", Text: "a usual line of a chat, neither short nor long",
	}
}

// golden are the messages whose encoding testdata/messages.txt pins, and what they say.
var golden = []struct {
	name string
	msg  []byte
	says any
}{
	{"events-one", encodeEvents(sample(1)), []chat.Event{sample(1)}},
	{"events-three", encodeEvents(sample(127), sample(128), other), []chat.Event{sample(127), sample(128), other}},
	{"change-join", encodeChange(join), join},
	{"change-back", encodeChange(back), back},
	{"change-leave", encodeChange(leave), leave},
	{"change-rename", encodeChange(rename), rename},
	{"typing", appendUser(appendHeader(nil, kindTyping), &zoe), zoe},
	{"probe", appendProbe(appendHeader(nil, kindProbe), "n_a 1"), "n_a 1"},
	{"probe-answer", appendProbe(appendHeader(nil, kindProbeAnswer), "n_a 1"), "n_a 1"},
	{"user-changed", appendUser(appendHeader(nil, kindUserChanged), &zoe), zoe},
}

var (
	other = chat.Event{
		Room: "lobby", Seq: maxSeq, Kind: "from the future", At: time.UnixMilli(maxAt).UTC(), User: zoe, Text: "\x00\n🎈",
	}
	join   = chat.Change{Kind: chat.ChangeJoin, User: ada}
	back   = chat.Change{Kind: chat.ChangeBack, User: ada}
	leave  = chat.Change{Kind: chat.ChangeLeave, User: zoe}
	rename = chat.Change{Kind: chat.ChangeRename, User: zoe, Old: "Zoé"}
)

func encodeEvents(events ...chat.Event) []byte { return appendWaiting(nil, events) }

func encodeChange(c chat.Change) []byte { return appendChange(appendHeader(nil, kindChange), &c) }

// decodeAny reads a message whatever it says.
func decodeAny(msg []byte) (says any, refused int, err error) {
	m, err := parse(msg)
	if err != nil {
		return nil, 0, err
	}
	switch m.kind {
	case kindEvents:
		return decodeEvents("lobby", m.body)
	case kindChange:
		says, err = decodeChange(m.body)
	case kindProbe, kindProbeAnswer:
		says, err = decodeProbe(m.body)
	default:
		says, err = decodeUser(m.body)
	}
	return says, 0, err
}

func TestGolden(t *testing.T) {
	const file = "testdata/messages.txt"
	if *update {
		var b strings.Builder
		for _, g := range golden {
			fmt.Fprintf(&b, "%s %x\n", g.name, g.msg)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pinned := readGolden(t, file)
	if len(pinned) != len(golden) {
		t.Errorf("%s has %d messages, want %d", file, len(pinned), len(golden))
	}
	for _, g := range golden {
		if !slices.Equal(pinned[g.name], g.msg) {
			t.Errorf("%s: the encoding changed: nodes of the old and the new build no longer understand each other\n got %x\nwant %x",
				g.name, g.msg, pinned[g.name])
		}
		says, refused, err := decodeAny(pinned[g.name])
		if err != nil || refused > 0 || !reflect.DeepEqual(says, g.says) {
			t.Errorf("%s says %+v, %d refused, %v; want %+v", g.name, says, refused, err, g.says)
		}
	}
}

func readGolden(t *testing.T, file string) map[string][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	messages := map[string][]byte{}
	for s := bufio.NewScanner(f); s.Scan(); {
		name, digits, _ := strings.Cut(s.Text(), " ")
		if messages[name], err = hex.DecodeString(digits); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return messages
}

// A message that a later version signs is read, and so is one whose records have fields that this version does not know.
func TestNewerMessages(t *testing.T) {
	for _, g := range golden {
		signed := slices.Concat([]byte{version, flagSigned}, make([]byte, signatureSize), g.msg[2:])
		if says, refused, err := decodeAny(signed); err != nil || refused > 0 || !reflect.DeepEqual(says, g.says) {
			t.Errorf("%s, signed, says %+v, %d refused, %v", g.name, says, refused, err)
		}
		if says, refused, err := decodeAny(withNewField(g.msg)); err != nil || refused > 0 || !reflect.DeepEqual(says, g.says) {
			t.Errorf("%s, with a new field, says %+v, %d refused, %v", g.name, says, refused, err)
		}
	}
}

// withNewField gives the message with a field more in each record.
func withNewField(msg []byte) []byte {
	newer := slices.Clone(msg[:headerSize])
	for d := (decoder{rest: string(msg[headerSize:])}); d.rest != ""; {
		newer = appendText(newer, d.record()+"\x03new")
	}
	return newer
}

func TestOtherVersions(t *testing.T) {
	for name, msg := range map[string][]byte{
		"a later version":    {version + 1, 0, byte(kindEvents)},
		"the JSON of before": []byte(`e{"type":"event","room":"lobby","seq":1}`),
		"an unknown flag":    {version, 1 << 1, byte(kindEvents)},
		"kind 0":             {version, 0, 0},
		"an unknown kind":    {version, 0, byte(kindUserChanged) + 1},
	} {
		if _, err := parse(msg); !errors.Is(err, errUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, msg := range map[string][]byte{
		"empty":                   {},
		"no kind":                 {version, 0},
		"a signature cut off":     slices.Concat([]byte{version, flagSigned}, make([]byte, signatureSize-1)),
		"no kind behind the sign": slices.Concat([]byte{version, flagSigned}, make([]byte, signatureSize)),
	} {
		if _, err := parse(msg); !errors.Is(err, errRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An event that cannot be is refused, and those beside it are not.
func TestRefusedEvents(t *testing.T) {
	for name, change := range map[string]func(*chat.Event){
		"number 0":             func(e *chat.Event) { e.Seq = 0 },
		"a number too large":   func(e *chat.Event) { e.Seq = maxSeq + 1 },
		"no kind":              func(e *chat.Event) { e.Kind = "" },
		"a kind too long":      func(e *chat.Event) { e.Kind = chat.Kind(strings.Repeat("k", maxField+1)) },
		"before 1970":          func(e *chat.Event) { e.At = time.UnixMilli(-1) },
		"after 9999":           func(e *chat.Event) { e.At = time.UnixMilli(maxAt + 1) },
		"no user":              func(e *chat.Event) { e.User.ID = "" },
		"a user too long":      func(e *chat.Event) { e.User.ID = chat.UserID(strings.Repeat("u", maxField+1)) },
		"a name too long":      func(e *chat.Event) { e.User.Name = strings.Repeat("n", maxField+1) },
		"a name not in UTF-8":  func(e *chat.Event) { e.User.Name = "\xff" },
		"a colour too long":    func(e *chat.Event) { e.User.Color = strings.Repeat("c", maxField+1) },
		"a cid too long":       func(e *chat.Event) { e.CID = strings.Repeat("c", chat.MaxCID+1) },
		"a text not in UTF-8":  func(e *chat.Event) { e.Text = "\xc3" },
		"a surrogate in UTF-8": func(e *chat.Event) { e.Text = "\xed\xa0\x80" },
	} {
		wrong := sample(2)
		change(&wrong)
		m, err := parse(encodeEvents(sample(1), wrong, sample(3)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		events, refused, err := decodeEvents("lobby", m.body)
		if refused != 1 || err == nil || !reflect.DeepEqual(events, []chat.Event{sample(1), sample(3)}) {
			t.Errorf("%s: %d refused, %v, events %+v", name, refused, err, events)
		}
	}
}

// Of events that are cut off, those before the cut are read.
func TestCutOffEvents(t *testing.T) {
	whole := encodeEvents(sample(1), sample(2))[headerSize:]
	for n := range whole {
		events, refused, err := decodeEvents("lobby", whole[:n])
		want := 0
		if n >= len(whole)/2 {
			want = 1
		}
		atBorder := n == 0 || n == len(whole)/2
		if len(events) != want || (err == nil) != atBorder || (refused == 0) != atBorder {
			t.Fatalf("%d of %d bytes: %d events, %d refused, %v", n, len(whole), len(events), refused, err)
		}
	}
}

func TestRefusedMessages(t *testing.T) {
	head := func(k kind, body ...byte) []byte { return append(appendHeader(nil, k), body...) }
	nobody := chat.User{Name: "nobody"}
	for name, msg := range map[string][]byte{
		"a change of count":         encodeChange(chat.Change{Kind: chat.ChangeCount, User: ada}),
		"an unknown change":         encodeChange(chat.Change{Kind: "x", User: ada}),
		"a change of nobody":        encodeChange(chat.Change{Kind: chat.ChangeJoin}),
		"an empty change":           head(kindChange),
		"two changes":               append(encodeChange(join), encodeChange(leave)[headerSize:]...),
		"typing of nobody":          appendUser(head(kindTyping), &nobody),
		"typing cut off":            appendUser(head(kindTyping), &ada)[:20],
		"a probe without a name":    appendProbe(head(kindProbe), ""),
		"a probe with a long name":  appendProbe(head(kindProbe), strings.Repeat("x", maxField+1)),
		"a length not shortest":     head(kindProbe, 0x82, 0x00, 1, 'x'),
		"a length of more than 64":  head(kindProbe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2),
		"a length without its end":  head(kindProbe, 0xff),
		"a length beyond the end":   head(kindProbe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
		"a field beyond its record": head(kindProbe, 2, 2, 'x', 'y'),
	} {
		if says, _, err := decodeAny(msg); err == nil || errors.Is(err, errUnknown) {
			t.Errorf("%s says %+v, %v", name, says, err)
		}
	}
}

// What is decoded does not change when the broker uses its memory again.
func TestDecodedIsACopy(t *testing.T) {
	for _, g := range golden {
		msg := slices.Clone(g.msg)
		says, _, err := decodeAny(msg)
		clear(msg)
		if err != nil || !reflect.DeepEqual(says, g.says) {
			t.Errorf("%s says %+v after the message was overwritten, %v", g.name, says, err)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, e := range []chat.Event{sample(1), sample(1 << 40), other, {}} {
		if got := len(appendEvent(nil, &e)); got != recordSize(&e) {
			t.Errorf("the record of %+v has %d bytes, foretold %d", e, got, recordSize(&e))
		}
	}
	smallest := chat.Event{Seq: 1, Kind: "k", User: chat.User{ID: "u"}, At: time.UnixMilli(0)}
	if got := recordSize(&smallest); got != minEvent {
		t.Errorf("the smallest event has %d bytes, not minEvent", got)
	}
	for _, n := range []uint64{0, 127, 128, 1<<14 - 1, 1 << 14, 1<<64 - 1} {
		if got := len(appendUint(nil, n)); got != uintSize(n) {
			t.Errorf("%d takes %d bytes, foretold %d", n, got, uintSize(n))
		}
	}
}
