package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"salon/bench/internal/scale"
)

func TestPlan(t *testing.T) {
	o := options{stored: scale.Stored{Events: 1e9, Event: scale.SampleEvent()}, many: scale.Many{Members: 1e5, Each: 1, Size: 10, Rate: 1}}
	o.costs = scale.Costs{Members: 1000, Commit: 5, CoresUsed: 1, GbitUsed: 1, RedisUsed: 1, Writes: 1, Lookups: 1, ShardGB: 1}
	o.crowd = scale.Crowd{Members: 1000, Rate: 1}
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"nodes", "one room", "one document", "32 primaries"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestMeasure(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), options{measure: true, quick: true}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"for each probe heard", "a session put in", "an idle socket"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	t.Logf("\n%s", &out)
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.01234: "0.0123", 12.34: "12.3", 1234.4: "1234", 2e6: "2000000"} {
		if got := figure(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}
