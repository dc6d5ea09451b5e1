package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/internal/app"
)

func (c *cli) up() *cobra.Command {
	at := listen{}
	check := false
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Runs everything on this machine until it is told to stop",
		Long: `Runs everything in one process tree: the broker and the engine unless the configuration gives addresses, the
collectors of the study's live sources, the processors, and the page with /healthz and /metrics. It writes where it listens to run/endpoints.json in the data directory.`,
		Example: `  observatory up
  observatory --data study1 up --listen-page 127.0.0.1:9080 --listen-clickhouse 127.0.0.1:0
  observatory up --check`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := at.validate(os.Getenv(study.EnvPassword)); err != nil {
				return usage(err)
			}
			if check {
				return c.check()
			}
			return c.runUp(cmd.Context(), at)
		},
	}
	at.flags(cmd.Flags())
	cmd.Flags().BoolVar(&check, "check", false, "validate the configuration and exit")
	return cmd
}

// flags are those that say where to listen.
func (l *listen) flags(set *pflag.FlagSet) {
	set.StringVar(&l.clickhouse, "listen-clickhouse", "127.0.0.1:8123", "HOST:PORT of ClickHouse's HTTP interface; port 0 for any free one")
	set.StringVar(&l.page, "listen-page", "127.0.0.1:8080", "HOST:PORT of the page, /healthz and /metrics")
	set.StringVar(&l.kafka, "listen-kafka", "127.0.0.1:9092", "HOST:PORT of the embedded broker")
}

// validate refuses to open to others what anybody could use then. A password
// protects all but the broker, which has none.
func (l *listen) validate(password string) error {
	for _, a := range []struct{ flag, address string }{
		{"--listen-clickhouse", l.clickhouse}, {"--listen-page", l.page}, {"--listen-kafka", l.kafka},
	} {
		host, port, err := net.SplitHostPort(a.address)
		if err != nil || port == "" {
			return fmt.Errorf("%s: %q is not HOST:PORT", a.flag, a.address)
		}
		if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
			continue
		}
		if a.flag == "--listen-kafka" {
			return fmt.Errorf("--listen-kafka: the embedded broker asks for no password: keep it on 127.0.0.1, or use a Kafka cluster (kafka.brokers)")
		}
		if password == "" {
			return fmt.Errorf("%s: %s is beyond this machine: set %s to a password that readers must give, or listen on 127.0.0.1", a.flag, a.address, study.EnvPassword)
		}
		l.password = password
	}
	return nil
}

// check validates the configuration and says so.
func (c *cli) check() error {
	if _, err := c.study(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.out, "the configuration is valid")
	return err
}

func (c *cli) runUp(ctx context.Context, at listen) error {
	s, err := c.open(ctx, "info", needs{listen: at, owner: true, process: true, collect: true})
	if err != nil {
		return owned(err)
	}
	defer s.close()
	if err := c.startAlerts(s); err != nil {
		return err
	}
	s.startPublishing()
	s.log.Info("observatory is up", zap.String("data", string(s.dir)), zap.String("clickhouse", s.ends.ClickHouse), zap.String("page", s.ends.Page), zap.String("kafka", s.ends.Kafka))
	<-s.ctx.Done()
	if ctx.Err() == nil {
		return context.Cause(s.ctx)
	}
	s.log.Info("observatory goes down")
	return nil
}

// owned says what to do where another process is the owner.
func owned(err error) error {
	if errors.Is(err, app.ErrOwned) {
		return fmt.Errorf("%w: end it first, or give another directory with --data", err)
	}
	return err
}
