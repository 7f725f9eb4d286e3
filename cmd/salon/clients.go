package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"salon/internal/config"
	"salon/internal/echo"
	"salon/internal/lang"
)

// echoes runs step 1 of the course: the echo server or, with --to, its client.
func echoes(ctx context.Context, cli *config.CLI, stdout io.Writer) error {
	l := cli.Language(lang.French)
	if cli.Echo.To != "" {
		return echo.Ask(ctx, cli.Echo.To, os.Stdin, stdout, l)
	}
	return echo.Serve(ctx, cli.Echo.Address.String(), echo.Options{Raw: cli.Echo.Raw}, func(a net.Addr) {
		fmt.Fprintln(stdout, l.Text("Echo listens on %s", "ws://"+a.String()))
	})
}
