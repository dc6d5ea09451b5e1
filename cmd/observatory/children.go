package main

import (
	"context"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/eventlog"
)

// The subcommands under which the program starts itself.
const (
	brokerCommand = "broker-child"
	engineCommand = "engine-child"
)

type brokerConfig struct {
	Broker eventlog.BrokerConfig
	Level  string
}

type engineConfig struct {
	Engine engine.Config
	Level  string
}

func brokerChild() *cobra.Command {
	return &cobra.Command{Use: brokerCommand, Hidden: true, RunE: func(*cobra.Command, []string) error {
		var cfg brokerConfig
		return app.ServeChild(&cfg, func(ctx context.Context, ln net.Listener) error {
			log, err := app.NewLogger(os.Stderr, cfg.Level)
			if err != nil {
				return err
			}
			return eventlog.ServeBroker(ctx, ln, cfg.Broker, log)
		})
	}}
}

func engineChild() *cobra.Command {
	return &cobra.Command{Use: engineCommand, Hidden: true, RunE: func(*cobra.Command, []string) error {
		var cfg engineConfig
		return app.ServeChild(&cfg, func(ctx context.Context, ln net.Listener) error {
			log, err := app.NewLogger(os.Stderr, cfg.Level)
			if err != nil {
				return err
			}
			return engine.Serve(ctx, ln, cfg.Engine, log)
		})
	}}
}
