package rows

import (
	"fmt"
	"math"
	"slices"
)

// Verdict compares a figure with its target.
type Verdict struct {
	What    string
	Values  []float64 // one of each round; the median counts
	Reach   float64   // the target; NaN for none
	Beyond  float64   // the further target; NaN for none
	AtLeast bool      // the targets are lower bounds
	Unit    string    // behind the figures: "×", " KB"
}

var none = math.NaN()

// Value gives the figure that counts.
func (v Verdict) Value() float64 { return median(v.Values) }

// Mark says what became of the target. A figure that could not be taken meets none.
func (v Verdict) Mark() string {
	switch {
	case len(v.Values) == 0 || math.IsNaN(v.Value()) || math.IsInf(v.Value(), 0):
		return "NO FIGURE"
	case math.IsNaN(v.Reach) && math.IsNaN(v.Beyond):
		return "no target"
	case v.meets(v.Beyond):
		return "beyond"
	case v.meets(v.Reach):
		return "reached"
	case math.IsNaN(v.Reach):
		return "not beyond"
	}
	return "MISSED"
}

func (v Verdict) meets(target float64) bool {
	if v.AtLeast {
		return v.Value() >= target
	}
	return v.Value() <= target
}

// Targets writes the targets.
func (v Verdict) Targets() string {
	sign := "≤"
	if v.AtLeast {
		sign = "≥"
	}
	s := ""
	if !math.IsNaN(v.Reach) {
		s = sign + " " + number(v.Reach) + v.Unit
	}
	if !math.IsNaN(v.Beyond) {
		if s != "" {
			s += ", beyond "
		} else {
			s = "beyond "
		}
		s += sign + " " + number(v.Beyond) + v.Unit
	}
	return s
}

// Figure writes the figure, and between which it lay over the rounds.
func (v Verdict) Figure() string {
	if len(v.Values) == 0 {
		return "none"
	}
	s := number(v.Value()) + v.Unit
	if len(v.Values) > 1 {
		s += fmt.Sprintf(" (%s to %s)", number(slices.Min(v.Values)), number(slices.Max(v.Values)))
	}
	return s
}

// number writes x with three digits that count.
func number(x float64) string {
	switch a := math.Abs(x); {
	case a >= 100 || x == math.Trunc(x):
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	case a >= 0.1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3g", x)
}
