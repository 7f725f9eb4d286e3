// Command salon is a chat-room server, its terminal client, and the steps of the course that it comes from.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"salon/internal/config"
	"salon/internal/lang"
	"salon/internal/node"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "salon:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	cli, command, done, err := config.Parse(args, stdout)
	if err != nil {
		return errors.New(config.Spoken(args).Problem(err))
	}
	if done {
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch command {
	case "serve":
		err = serve(ctx, stop, cli, stdout, stderr)
	case "chat":
		return talk(ctx, cli) // its errors are in the user's language already
	case "migrate":
		err = carry(ctx, cli, stdout, stderr)
	case "echo":
		err = echoes(ctx, cli, stdout)
	default:
		fmt.Fprintln(stdout, "salon", version())
	}
	if err != nil {
		err = errors.New(cli.Language(lang.French).Problem(err))
	}
	return err
}

// serve runs a server until a signal ends ctx. A second signal ends the program at once.
func serve(ctx context.Context, stop func(), cli *config.CLI, stdout, stderr io.Writer) error {
	wire, _ := lang.Parse(cli.Lang) // French unless the setting says otherwise, whatever the language of this machine: the course's clients expect it
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // from the start: it must not end a server that is about to open
	defer signal.Stop(hangup)
	n, err := node.Start(ctx, cli.Serve, wire, stderr)
	if err != nil {
		return err
	}
	l := cli.Language(lang.French)
	fmt.Fprintln(stdout, l.Text("Salon is open: %s", n.URL()))
	for _, u := range forOthers(cli.Serve.Address.Address, n.URL(), ownAddresses()) {
		fmt.Fprintln(stdout, l.Text("For others on the network: %s", u))
	}
	err = reloading(hangup, n, func() error { return n.Wait(ctx) })
	stop()
	bounded, cancel := context.WithTimeout(context.Background(), cli.Serve.Stop)
	defer cancel()
	if errStop := n.Stop(bounded); err == nil {
		err = errStop
	}
	return err
}

// reloading has n reload at each hangup until wait returns.
func reloading(hangup <-chan os.Signal, n *node.Node, wait func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- wait() }()
	for {
		select {
		case <-hangup:
			n.Reload()
		case err := <-ended:
			return err
		}
	}
}
