package account

import (
	"os"
	"testing"
	"time"
)

func TestCPUCountsWhatThisProcessDoes(t *testing.T) {
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for { // the time limit of the tests ends it where CPU never grows
		now, err := CPU(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if now-before > 20*time.Millisecond {
			return
		}
	}
}

func TestMemoryOfThisProcess(t *testing.T) {
	m, err := MemoryOf(os.Getpid())
	if err != nil || m.PSS > m.RSS || m.RSS < 1<<20 {
		t.Fatalf("%+v, %v", m, err)
	}
}

func TestParseRollup(t *testing.T) {
	for text, want := range map[string]Memory{
		"00400000-7ffc [rollup]\nRss:      1024 kB\nPss:     512 kB\nPss_Anon: 3 kB\n": {1 << 20, 512 << 10},
		"Rss: 12 kB\n": {},
		"":             {},
	} {
		got, err := parseRollup([]byte(text))
		if (err == nil) != (want != Memory{}) || err == nil && got != want {
			t.Errorf("parseRollup(%q) = %+v, %v", text, got, err)
		}
	}
}
