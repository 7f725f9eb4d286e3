package redisconn

import (
	"context"
	"fmt"

	"github.com/redis/rueidis"
)

// Script is a Lua script. It is sent by its hash (EVALSHA). A server that does not know the script yet gets its text (EVAL)
// and knows it from then on.
type Script struct {
	byHash *rueidis.Lua
	byText *rueidis.Lua
}

// NewScript makes a script from its text.
func NewScript(text string) Script {
	return Script{byHash: rueidis.NewLuaScript(text), byText: rueidis.NewLuaScriptNoSha(text)}
}

// NewReadOnlyScript makes a script that only reads. A server refuses to let it write (EVALSHA_RO, EVAL_RO).
func NewReadOnlyScript(text string) Script {
	return Script{byHash: rueidis.NewLuaScriptReadOnly(text), byText: rueidis.NewLuaScriptReadOnlyNoSha(text)}
}

// Run runs a script with each of runs as one pipeline, and returns an answer or an error for each, in the order of runs.
// When a server does not know the script yet, its runs are sent to it once more.
func (c *Conn) Run(ctx context.Context, s Script, runs ...rueidis.LuaExec) []rueidis.RedisResult {
	answers := c.exec(ctx, s.byHash, runs)
	var unknown []rueidis.LuaExec
	var indexes []int // of unknown among runs
	for i, answer := range answers {
		if refusal, ok := rueidis.IsRedisErr(answer.Error()); ok && refusal.IsNoScript() {
			unknown = append(unknown, runs[i])
			indexes = append(indexes, i)
		}
	}
	if len(unknown) > 0 {
		for k, answer := range c.exec(ctx, s.byText, unknown) {
			answers[indexes[k]] = answer
		}
	}
	return answers
}

func (c *Conn) exec(ctx context.Context, script *rueidis.Lua, runs []rueidis.LuaExec) []rueidis.RedisResult {
	answers, err := c.send(ctx, func(ctx context.Context, client rueidis.Client) []rueidis.RedisResult {
		return script.ExecMulti(ctx, withoutNodes{client}, runs...)
	})
	if err != nil {
		answers = make([]rueidis.RedisResult, len(runs))
		for i := range answers {
			answers[i] = rueidis.NewErrorResult(fmt.Errorf("run a script: %w", err))
		}
	}
	return answers
}

// withoutNodes is a client that knows no servers by name. [rueidis.Lua.ExecMulti] first loads the script into every server
// that the client names. That would be one more round trip for each call, and one server that is down would fail the calls
// to all others.
type withoutNodes struct{ rueidis.Client }

func (withoutNodes) Nodes() map[string]rueidis.Client { return nil }
