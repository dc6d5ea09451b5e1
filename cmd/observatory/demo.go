package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/demo"
	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/schema"
)

// demoData is where the demo is kept unless it is told otherwise.
const demoData = "demo-data"

// demoWorkers make events at a time: while one waits for the log, others work.
const demoWorkers = 4

type demoFlags struct {
	demo.Config
	serve bool
	at    listen
}

func (c *cli) demo() *cobra.Command {
	flags := demoFlags{Config: demo.DefaultConfig()}
	cmd := &cobra.Command{
		Use:   "demo [--seed N] [--posts N] [--serve]",
		Short: "Shows the observatory at work on an invented election week",
		Long: `Invents an election week, with campaigns, bursts, gaps, edits, deletions and late posts in it, sends it through the log, the
processors and the store, and compares what was planted with what is found. The same seed gives the same week. It is kept in
./demo-data unless --data or OBSERVATORY_DATA says where; running it again there changes nothing and tells the same.`,
		Example: `  observatory demo
  observatory demo --posts 20000 --seed 7 --data /tmp/demo7
  observatory demo --serve`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.data == "" && os.Getenv(study.EnvData) == "" {
				c.data = demoData
			}
			if err := flags.at.validate(os.Getenv(study.EnvPassword)); err != nil {
				return usage(err)
			}
			plan, err := c.demoPlan(&flags.Config, cmd.Flags().Changed("seed"), cmd.Flags().Changed("posts"))
			if err != nil {
				return err
			}
			return c.runDemo(cmd.Context(), flags, plan)
		},
	}
	set := cmd.Flags()
	set.Uint64Var(&flags.Seed, "seed", flags.Seed, "which week is invented")
	set.IntVar(&flags.Posts, "posts", flags.Posts, "how many posts it has")
	set.BoolVar(&flags.serve, "serve", false, "stay up until told to stop, for other programs to ask")
	flags.at.flags(set)
	return cmd
}

func (c *cli) demoDir() string { return filepath.Join(string(c.dir()), "demo") }

// demoPlan is the plan of the demo that the directory holds, nil if it holds
// none. What the flags leave open is what the directory has; another demo, or a
// study, stays as it is.
func (c *cli) demoPlan(cfg *demo.Config, seed, posts bool) (*demo.Plan, error) {
	plan, err := demo.ReadPlan(c.demoDir())
	if err != nil {
		return nil, err
	}
	if plan == nil {
		if _, err := os.Stat(c.dir().Log()); err == nil {
			return nil, usage(fmt.Errorf("%s holds a study and no demo: give another directory with --data", c.dir()))
		}
		return nil, c.demoValid(cfg)
	}
	if !seed {
		cfg.Seed = plan.Seed
	}
	if !posts {
		cfg.Posts = plan.Wanted
	}
	if err := c.demoValid(cfg); err != nil {
		return nil, err
	}
	if !plan.Current() {
		return nil, usage(fmt.Errorf("%s holds a demo of another version of this program: give another directory with --data, or remove it", c.dir()))
	}
	if !plan.Of(*cfg) {
		return nil, usage(fmt.Errorf("%s holds the demo of seed %d with %d posts: give another directory with --data, or remove it", c.dir(), plan.Seed, plan.Wanted))
	}
	return plan, nil
}

func (c *cli) demoValid(cfg *demo.Config) error {
	if err := cfg.Validate(); err != nil {
		return usage(fmt.Errorf("--posts: %w", err))
	}
	return nil
}

func (c *cli) runDemo(ctx context.Context, flags demoFlags, plan *demo.Plan) error {
	begun := time.Now()
	if err := c.demoStudy(); err != nil {
		return err
	}
	week, plan, err := c.demoWeek(flags.Config, plan)
	if err != nil {
		return err
	}
	done := week == nil
	need := needs{listen: anywhere(), asking: done}
	if flags.serve {
		need = needs{listen: flags.at, owner: true, process: true}
	}
	s, err := c.open(ctx, "warn", need)
	if err != nil {
		return owned(err)
	}
	defer s.close()
	report := demo.Report{Out: c.out, Ask: s.askRows, Plan: plan, Times: []demo.Time{{What: "start of broker and engine", Took: time.Since(begun)}}}
	if !done {
		if err = s.makeDemo(week, plan, c.demoDir(), c.progress(), &report.Times); err != nil {
			if s.ctx.Err() != nil {
				return interrupted(ctx, s)
			}
			return s.orFull(err)
		}
	}
	report.Begun, report.Next = begun, c.demoHints(flags.serve)
	if report.Pseudonyms, err = s.pseudonyms(); err != nil {
		return err
	}
	if err := report.Write(s.ctx); err != nil {
		return s.why(err)
	}
	if !flags.serve {
		return nil
	}
	fmt.Fprintf(c.out, "\nIt stays up until Ctrl-C: SQL over HTTP at %s, page at %s\n", s.ends.ClickHouse, s.ends.Page)
	<-s.ctx.Done()
	if ctx.Err() == nil {
		return context.Cause(s.ctx)
	}
	return nil
}

