package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/cmd/observatory/study"
)

func (c *cli) assess() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "assess --from T --to T",
		Short: "Computes a past period again",
		Long: `Computes again what follows from the stored posts of a past period: which of the study's queries they match, the counts
per hour, the alarms of silent sources. Results replace those that were there; doing it again changes nothing.

What arrives is assessed by itself, every minute; this is for when the study's queries have changed.`,
		Example: `  observatory assess --from 2024-06-03 --to 2024-06-10
  observatory assess --from 2024-06-09T18:00:00Z --to 2024-06-10T06:00:00Z`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			begin, err := study.Moment(from)
			if err != nil {
				return usage(fmt.Errorf("--from: %w", err))
			}
			end, err := study.Moment(to)
			if err != nil {
				return usage(fmt.Errorf("--to: %w", err))
			}
			if !begin.Before(end) {
				return usage(errors.New("--to must be later than --from; it is not part of the period"))
			}
			return c.runAssess(cmd.Context(), begin, end)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first day or time, UTC, as 2024-06-03 or 2024-06-03T18:00:00Z")
	cmd.Flags().StringVar(&to, "to", "", "day or time before which the period ends")
	return cmd
}

func (c *cli) runAssess(ctx context.Context, from, to time.Time) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere()})
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.store.LoadQueries(s.ctx, s.queries); err != nil {
		return s.why(err)
	}
	runner, err := s.assessor()
	if err != nil {
		return err
	}
	started := time.Now()
	if err := runner.Recompute(s.ctx, from, to); err != nil {
		return s.why(err)
	}
	_, err = fmt.Fprintf(c.out, "computed again: %s to %s, in %s\n", from.Format(time.DateTime), to.Format(time.DateTime), time.Since(started).Round(time.Millisecond))
	return err
}
