package rows

import (
	"context"
	"math"
	"strings"
	"testing"

	"salon/bench/internal/process"
)

// compared makes a comparison of runs: of each build, of each round, of each run.
func compared(atLeast bool, here, other [][]float64) Comparison {
	return Comparison{Reading: Reading{What: "CPU", Unit: " ns", AtLeast: atLeast}, runs: [2][][]float64{here, other}}
}

func TestComparison(t *testing.T) {
	steady := [][]float64{{100, 102}, {101, 100}}
	for name, c := range map[string]struct {
		Comparison
		mark string
	}{
		"the same":                        {compared(false, steady, steady), "same"},
		"more, within the spread":         {compared(false, [][]float64{{102, 102}, {102, 102}}, steady), "same"},
		"more":                            {compared(false, [][]float64{{110, 111}, {110, 111}}, steady), "WORSE"},
		"less":                            {compared(false, [][]float64{{90, 91}, {90, 91}}, steady), "better"},
		"more, and more is better":        {compared(true, [][]float64{{110, 111}, {110, 111}}, steady), "better"},
		"less, and more is better":        {compared(true, [][]float64{{90, 91}, {90, 91}}, steady), "WORSE"},
		"more, but runs here differ more": {compared(false, [][]float64{{100, 130}, {110, 110}}, steady), "same"},
		"more, but other runs differ":     {compared(false, [][]float64{{110, 110}, {110, 110}}, [][]float64{{90, 110}, {100, 100}}), "same"},
		"one round of three is far off":   {compared(false, [][]float64{{100, 101}, {190, 191}, {100, 101}}, [][]float64{{100, 101}, {100, 101}, {100, 101}}), "same"},
		"both always 0":                   {compared(false, [][]float64{{0, 0}}, [][]float64{{0, 0}}), "same"},
		"0 before":                        {compared(false, [][]float64{{2, 2}}, [][]float64{{0, 0}}), "WORSE"},
		"0 now":                           {compared(false, [][]float64{{0, 0}}, [][]float64{{2, 2}}), "better"},
		"no figure":                       {compared(false, [][]float64{{math.NaN(), 1}}, [][]float64{{1, 1}}), "NO FIGURE"},
	} {
		if got := c.Mark(); got != c.mark {
			t.Errorf("%s: %s, want %s; change %v, spread %v", name, got, c.mark, c.Change(), c.Spread())
		}
	}
}

func TestAlternatingTakesTurns(t *testing.T) {
	turns := ""
	p := Pair{Here: &Bench{Name: "here", Rounds: 2, Progress: t.Output()}, Other: &Bench{Name: "other"}}
	all, err := alternating(func(_ context.Context, b *Bench) ([]Reading, error) {
		turns += b.Name + " "
		return []Reading{{What: "length", Value: float64(len(b.Name))}, {What: "turns", Value: float64(len(turns))}}, nil
	})(t.Context(), p)
	if err != nil || turns != strings.Repeat("here other ", 4) {
		t.Errorf("%q, %v", turns, err)
	}
	if len(all) != 2 || all[0].What != "length" || all[1].What != "turns" {
		t.Fatalf("%v", all)
	}
	if here, other := all[0].Medians(); here != 4 || other != 5 || len(all[0].runs[1]) != 2 || len(all[0].runs[1][1]) != runsEach {
		t.Errorf("%v", all[0])
	}
}

func TestPrintComparisons(t *testing.T) {
	var b strings.Builder
	p := Pair{Here: &Bench{Name: "here"}, Other: &Bench{Name: "v1"}}
	PrintComparisons(&b, p, []string{"row"}, [][]Comparison{{
		compared(false, [][]float64{{100, 100}}, [][]float64{{80, 84}}),
		compared(true, [][]float64{{100, 100}}, [][]float64{{100, 100}}),
	}})
	want := "\n  row  figure  here    v1      change   same build\n" +
		"  row  CPU     100 ns  82 ns   +22.0 %  ± 5.0 %     WORSE\n" +
		"  row  CPU     100 ns  100 ns  +0.0 %   ± 0.0 %     same\n"
	if b.String() != want {
		t.Errorf("%q\nwant\n%q", b.String(), want)
	}
}

// TestCompareRows compares a build with itself, small: it shows that the figures come, not what they are.
func TestCompareRows(t *testing.T) {
	here := small(t)
	other := *here
	other.Name = "other"
	for _, row := range All() {
		switch row.Name {
		case "return", "acks":
		default:
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			all, err := row.Compare(t.Context(), Pair{Here: here, Other: &other})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				if here, other := c.Medians(); here < 0 || other < 0 || c.Mark() == "NO FIGURE" {
					t.Errorf("%s: %v, %v", c.What, here, other)
				}
			}
		})
	}
	for _, row := range All() {
		if row.Compare == nil || row.Takes(1) <= 0 || row.Takes(2) <= row.Takes(1) {
			t.Errorf("%s cannot be compared, or its time is not known", row.Name)
		}
	}
}

// small gives what the rows share, for runs that show that it all works.
func small(t *testing.T) *Bench {
	t.Helper()
	dir := t.TempDir()
	root, err := process.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	programs, err := process.Build(t.Context(), root, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	return &Bench{Name: "here", Tree: root, Programs: programs, Dir: dir, Rounds: 1, Quick: true, Progress: t.Output()}
}
