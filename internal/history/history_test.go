package history_test

import (
	"math"
	"testing"

	"salon/internal/history"
)

func TestRange(t *testing.T) {
	t.Parallel()
	type span struct {
		first, last uint64
		more        bool
	}
	none := func(more bool) span { return span{1, 0, more} }
	for name, c := range map[string]struct {
		q    history.Query
		head uint64
		want span
	}{
		"newest":                {history.Query{Limit: 50}, 128, span{79, 128, true}},
		"newest, all":           {history.Query{Limit: 128}, 128, span{1, 128, false}},
		"newest, limit 0":       {history.Query{}, 128, span{128, 128, true}},
		"newest, limit too big": {history.Query{Limit: 5000}, 1000, span{801, 1000, true}},
		"newest, empty":         {history.Query{Limit: 50}, 0, none(false)},
		"before":                {history.Query{Before: 100, Limit: 50}, 128, span{50, 99, true}},
		"before 1":              {history.Query{Before: 1, Limit: 50}, 128, none(false)},
		"before, at the start":  {history.Query{Before: 51, Limit: 50}, 128, span{1, 50, false}},
		"before, beyond":        {history.Query{Before: math.MaxUint64, Limit: 3}, 128, span{126, 128, true}},
		"before, empty":         {history.Query{Before: 5, Limit: 3}, 0, none(false)},
		"after":                 {history.Query{After: 10, IsAfter: true, Limit: 50}, 128, span{11, 60, true}},
		"after 0":               {history.Query{IsAfter: true, Limit: 128}, 128, span{1, 128, false}},
		"after the head":        {history.Query{After: 128, IsAfter: true, Limit: 5}, 128, none(false)},
		"after, beyond":         {history.Query{After: math.MaxUint64, IsAfter: true, Limit: 5}, 128, none(false)},
		"after, empty":          {history.Query{IsAfter: true, Limit: 5}, 0, none(false)},
		"around":                {history.Query{Around: 100, Limit: 50}, 1000, span{75, 124, true}},
		"around, odd":           {history.Query{Around: 100, Limit: 3}, 1000, span{99, 101, true}},
		"around, one":           {history.Query{Around: 100, Limit: 1}, 1000, span{100, 100, true}},
		"around the start":      {history.Query{Around: 1, Limit: 50}, 1000, span{1, 25, false}},
		"around the head":       {history.Query{Around: 1000, Limit: 50}, 1000, span{975, 1000, true}},
		"around, beyond":        {history.Query{Around: math.MaxUint64, Limit: 50}, 1000, span{976, 1000, true}},
		"around, empty":         {history.Query{Around: 7, Limit: 50}, 0, none(false)},
	} {
		first, last, more := c.q.Range(c.head)
		got := span{first, last, more}
		if got.first > got.last { // no event: how that is said does not matter
			got.first, got.last = 1, 0
		}
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}
