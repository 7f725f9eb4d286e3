package salon

import (
	"testing"

	"salon/internal/chat"
	"salon/internal/history"
	"salon/internal/protocol"
)

func TestQuery(t *testing.T) {
	for _, c := range []struct {
		request string
		want    history.Query
		code    chat.Code // of the refusal
	}{
		{`{}`, history.Query{Limit: chat.DefaultPage}, ""},
		{`{"limit":1}`, history.Query{Limit: 1}, ""},
		{`{"limit":200}`, history.Query{Limit: chat.MaxPage}, ""},
		{`{"limit":201}`, history.Query{Limit: chat.MaxPage}, ""},
		{`{"limit":0}`, history.Query{}, chat.CodeBadRequest},
		{`{"limit":-1}`, history.Query{}, chat.CodeBadRequest},
		{`{"before":7}`, history.Query{Before: 7, Limit: chat.DefaultPage}, ""},
		{`{"before":1,"limit":2}`, history.Query{Before: 1, Limit: 2}, ""},
		{`{"before":0}`, history.Query{}, chat.CodeBadRequest},
		{`{"after":7}`, history.Query{After: 7, IsAfter: true, Limit: chat.DefaultPage}, ""},
		{`{"after":0}`, history.Query{IsAfter: true, Limit: chat.DefaultPage}, ""}, // the log from its start
		{`{"after":0,"limit":0}`, history.Query{}, chat.CodeBadRequest},
		{`{"around":7}`, history.Query{Around: 7, Limit: chat.DefaultPage}, ""},
		{`{"around":0}`, history.Query{}, chat.CodeBadRequest},
		{`{"before":18446744073709551615}`, history.Query{Before: 1<<64 - 1, Limit: chat.DefaultPage}, ""},
		{`{"before":1,"after":1}`, history.Query{}, chat.CodeBadRequest},
		{`{"before":1,"around":1}`, history.Query{}, chat.CodeBadRequest},
		{`{"after":0,"around":1}`, history.Query{}, chat.CodeBadRequest},
		{`{"before":1,"after":1,"around":1}`, history.Query{}, chat.CodeBadRequest},
	} {
		r, problem := protocol.Decode([]byte(`{"type":"history",` + c.request[1:]))
		if c.request == `{}` {
			r, problem = protocol.Decode([]byte(`{"type":"history"}`))
		}
		if problem != nil {
			t.Fatalf("%s: %v", c.request, problem)
		}
		q, err := query(&r)
		if c.code != "" {
			if err == nil || chat.CodeOf(err) != c.code {
				t.Errorf("%s: %+v, %v", c.request, q, err)
			}
			continue
		}
		if err != nil || q != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.request, q, err, c.want)
		}
	}
}

func TestLimitOf(t *testing.T) {
	number := func(n int) *int { return &n }
	for _, c := range []struct {
		limit *int
		usual int
		want  int // 0: refused
	}{
		{nil, chat.MaxPage, chat.MaxPage}, {nil, 7, 7}, {number(1), 7, 1}, {number(chat.MaxPage), 7, chat.MaxPage},
		{number(chat.MaxPage + 1), 7, chat.MaxPage}, {number(1 << 40), 7, chat.MaxPage}, {number(0), 7, 0}, {number(-5), 7, 0},
	} {
		got, err := limitOf(&protocol.Request{Limit: c.limit}, c.usual)
		if refused := c.want == 0; got != c.want || (err != nil) != refused || refused && chat.CodeOf(err) != chat.CodeBadRequest {
			t.Errorf("%v, usually %d: %d, %v, want %d", c.limit, c.usual, got, err, c.want)
		}
	}
}

func TestClip(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "short": "short", "12345678901234567890123456789012": "12345678901234567890123456789012",
		"123456789012345678901234567890123": "12345678901234567890123456789012",
	} {
		if got := clip(s); got != want {
			t.Errorf("clip(%q) = %q", s, got)
		}
	}
}
