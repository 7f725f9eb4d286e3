package rows

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Print writes a row's figures and verdicts.
func (o Outcome) Print(w io.Writer, row Row) {
	fmt.Fprintf(w, "\n%s: %s\n", row.Name, row.Title)
	if len(o.Figures) > 0 {
		table := [][]string{append([]string{""}, o.Columns...)}
		for _, f := range o.Figures {
			table = append(table, append([]string{f.Name}, f.Cells...))
		}
		printTable(w, table)
	}
	for _, v := range o.Verdicts {
		fmt.Fprintf(w, "  %s: %s; target %s: %s\n", v.What, v.Figure(), v.Targets(), v.Mark())
	}
	for _, note := range o.Notes {
		fmt.Fprintf(w, "  (%s)\n", note)
	}
}

// PrintSummary writes all verdicts against their targets, a line each.
func PrintSummary(w io.Writer, names []string, outcomes []Outcome) {
	table := [][]string{{"row", "figure", "median (least to most)", "target", ""}}
	for i, o := range outcomes {
		for _, v := range o.Verdicts {
			table = append(table, []string{names[i], v.What, v.Figure(), v.Targets(), v.Mark()})
		}
	}
	fmt.Fprintln(w)
	printTable(w, table)
}

// PrintComparisons writes the figures of two builds side by side, a line each.
func PrintComparisons(w io.Writer, p Pair, names []string, all [][]Comparison) {
	table := [][]string{{"row", "figure", p.Here.Name, p.Other.Name, "change", "same build", ""}}
	for i, comparisons := range all {
		for _, c := range comparisons {
			here, other := c.Medians()
			table = append(table, []string{
				names[i], c.What, number(here) + c.Unit, number(other) + c.Unit,
				fmt.Sprintf("%+.1f %%", 100*c.Change()), fmt.Sprintf("± %.1f %%", 100*c.Spread()), c.Mark(),
			})
		}
	}
	fmt.Fprintln(w)
	printTable(w, table)
}

// PrintWorse names the figures that are worse by more than two runs of the same build differ.
func PrintWorse(w io.Writer, names []string, all [][]Comparison) {
	var worse []string
	for i, comparisons := range all {
		for _, c := range comparisons {
			if c.Mark() == "WORSE" {
				worse = append(worse, names[i]+" ("+c.What+")")
			}
		}
	}
	if len(worse) == 0 {
		fmt.Fprintln(w, "\nno row is worse by more than two runs of the same build differ")
		return
	}
	fmt.Fprintf(w, "\nworse by more than two runs of the same build differ: %s\n", strings.Join(worse, ", "))
}

// printTable writes a table in columns as wide as their widest cell.
func printTable(w io.Writer, table [][]string) {
	var widths []int
	for _, line := range table {
		for i, cell := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range table {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString("  " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
