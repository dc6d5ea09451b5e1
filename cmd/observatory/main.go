// Command observatory collects public posts around an election, tags them and
// keeps them where researchers can ask about them. `observatory help` lists what
// it can do; each command is in the file of its name.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/internal/app"
)

// The exit codes.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitRejects = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c := &cli{in: os.Stdin, out: os.Stdout, errs: os.Stderr, environ: os.Environ()}
	err := c.root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "observatory: "+oneLine(err))
		os.Exit(codeOf(err))
	}
}

// cli is what the commands share: where they read and write, and the flags of
// all of them.
type cli struct {
	in        io.Reader
	out, errs *os.File
	environ   []string

	data   string
	config string
	level  string
}

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage marks a mistake in what the user wrote.
func usage(err error) error { return &exitError{exitUsage, err} }

func codeOf(err error) int {
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	return exitFailed
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "observatory",
		Short: "Watches public posts around an election and shows what is amplified, and what was not seen",
		Long: `Watches public posts around an election: collects them into a log, tags them, and keeps them in ClickHouse.
Without configuration it brings its own broker and engine and keeps everything in one directory.`,
		Example: `  observatory import --format twitter-v1 stream.jsonl.gz
  observatory query "SELECT toDate(created_at) AS day, count() FROM posts GROUP BY day ORDER BY day"
  observatory up`,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("there is no command %q: `observatory help` lists them", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w: `%s --help` lists the flags", err, cmd.CommandPath()))
	})
	flags := root.PersistentFlags()
	flags.StringVar(&c.data, "data", "", "data directory (default $OBSERVATORY_DATA or ./observatory-data)")
	flags.StringVar(&c.config, "config", "", "configuration (default $OBSERVATORY_CONFIG or ./observatory.yaml, which may be absent)")
	flags.StringVar(&c.level, "log-level", "", "debug, info, warn or error (default info for what keeps running, warn for the rest)")
	root.AddCommand(c.up(), c.demo(), c.collect(), c.process(), c.importCommand(), c.feedsCommand(), c.sourcesCommand(), c.query(), c.status(), c.assess(), c.coordinate(), c.alerts(), c.review(), c.evidence(), c.forget(), c.publish(), c.releaseCommand(), c.backup(), c.restore(), c.migrate(), c.doctor(), c.version(), brokerChild(), engineChild())
	for _, command := range root.Commands() {
		command.Args = asUsage(command.Args)
	}
	return root
}

// asUsage makes what a command says about its arguments a mistake of usage.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check == nil {
			check = cobra.NoArgs
		}
		if err := check(cmd, args); err != nil {
			return usage(fmt.Errorf("%w: `%s --help` shows an example", err, cmd.CommandPath()))
		}
		return nil
	}
}

// dir is the data directory, by flag, variable or default. It is absolute: the
// engine takes relative paths to be relative to its own.
func (c *cli) dir() app.Dir {
	dir := "observatory-data"
	if c.data != "" {
		dir = c.data
	} else if named := os.Getenv(study.EnvData); named != "" {
		dir = named
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	return app.Dir(dir)
}

// study reads the configuration.
func (c *cli) study() (study.Study, error) {
	path := c.config
	if path == "" {
		path = os.Getenv(study.EnvConfig)
	}
	read, err := study.Load(path, c.environ)
	if err != nil {
		return study.Study{}, usage(err)
	}
	return read, nil
}

// logger writes to standard error, from the given level on unless a flag says
// otherwise.
func (c *cli) logger(level string) (*zap.Logger, error) {
	if c.level != "" {
		level = c.level
	}
	log, err := app.NewLogger(c.errs, level)
	if err != nil {
		return nil, usage(err)
	}
	return log, nil
}
