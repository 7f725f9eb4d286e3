package rows

import (
	"math"
	"strings"
	"testing"
)

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		v    Verdict
		mark string
	}{
		{Verdict{Values: []float64{1.2, 9, 1.1}, Reach: 1.25, Beyond: 1.1}, "reached"},
		{Verdict{Values: []float64{1.1, 1.0, 9}, Reach: 1.25, Beyond: 1.1}, "beyond"},
		{Verdict{Values: []float64{1.3, 1.3, 1}, Reach: 1.25, Beyond: 1.1}, "MISSED"},
		{Verdict{Values: []float64{30}, Reach: 20, Beyond: 50, AtLeast: true}, "reached"},
		{Verdict{Values: []float64{19}, Reach: 20, Beyond: 50, AtLeast: true}, "MISSED"},
		{Verdict{Values: []float64{0.5}, Reach: none, Beyond: 0.6, AtLeast: true}, "not beyond"},
		{Verdict{Values: []float64{0.7}, Reach: none, Beyond: 0.6, AtLeast: true}, "beyond"},
		{Verdict{Values: []float64{1}, Reach: 1, Beyond: none}, "reached"},
		{Verdict{Values: []float64{math.NaN()}, Reach: 1, Beyond: 1}, "NO FIGURE"},
		{Verdict{Values: []float64{math.Inf(1)}, Reach: 1, Beyond: 1, AtLeast: true}, "NO FIGURE"},
		{Verdict{Reach: 1, Beyond: 0}, "NO FIGURE"},
	} {
		if got := c.v.Mark(); got != c.mark {
			t.Errorf("%v, targets %s: %s, want %s", c.v.Values, c.v.Targets(), got, c.mark)
		}
	}
}

func TestVerdictWrites(t *testing.T) {
	v := Verdict{Values: []float64{0.5, 0.4, 0.61}, Reach: 0.5, Beyond: 0.25, Unit: "×"}
	if got := v.Figure(); got != "0.50× (0.40 to 0.61)" {
		t.Error(got)
	}
	if got := v.Targets(); got != "≤ 0.50×, beyond ≤ 0.25×" {
		t.Error(got)
	}
	v = Verdict{Reach: none, Beyond: 200, AtLeast: true}
	if got := v.Targets(); got != "beyond ≥ 200" {
		t.Error(got)
	}
}

func TestQuantiles(t *testing.T) {
	for _, c := range []struct {
		sorted []int
		q      float64
		want   int
	}{{nil, 0.5, 0}, {[]int{7}, 0.99, 7}, {[]int{1, 2, 3, 4}, 0.5, 3}, {[]int{1, 2, 3, 4}, 0.99, 4}, {[]int{1, 2, 3, 4}, 1, 4}} {
		if got := quantile(c.sorted, c.q); got != c.want {
			t.Errorf("quantile(%v, %v) = %d, want %d", c.sorted, c.q, got, c.want)
		}
	}
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 3}, 2.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

func TestRatiosAreOfOneRound(t *testing.T) {
	r := rounds{{{cpu: 2}, {cpu: 1}}, {{cpu: 30}, {cpu: 10}}}
	if got := r.ratio(0, 1, cpu); got[0] != 2 || got[1] != 3 {
		t.Error(got)
	}
}

func TestPrint(t *testing.T) {
	var b strings.Builder
	o := Outcome{
		Columns: []string{"µs"}, Figures: []Figure{{"salon", []string{"1.5"}}, {"the floor", []string{"12.25"}}},
		Verdicts: []Verdict{{What: "CPU", Values: []float64{2}, Reach: 1, Beyond: none, Unit: "×"}}, Notes: []string{"a note"},
	}
	o.Print(&b, Row{Name: "row", Title: "title"})
	want := "\nrow: title\n             µs\n  salon      1.5\n  the floor  12.25\n  CPU: 2×; target ≤ 1×: MISSED\n  (a note)\n"
	if b.String() != want {
		t.Errorf("%q\nwant\n%q", b.String(), want)
	}
}

// TestRows builds the servers and runs rows of each make against them, small: it shows that the figures come, not what they are.
func TestRows(t *testing.T) {
	b := small(t)
	for _, row := range All() {
		switch row.Name {
		case "compressed", "return", "acks":
		default:
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			o, err := row.Run(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range o.Verdicts {
				if v.Mark() == "NO FIGURE" || v.Value() < 0 {
					t.Errorf("%s: %s", v.What, v.Figure())
				}
			}
			for _, f := range o.Figures {
				if len(f.Cells) != len(o.Columns) {
					t.Errorf("%s has %d cells for %d columns", f.Name, len(f.Cells), len(o.Columns))
				}
			}
		})
	}
	if err := b.Clean(); err != nil {
		t.Error(err)
	}
}