// demoWeek is the week that is still to be made, nil if it is made, and its plan:
// what fails once the plan is written can be tried again.
func (c *cli) demoWeek(cfg demo.Config, plan *demo.Plan) (*demo.Week, *demo.Plan, error) {
	if plan != nil && plan.Complete {
		return nil, plan, nil
	}
	week, err := demo.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	plan = week.Plan()
	return week, plan, plan.Write(c.demoDir())
}

// demoStudy makes the study of the demo the one that is used, unless another one
// is named. What stands in the working directory is for something else.
func (c *cli) demoStudy() error {
	if c.config != "" || os.Getenv(study.EnvConfig) != "" {
		return nil
	}
	c.config = demo.StudyPath(c.demoDir())
	return demo.WriteStudy(c.demoDir())
}

// makeDemo sends the events of a week through the log, waits until they are
// stored and counted, and looks for silences. Cut off, it is made again from the
// start, which changes nothing of what is there.
func (s *system) makeDemo(week *demo.Week, plan *demo.Plan, dir string, p *progress, times *[]demo.Time) error {
	begun := time.Now()
	producer, err := s.producer()
	if err != nil {
		return err
	}
	log := collectors.NewLogEmitter(producer)
	line := func() string { return demoLine(week.Done(), week.Events(), time.Since(begun)) }
	err = p.during(s.ctx, line, func() error {
		plan.Counts, err = week.Generate(s.ctx, demoWorkers, begun.UnixMilli(), log.Emit)
		return err
	})
	if err != nil {
		return err
	}
	written := time.Now()
	if err := s.await(s.emitted(log), p); err != nil {
		return err
	}
	*times = append(*times, demo.Time{What: "events made and in the log", Took: written.Sub(begun)},
		demo.Time{What: "  of that, making them (each of " + strconv.Itoa(demoWorkers) + " at a time)", Took: week.Making() / demoWorkers},
		demo.Time{What: "the rest stored and counted", Took: time.Since(written)})
	if err := assess.NewSilence(s.store.DB()).Check(s.ctx, demo.Start(), demo.End()); err != nil {
		return err
	}
	plan.Complete = true
	return plan.Write(dir)
}

// pseudonyms are those that an account could have, by platform.
func (s *system) pseudonyms() (func(id string) []string, error) {
	tagger, err := s.tagger()
	if err != nil {
		return nil, err
	}
	tagger = tagger.Worker()
	return func(id string) []string {
		var all []string
		for _, platform := range schema.Platforms() {
			all = append(all, tagger.Account(platform, id).String())
		}
		return all
	}, nil
}

func demoLine(done, all uint64, took time.Duration) string {
	left := "?"
	if done > 0 {
		left = time.Duration(float64(took) * (float64(all)/float64(done) - 1)).Round(time.Second).String()
	}
	return fmt.Sprintf("writing  %3d %% of %s events  %s/s  %s left", 100*done/max(all, 1), count(all), count(uint64(float64(done)/took.Seconds())), left)
}

// askRows asks the store over HTTP, as anybody may, and returns the rows.
func (s *system) askRows(_ context.Context, sql string) ([][]string, error) {
	request, err := s.question(sql, "TabSeparated", "")
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the store does not answer: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // It is read to its end or not trusted.
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
		return nil, fmt.Errorf("the store refuses: %s", strings.TrimSpace(string(said)))
	}
	var text strings.Builder
	if err := copyResult(&text, response); err != nil {
		return nil, err
	}
	var rows [][]string
	for line := range strings.Lines(text.String()) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows, nil
}

// demoHints are what one may do next, as commands that can be copied.
func (c *cli) demoHints(serving bool) []demo.Hint {
	program := os.Args[0]
	if filepath.IsAbs(program) {
		program = filepath.Base(program)
	}
	data := c.data
	if data == "" {
		data = os.Getenv(study.EnvData)
	}
	with := program + " --data " + data
	hints := []demo.Hint{
		{Command: with + " status", Shows: "What is collected, what is missing:"},
		{Command: with + ` query "SELECT query, sum(posts) FROM hourly WHERE query != '' GROUP BY query"`, Shows: "Ask a question of your own:"},
	}
	if !serving {
		hints = append(hints, demo.Hint{Command: with + " demo --serve", Shows: "Keep it up, for browsers, Python and R (docs/reference/engine.md):"})
	}
	return hints
}
