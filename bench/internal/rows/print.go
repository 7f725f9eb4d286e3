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
