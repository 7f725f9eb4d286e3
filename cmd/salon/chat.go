package main

import (
	"context"
	"errors"

	"salon/internal/config"
)

func talk(ctx context.Context, cli *config.CLI) error { return errors.New("chat: not built in yet") }
