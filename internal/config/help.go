package config

import (
	"bytes"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"salon/internal/lang"
)

// Spoken gives the language to speak before the command line is understood: for help, and for what is wrong with it.
func Spoken(args []string) lang.Lang {
	c := CLI{Lang: os.Getenv("SALON_LANG")}
	for i, arg := range args {
		if v, ok := strings.CutPrefix(arg, "--lang="); ok {
			c.Lang = v
		} else if arg == "--lang" && i+1 < len(args) {
			c.Lang = args[i+1]
		}
	}
	return c.Language(lang.French)
}

// translate makes the help of all commands, flags and arguments speak l.
func translate(n *kong.Node, l lang.Lang) {
	eachHelp(n, func(help *string) { *help = l.Text(*help) })
}

// eachHelp visits every help text of n and of the commands below it.
func eachHelp(n *kong.Node, visit func(help *string)) {
	visit(&n.Help)
	for _, f := range n.Flags {
		visit(&f.Help)
	}
	for _, p := range n.Positional {
		visit(&p.Help)
	}
	for _, c := range n.Children {
		eachHelp(c, visit)
	}
}

// helpIn prints help with its headings in l.
func helpIn(l lang.Lang) kong.HelpPrinter {
	if l == lang.English {
		return kong.DefaultHelpPrinter
	}
	headings := strings.NewReplacer("Usage: ", "Usage : ", "\nFlags:\n", "\nOptions :\n", "\nCommands:\n", "\nCommandes :\n",
		"\nArguments:\n", "\nArguments :\n", "[flags]", "[options]", "<command>", "<commande>",
		`Run "salon <command> --help" for more information on a command.`,
		"«\u00a0salon <commande> --help\u00a0» en dit plus sur une commande.")
	return func(o kong.HelpOptions, ctx *kong.Context) error {
		out := ctx.Stdout
		var page bytes.Buffer
		ctx.Stdout = &page
		err := kong.DefaultHelpPrinter(o, ctx)
		ctx.Stdout = out
		if err == nil {
			_, err = io.WriteString(out, headings.Replace(page.String()))
		}
		return err
	}
}
