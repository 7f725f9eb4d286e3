package redisconn

import (
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"salon/internal/redistest"
)

func connect(t *testing.T, url string) *Conn {
	t.Helper()
	target, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	target.Timeouts = Timeouts{
		Dial: redistest.Patience, Idle: redistest.Patience, Answer: redistest.Patience, Call: redistest.Patience,
	}
	c := Open(target, slog.New(slog.DiscardHandler))
	t.Cleanup(c.Close)
	redistest.Await(t, "connected", func() bool { return ping(c) == nil })
	return c
}

const appendSource = `return redis.call('RPUSH', KEYS[1], ARGV[1])`

// appends returns runs that append 0, 1, … to the lists that key names.
func appends(count int, key func(i int) string) []rueidis.LuaExec {
	runs := make([]rueidis.LuaExec, count)
	for i := range runs {
		runs[i] = rueidis.LuaExec{Keys: []string{key(i)}, Args: []string{strconv.Itoa(i)}}
	}
	return runs
}

func TestRunKeepsOrder(t *testing.T) {
	server := redistest.Start(t)
	c := connect(t, server.URL())
	script := NewScript(appendSource)
	for _, known := range []bool{false, true} {
		for i, answer := range c.Run(t.Context(), script, appends(50, func(int) string { return "list" })...) {
			if length, err := answer.AsInt64(); err != nil || length != int64(i+1) {
				t.Errorf("script known %v, run %d: %d, %v", known, i, length, err)
			}
		}
		server.Must("DEL", "list")
	}
}

// A server that knows the script gets its hash alone, in one round trip.
func TestRunSendsTheTextOnce(t *testing.T) {
	server := redistest.Start(t)
	c := connect(t, server.URL())
	script := NewScript(appendSource)
	for range 3 {
		for _, answer := range c.Run(t.Context(), script, appends(2, func(int) string { return "list" })...) {
			if err := answer.Error(); err != nil {
				t.Fatal(err)
			}
		}
	}
	stats := server.Must("INFO", "commandstats")
	for command, calls := range map[string]string{"eval": "2", "evalsha": "6"} { // 2 of the 6 were not known yet
		if !strings.Contains(stats, "cmdstat_"+command+":calls="+calls+",") {
			t.Errorf("not %s calls of %s: %s", calls, command, stats)
		}
	}
	if strings.Contains(stats, "cmdstat_script") {
		t.Errorf("the script was loaded by a call of its own: %s", stats)
	}
}

// One server of a Cluster does not answer. The runs on the other servers succeed.
func TestRunWithoutOneServer(t *testing.T) {
	cluster := redistest.StartCluster(t)
	c := connect(t, cluster.URL())
	for _, node := range cluster.Nodes { // the others serve their slots without it
		node.Must("CONFIG", "SET", "cluster-require-full-coverage", "no")
	}
	dead := 2
	cluster.Nodes[dead].Kill()
	runs := appends(30, func(i int) string { return "list-" + strconv.Itoa(i) })
	script := NewScript(appendSource)
	served := 0
	for i, answer := range c.Run(t.Context(), script, runs...) {
		alive := cluster.OwnerOf(cluster.SlotOf(runs[i].Keys[0])) != dead
		if err := answer.Error(); (err == nil) != alive {
			t.Errorf("%s: %v, its server is alive: %v", runs[i].Keys[0], err, alive)
		}
		if alive {
			served++
		}
	}
	if served == 0 || served == len(runs) {
		t.Errorf("%d of %d keys are on servers that are alive", served, len(runs))
	}
}

func TestReadOnlyScriptMustNotWrite(t *testing.T) {
	c := connect(t, redistest.Start(t).URL())
	if err := c.Run(t.Context(), NewReadOnlyScript(appendSource), appends(1, func(int) string { return "list" })...)[0].Error(); err == nil {
		t.Error("it wrote")
	}
	if _, err := c.Run(t.Context(), NewReadOnlyScript(`return redis.call('LLEN', KEYS[1])`), rueidis.LuaExec{Keys: []string{"list"}})[0].AsInt64(); err != nil {
		t.Error(err)
	}
}
