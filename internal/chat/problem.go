package chat

import "fmt"

// Problem is an error to show to whoever runs a program of this project: a text of the project with, as a rule, its cause.
type Problem struct {
	Format string // in English, as for [fmt.Errorf]; package lang knows it in other languages
	Args   []any  // of Format
}

func (p *Problem) Error() string { return fmt.Errorf(p.Format, p.Args...).Error() }

// Unwrap returns the causes: the errors among Args.
func (p *Problem) Unwrap() (causes []error) {
	for _, arg := range p.Args {
		if err, ok := arg.(error); ok {
			causes = append(causes, err)
		}
	}
	return causes
}

// Problemf makes a [Problem], as [fmt.Errorf] makes an error: %w stands for the cause.
func Problemf(format string, args ...any) *Problem { return &Problem{Format: format, Args: args} }
