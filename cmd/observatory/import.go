package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/archive"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

type importFlags struct {
	platform            string
	asJSON, strict, dry bool
}

func (c *cli) importCommand() *cobra.Command {
	cfg, flags := archive.DefaultConfig(), importFlags{}
	cmd := &cobra.Command{
		Use:   "import --format FORMAT FILE…",
		Short: "Reads archives into the log, and waits until they can be queried",
		Long: `Reads archives, plain or compressed with gzip or Zstandard, and returns when their posts are stored and counted.
An import that was cut off goes on where it was; importing again changes nothing.

Formats:
  twitter-v2   X/Twitter API v2: one response, stream message, post flattened by twarc or compliance notice per line
  twitter-v1   X/Twitter API v1.1: one JSON status or notice per line
  jetstream    Bluesky Jetstream: one JSON event per line
  mastodon     statuses of Mastodon's API: one per line, or an array of them
  telegram     result.json of Telegram Desktop, of one chat or all; public channels and groups alone
  ira-csv      the Internet Research Agency archive of FiveThirtyEight
  shares-csv   object_id,account_id,content_id,timestamp_share; needs --platform and --object`,
		Example: `  observatory import --format twitter-v1 stream.jsonl.gz
  observatory import --format jetstream --json day1.jsonl.zst day2.jsonl.zst
  observatory import --format shares-csv --platform x --object url shares.csv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg.Files = args
			if flags.platform != "" {
				platform, ok := schema.ParsePlatform(flags.platform)
				if !ok {
					return usage(fmt.Errorf("there is no platform %q: use bluesky, mastodon, x, telegram or rss", flags.platform))
				}
				cfg.Platform = platform
			}
			if err := cfg.Validate(); err != nil {
				return usage(err)
			}
			if err := cfg.CheckFiles(); err != nil {
				return usage(err)
			}
			if flags.dry {
				return c.check()
			}
			return c.runImport(cmd.Context(), cfg, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&cfg.Format, "format", "", strings.Join(archive.Formats(), ", "))
	set.StringVar(&flags.platform, "platform", "", "of shares-csv: bluesky, mastodon, x, telegram or rss")
	set.StringVar(&cfg.Object, "object", "", "of shares-csv: "+strings.Join(archive.Objects(), ", "))
	set.BoolVar(&flags.asJSON, "json", false, "write the summary as JSON")
	set.BoolVar(&flags.strict, "strict", false, "exit with 3 if any record was rejected")
	set.BoolVar(&flags.dry, "check", false, "validate flags, files and configuration, and exit")
	return cmd
}

func (c *cli) runImport(ctx context.Context, cfg archive.Config, flags importFlags) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere()})
	if err != nil {
		return err
	}
	defer s.close()
	reader, err := archive.New(cfg, collectors.NewCursors(s.dir.Cursors()), time.Now, s.log, s.reg)
	if err != nil {
		return err
	}
	before, err := s.store.Counts(s.ctx)
	if err != nil {
		return err
	}
	// What stands before a fault of a file is imported, and waited for.
	failed := s.read(reader, c.progress())
	if s.ctx.Err() != nil {
		return interrupted(ctx, s)
	}
	after, err := s.store.Counts(s.ctx)
	if err != nil {
		return s.why(err)
	}
	sum := reader.Summary()
	if err := c.tell(sum, after.After(before, reader.Name()), flags.asJSON); err != nil {
		return err
	}
	if failed != nil {
		return s.orFull(failed)
	}
	if rejected := total(sum.Rejected); flags.strict && rejected > 0 {
		return &exitError{exitRejects, fmt.Errorf("%d records were rejected: `observatory query --user custodian \"SELECT * FROM rejects\"` shows them", rejected)}
	}
	return nil
}

// orFull says first that the disk is full, where it is.
func (s *system) orFull(err error) error {
	if full := s.full(); full != nil {
		return fmt.Errorf("%w; then run the same command again to go on (%w)", full, err)
	}
	return err
}

func interrupted(ctx context.Context, s *system) error {
	if ctx.Err() != nil {
		return errors.New("interrupted: run the same command again to go on")
	}
	return context.Cause(s.ctx)
}

