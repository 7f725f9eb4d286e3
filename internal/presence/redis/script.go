package redis

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/hex"

	"github.com/redis/rueidis"

	"salon/internal/redisconn"
)

//go:embed lua/put.lua
var putSource string

//go:embed lua/drop.lua
var dropSource string

//go:embed lua/page.lua
var pageSource string

//go:embed lua/look.lua
var lookSource string

//go:embed lua/lease.lua
var leaseSource string

//go:embed lua/recount.lua
var recountSource string

// script is a Lua script, sent by its hash; servers that do not know it yet get its text.
type script struct {
	text, hash string
}

func newScript(text string) script {
	sum := sha1.Sum([]byte(text))
	return script{text: text, hash: hex.EncodeToString(sum[:])}
}

// scripts are all that a store uses.
type scripts struct{ put, drop, page, look, lease, recount script }

func newScripts() scripts {
	return scripts{
		put: newScript(putSource), drop: newScript(dropSource), page: newScript(pageSource), look: newScript(lookSource),
		lease: newScript(leaseSource), recount: newScript(recountSource),
	}
}

// call is one run of a script.
type call struct {
	script
	keys, args []string
}

func (c call) byHash(b rueidis.Builder) rueidis.Completed {
	return b.Evalsha().Sha1(c.hash).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
}

func (c call) byText(b rueidis.Builder) rueidis.Completed {
	return b.Eval().Script(c.text).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
}

// run runs calls as one pipeline. It gives an answer or an error for each; all are errors when nothing was sent.
func run(ctx context.Context, conn *redisconn.Conn, calls ...call) []rueidis.RedisResult {
	answers := send(ctx, conn, calls, call.byHash)
	var unknown []call
	var places []int
	for i, answer := range answers {
		if failure, is := rueidis.IsRedisErr(answer.Error()); is && failure.IsNoScript() {
			unknown = append(unknown, calls[i])
			places = append(places, i)
		}
	}
	if len(unknown) > 0 {
		for k, answer := range send(ctx, conn, unknown, call.byText) {
			answers[places[k]] = answer
		}
	}
	return answers
}

func send(
	ctx context.Context, conn *redisconn.Conn, calls []call, as func(call, rueidis.Builder) rueidis.Completed,
) []rueidis.RedisResult {
	answers, err := conn.DoMulti(ctx, func(b rueidis.Builder) []rueidis.Completed {
		commands := make([]rueidis.Completed, len(calls))
		for i, c := range calls {
			commands[i] = as(c, b)
		}
		return commands
	})
	if err != nil {
		answers = make([]rueidis.RedisResult, len(calls))
		for i := range answers {
			answers[i] = rueidis.NewErrorResult(err)
		}
	}
	return answers
}
