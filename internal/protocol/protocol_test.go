package protocol

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"salon/internal/chat"
	"salon/internal/lang"
)

func TestTextLines(t *testing.T) {
	ada := chat.User{ID: "u_1", Name: "ada"}
	ev := &chat.Event{Kind: chat.KindMessage, User: ada, Text: "salut"}
	for _, c := range []struct{ got, want string }{
		{TextEvent(lang.French, ev), "ada a dit : salut"},
		{TextEvent(lang.English, ev), "ada said: salut"},
		{TextEvent(lang.French, &chat.Event{Kind: "from the future", User: ada, Text: "x"}), ""},
		{TextChange(lang.French, &chat.Change{Kind: chat.ChangeJoin, User: ada}), "Annonce : ada a rejoint la chatroom"},
		{TextChange(lang.French, &chat.Change{Kind: chat.ChangeLeave, User: ada}), "Annonce : ada a quitté la chatroom"},
		{TextChange(lang.French, &chat.Change{Kind: chat.ChangeBack, User: ada}), "Annonce : ada est de retour"},
		{TextChange(lang.English, &chat.Change{Kind: chat.ChangeJoin, User: ada}), "Announcement: ada joined the chat room"},
		{TextChange(lang.English, &chat.Change{Kind: chat.ChangeCount, Count: 3}), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain":              "plain",
		"é 🎈 👩‍🚀":            "é 🎈 👩‍🚀",
		"\x1b[31mred\x1b[0m": "\ufffd[31mred\ufffd[0m",
		"\x1b]0;title\a":     "\ufffd]0;title\ufffd",
		"\u009b31m":          "\ufffd31m",
		"a\rb":               "a\ufffdb",
		"a\r\nb":             "a\n    b",
		"a\nAnnonce : root":  "a\n    Annonce : root",
		"a\u2028b":           "a\n    b",
		"\u202egnitset":      "\ufffdgnitset",
		"tab\there":          "tab here",
		"del\x7f":            "del\ufffd",
		"tag\U000e0041":      "tag\ufffd",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("\x1b[2J\u009b\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Visible(s) {
			if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
				t.Fatalf("Visible(%q) lets %U through", s, r)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"type":"send","id":"1","room":"r","cid":"c","text":"x"}`))
	f.Add([]byte("{}\n[]\n\"\\ud800\""))
	f.Fuzz(func(t *testing.T, frame []byte) {
		for line := range Requests(frame) {
			r, err := Decode(line)
			if err != nil {
				if code := chat.CodeOf(err); code != chat.CodeBadRequest {
					t.Fatalf("%q: %v", line, err)
				}
				continue
			}
			if r.Type == "" || !utf8.ValidString(r.Text) {
				t.Fatalf("%q: decoded as %+v", line, r)
			}
		}
	})
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00\u2028é\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && got != want {
			t.Fatalf("%q came back as %q", s, got)
		}
	})
}

var sample = chat.Event{
	Room: "lobby", Seq: 123456, Kind: chat.KindMessage, At: time.Unix(1764000000, 5e6).UTC(), CID: "0c2f2d0e-55a1",
	User: chat.User{ID: "u_abcdefghijklmnop", Name: "ada", Color: "#7c3aed"}, Text: "a usual line of a chat, neither short nor long",
}

func BenchmarkAppendEvent(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = AppendEvent(buf[:0], &sample)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Marshal(struct {
				Type, Room string
				Seq        uint64
				Kind       chat.Kind
				At         time.Time
				User       chat.User
				CID, Text  string
			}{"event", string(sample.Room), sample.Seq, sample.Kind, sample.At, sample.User, sample.CID, sample.Text})
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	line := []byte(`{"type":"send","id":"31","room":"lobby","cid":"0c2f2d0e-55a1","text":"a usual line of a chat, neither short nor long"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(line); err != nil {
			b.Fatal(err)
		}
	}
}

func TestLongIDIsNotRepeated(t *testing.T) {
	long := strings.Repeat("x", MaxID+1)
	for _, line := range []string{`{"type":"ping","id":"` + long + `"}`, `{"id":"` + long + `","type":7}`, `{"id":"` + long + `"}`} {
		if r, err := Decode([]byte(line)); chat.CodeOf(err) != chat.CodeBadRequest || r.ID != "" {
			t.Errorf("%.40s: %v, with an id of %d bytes", line, err, len(r.ID))
		}
	}
}

// TestTimesAreWrittenAlike: the same time has the same digits wherever it stands, whole milliseconds or not.
func TestTimesAreWrittenAlike(t *testing.T) {
	for at, want := range map[time.Time]string{
		time.Date(2026, 11, 22, 21, 35, 32, 810e6, time.UTC):             `"at":"2026-11-22T21:35:32.810Z"`,
		time.Date(2026, 11, 22, 22, 35, 32, 0, time.FixedZone("", 3600)): `"at":"2026-11-22T21:35:32.000Z"`,
	} {
		for _, frame := range [][]byte{
			Marshal(RoomLine{Room: "lobby", At: &Time{at}}),
			AppendEvent(nil, &chat.Event{At: at}),
			AppendAck(nil, "", &chat.Event{At: at}),
		} {
			if !strings.Contains(string(frame), want) {
				t.Errorf("%s: want %s", frame, want)
			}
		}
	}
	var back RoomLine
	if err := json.Unmarshal([]byte(`{"room":"lobby","at":"2026-11-22T21:35:32.810Z"}`), &back); err != nil || back.At.Nanosecond() != 810e6 {
		t.Errorf("read %+v, %v", back.At, err)
	}
}
