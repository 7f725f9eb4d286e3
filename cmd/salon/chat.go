package main

import (
	"context"
	"fmt"

	"salon/internal/config"
	"salon/internal/lang"
	"salon/internal/tui"
)

// talk runs the terminal client.
func talk(ctx context.Context, cli *config.CLI) error {
	c := &cli.Chat
	address := c.URL
	if address == "" {
		address = fmt.Sprint(c.Address)
	}
	return tui.Run(ctx, tui.Options{
		Address: address, Rooms: c.Room, Name: c.Name, Token: c.Token, Lang: cli.Language(lang.French), Agent: "salon-chat/" + version(),
		Color: c.Color, LogFile: c.LogFile, Last: c.Last, JSON: c.JSON, Follow: c.Follow,
	})
}
