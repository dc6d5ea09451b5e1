package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/expand"
	"github.com/election-observatory/observatory/schema"
)

func (c *cli) sourcesExpand() *cobra.Command {
	limit := 1000
	cmd := &cobra.Command{
		Use:   "expand",
		Short: "Follows short links that were posted, so that their targets can be rated",
		Long: `Follows the links of shorteners that posts in the store hold and nobody has followed yet, those that were posted most first, and
writes where they lead to the relation url_expansions, with the addresses in between. Links are not rewritten: what reads them joins it.
It asks servers on the Internet, politely and one after the other; the study's key expand says how, and lets a running
observatory do the same as links come in.`,
		Example: `  observatory sources expand --limit 5000
  observatory query "SELECT status, count() FROM url_expansions GROUP BY status"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usage(errors.New("--limit must be at least 1"))
			}
			return c.runExpand(cmd.Context(), limit)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "at most so many links")
	return cmd
}

func (c *cli) runExpand(ctx context.Context, limit int) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere()})
	if err != nil {
		return err
	}
	defer s.close()
	links, err := s.store.Unexpanded(s.ctx, limit)
	if err != nil {
		return s.why(err)
	}
	begun := time.Now()
	statuses, err := s.followLinks(links, c.progress())
	if err != nil {
		return s.why(err)
	}
	if err := s.catchUp(c.progress()); err != nil {
		return s.why(err)
	}
	runner, err := s.assessor()
	if err != nil {
		return err
	}
	if err := runner.Expanded(s.ctx, begun); err != nil {
		return s.why(err)
	}
	told := make([]string, 0, len(statuses))
	followed := uint64(0)
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		told = append(told, count(statuses[status])+" "+status)
		followed += statuses[status]
	}
	_, err = fmt.Fprintf(c.out, "%s links followed%s\n", count(followed), strings.TrimSuffix(": "+strings.Join(told, ", "), ": "))
	return err
}

// followLinks follows links and hands what is found to the log. It counts by status.
func (s *system) followLinks(links []string, p *progress) (map[string]uint64, error) {
	cfg := expand.Config{}
	if s.study.Expand != nil {
		cfg = *s.study.Expand
	}
	cfg.Queue = max(cfg.Queue, len(links), 1)
	x, err := s.newExpander(cfg)
	if err != nil {
		return nil, usage(err)
	}
	wanted := 0
	for _, link := range links {
		if x.Offer(link) {
			wanted++
		}
	}
	statuses := map[string]uint64{}
	if wanted == 0 {
		return statuses, nil
	}
	producer, err := s.producer()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	var done atomic.Int64
	log := collectors.NewLogEmitter(producer)
	emit := func(ctx context.Context, batch []*schema.Event) error {
		if err := log.Emit(ctx, batch); err != nil {
			return err
		}
		for _, event := range batch {
			if e := event.GetExpansion(); e != nil {
				statuses[e.GetStatus()]++
				done.Add(1)
			}
		}
		return nil
	}
	line := func() string {
		return fmt.Sprintf("following  %s of %s links", count(uint64(done.Load())), count(uint64(wanted)))
	}
	go func() { // The expander knows no end; this does.
		for pause(ctx, 100*time.Millisecond) == nil {
			if done.Load() >= int64(wanted) {
				stop()
			}
		}
	}()
	err = p.during(ctx, line, func() error { return x.Run(ctx, emit) })
	return statuses, err
}