// read reads the files into the log, and waits until the store has what the log
// was given.
func (s *system) read(reader *archive.Archive, p *progress) error {
	producer, err := s.producer()
	if err != nil {
		return err
	}
	log := collectors.NewLogEmitter(producer)
	begun := time.Now()
	failed := p.during(s.ctx, func() string { return readLine(reader.Progress(), time.Since(begun)) }, func() error {
		return reader.Run(s.ctx, log.Emit)
	})
	if s.ctx.Err() != nil {
		return failed
	}
	if err := s.await(s.emitted(log), p); err != nil {
		return err
	}
	return failed
}

// emitted is how far the log was written.
func (s *system) emitted(log *collectors.LogEmitter) store.Offsets {
	ends := store.Offsets{}
	for place, next := range log.Ends() {
		ends[store.Partition{Log: s.logID, Topic: place.Topic, Partition: uint32(place.Partition)}] = uint64(next)
	}
	return ends
}

func readLine(at archive.Progress, took time.Duration) string {
	done := float64(at.BytesDone) / float64(max(at.Bytes, 1))
	left := "?"
	if done > 0 {
		left = time.Duration(float64(took) * (1 - done) / done).Round(time.Second).String()
	}
	return fmt.Sprintf("reading  %3.0f %% of %s  %s records  %s/s  %s left", 100*min(done, 1), size(at.Bytes), count(at.Read), count(uint64(float64(at.Read)/took.Seconds())), left)
}

// catchUp waits until the store has everything that is in the log now.
func (s *system) catchUp(p *progress) error {
	ends, err := s.logEnds(s.ctx)
	if err != nil {
		return err
	}
	return s.await(ends, p)
}

// await waits until what lies before the offsets is stored and counted. What costs
// more follows where somebody else holds the directory, who stays; else it is
// waited for as well.
func (s *system) await(ends store.Offsets, p *progress) error {
	runner, err := s.assessor()
	if err != nil {
		return err
	}
	line := func() string {
		stored, err := s.store.Progress(s.ctx, store.JobStored)
		if err != nil {
			return "storing  the store does not answer"
		}
		var left uint64
		for at, end := range ends {
			left += end - min(stored[at], end)
		}
		told := "counting"
		if left > 0 {
			told = fmt.Sprintf("storing  %s events left", count(left))
		}
		if full := s.full(); full != nil {
			told += "; " + full.Error()
		}
		return told
	}
	return p.during(s.ctx, line, func() error { return s.why(runner.CatchUp(s.ctx, ends, s.lock != nil)) })
}

// summary is what an import came across. Read is posts, notices and other
// events, rejects apart.
type summary struct {
	Read      uint64            `json:"read"`
	Stored    uint64            `json:"stored"`    // Posts that are new to the relation posts.
	Duplicate uint64            `json:"duplicate"` // Posts that were there already, came twice, or that a deletion hides.
	Deleted   uint64            `json:"deleted"`   // Delete notices, whether they hit or not.
	Rejected  map[string]uint64 `json:"rejected"`
	Kinds     map[string]uint64 `json:"kinds"` // What was read, by kind.
}

func (c *cli) tell(sum archive.Summary, stored uint64, asJSON bool) error {
	told := summary{Read: sum.Read, Stored: min(stored, sum.Posts), Deleted: sum.Deleted, Rejected: sum.Rejected, Kinds: sum.Kinds}
	told.Duplicate = sum.Posts - told.Stored
	if asJSON {
		return json.NewEncoder(c.out).Encode(told)
	}
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "read\t%s\t\n", count(told.Read))
	for _, kind := range slices.Sorted(maps.Keys(told.Kinds)) {
		fmt.Fprintf(w, "%s\t%s\t\n", kind, count(told.Kinds[kind]))
	}
	fmt.Fprintf(w, "new posts\t%s\t\n", count(told.Stored))
	fmt.Fprintf(w, "known or hidden\t%s\t\n", count(told.Duplicate))
	fmt.Fprintf(w, "rejected\t%s\t\n", count(total(told.Rejected)))
	for _, reason := range slices.Sorted(maps.Keys(told.Rejected)) {
		fmt.Fprintf(w, "%s\t%s\t\n", reason, count(told.Rejected[reason]))
	}
	return w.Flush()
}

func total(counts map[string]uint64) uint64 {
	var sum uint64
	for _, n := range counts {
		sum += n
	}
	return sum
}
