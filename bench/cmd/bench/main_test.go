package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"salon/bench/internal/rows"
)

func TestChoose(t *testing.T) {
	for names, want := range map[string]string{"idle": "idle", "idle,room1000": "room1000 idle"} {
		chosen, err := choose(names)
		var got []string
		for _, row := range chosen {
			got = append(got, row.Name)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", names, got, err)
		}
	}
	if all, err := choose(""); err != nil || len(all) != len(rows.All()) {
		t.Errorf("%d rows, %v", len(all), err)
	}
	if _, err := choose("idle,none"); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("%v", err)
	}
}

func TestARowThatFailsIsToldAndTheNextIsRun(t *testing.T) {
	b := &rows.Bench{Dir: t.TempDir()}
	row := func(name string, err error) rows.Row {
		return rows.Row{Name: name, Run: func(context.Context, *rows.Bench) (rows.Outcome, error) {
			return rows.Outcome{Notes: []string{"from " + name}}, err
		}}
	}
	var out, progress strings.Builder
	err := measure(t.Context(), b, []rows.Row{row("one", errors.New("no luck")), row("two", nil)}, &out, &progress)
	if err == nil || !strings.Contains(err.Error(), "one") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(out.String(), "FAILED: no luck") || !strings.Contains(out.String(), "from two") {
		t.Errorf("%s", out.String())
	}
}
