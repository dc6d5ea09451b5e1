package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
)

func (c *cli) collect() *cobra.Command {
	check := false
	cmd := &cobra.Command{
		Use:   "collect",
		Short: "Runs the collectors alone, for a cluster",
		Long: `Runs the collectors of the study against the Kafka cluster of the configuration. The other half is 'observatory
process'. On one machine 'observatory up' runs both.`,
		Example: `  observatory collect --config study.yaml
  observatory collect --check`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if check {
				return c.check()
			}
			of, err := c.study()
			if err != nil {
				return err
			}
			if !of.Live() {
				return usage(errors.New("the study names no live source: give feeds, bluesky or mastodon in the configuration, or read archives with `observatory import`"))
			}
			if len(of.Kafka.Brokers) == 0 {
				return usage(errors.New("collect works on a cluster: give kafka.brokers in the configuration, or run `observatory up`"))
			}
			return c.runCollect(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "validate the configuration and exit")
	return cmd
}

func (c *cli) runCollect(ctx context.Context) error {
	s, err := c.open(ctx, "info", needs{listen: anywhere(), owner: true, collect: true, logOnly: true})
	if err != nil {
		return owned(err)
	}
	defer s.close()
	s.log.Info("collecting", zap.Strings("kafka", s.brokers), zap.String("page", s.ends.Page))
	<-s.ctx.Done()
	if ctx.Err() == nil {
		return context.Cause(s.ctx)
	}
	return nil
}

func (c *cli) process() *cobra.Command {
	check := false
	cmd := &cobra.Command{
		Use:   "process",
		Short: "Runs the processors alone, for a cluster",
		Long: `Runs the processors against the Kafka and ClickHouse clusters of the configuration: as many as are wanted, each with
a data directory of its own that holds a copy of keys/. They share the work.`,
		Example: `  observatory --data /var/lib/observatory process --config study.yaml
  observatory process --check`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if check {
				return c.check()
			}
			study, err := c.study()
			if err != nil {
				return err
			}
			if len(study.Kafka.Brokers) == 0 || study.ClickHouse.Address == "" {
				return usage(errors.New("process works on clusters: give kafka.brokers and clickhouse.address in the configuration, or run `observatory up`"))
			}
			return c.runProcess(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "validate the configuration and exit")
	return cmd
}

func (c *cli) runProcess(ctx context.Context) error {
	s, err := c.open(ctx, "info", needs{listen: anywhere(), owner: true, process: true})
	if err != nil {
		return owned(err)
	}
	defer s.close()
	if err := c.startAlerts(s); err != nil {
		return err
	}
	s.startPublishing()
	s.log.Info("processing", zap.Strings("kafka", s.brokers), zap.String("clickhouse", s.ends.ClickHouse), zap.String("page", s.ends.Page))
	<-s.ctx.Done()
	if ctx.Err() == nil {
		return context.Cause(s.ctx)
	}
	return nil
}
