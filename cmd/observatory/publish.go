package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/datasets"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

func (c *cli) publish() *cobra.Command {
	var with publishing
	week := ""
	cmd := &cobra.Command{
		Use:   "publish --week 2024-W23",
		Short: "Makes the dataset of a week",
		Long: `Makes the dataset of a week (ISO 8601, UTC) from the store: tables as Parquet and CSV, codebook, datasheet, memo, metadata and checksums, in a folder of
its own below --out. It is written aside and renamed when it is complete; what is complete is never changed. The same week of the same store is
the same to the byte.

A week that is not over is refused, and so is one of which too much is missing (publication.least_coverage in the configuration), unless --gaps says
that this is known; the release then says so.

The tier public holds counts, each of at least ten accounts. The tier vetted holds the accounts, posts and pairs of networks that two reviewers agree
on, under pseudonyms of this release alone. With --correct it makes the next version of a release of that tier, without what was deleted, objected to or taken
back since, and says what that is; the data files of the version before go. 'up' and 'process' do so by themselves.

The folder's index.html and feed.atom list what is in it.`,
		Example: `  observatory publish --week 2024-W23
  observatory publish --week 2024-W23 --out /srv/releases --gaps
  observatory publish --week 2024-W23 --tier vetted
  observatory publish --week 2024-W23 --tier vetted --correct
  observatory release verify /srv/releases/2024-W23-public`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			of, err := datasets.ParseWeek(week)
			if err != nil {
				return usage(fmt.Errorf("--week: %w", err))
			}
			if with.tier != datasets.Public && with.tier != datasets.Vetted {
				return usage(fmt.Errorf("--tier: there is no tier %q: use %s or %s", with.tier, datasets.Public, datasets.Vetted))
			}
			if with.correct && with.tier != datasets.Vetted {
				return usage(errors.New("--correct: only the vetted tier has versions; what is withdrawn from counts is in withdrawals.csv"))
			}
			if now := time.Now(); of.To().After(now) {
				return usage(fmt.Errorf("the week %s is not over before %s", of, of.To().Format(time.DateOnly)))
			}
			return c.runPublish(cmd.Context(), of, with)
		},
	}
	cmd.Flags().StringVar(&week, "week", "", "the week, as 2024-W23")
	cmd.Flags().StringVar(&with.tier, "tier", datasets.Public, "for whom: "+datasets.Public+", counts for anybody, or "+datasets.Vetted+", post by post under pseudonyms for those with whom it is agreed on")
	cmd.Flags().StringVar(&with.out, "out", "", "the folder that releases lie in (default publication.folder of the configuration, else releases in the data directory)")
	cmd.Flags().BoolVar(&with.gaps, "gaps", false, "publish although too much is missing, and say so in the release")
	cmd.Flags().BoolVar(&with.correct, "correct", false, "make the next version of a release of the vetted tier, if something of it has to be withdrawn")
	return cmd
}

// publishing is how a week is published.
type publishing struct {
	tier, out     string
	gaps, correct bool
}

func (c *cli) runPublish(ctx context.Context, week datasets.Week, with publishing) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	if len(s.brokers) > 0 { // Else the store has all of the log, and the engine was started alone.
		if err := s.catchUp(c.progress()); err != nil {
			return err
		}
	}
	cfg, err := s.release(week, with.tier, with.out)
	if err != nil {
		return err
	}
	cfg.Gaps = with.gaps
	if with.correct {
		if cfg.Note, err = s.toCorrect(&cfg); err != nil {
			return s.why(err)
		}
		if cfg.Note == "" {
			_, err := fmt.Fprintf(c.out, "nothing of the vetted releases of %s has to be withdrawn\n", week)
			return err
		}
	}
	done, err := c.publishNow(s, &cfg)
	if err != nil {
		return s.why(err)
	}
	if !done.Made {
		_, err := fmt.Fprintf(c.out, "%s is complete already; nothing was changed\n", done.Folder)
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: %d files, %s rows\n", done.Folder, done.Files, count(done.Rows))
	return err
}

// publishNow publishes, with progress, and lists what was published.
func (c *cli) publishNow(s *system, cfg *datasets.Config) (done *datasets.Result, err error) {
	err = c.progress().during(s.ctx, func() string { return "publishing " + cfg.Week.String() }, func() error {
		if done, err = s.publishWeek(s.ctx, cfg); err == nil && done.Made {
			err = s.index(s.ctx, cfg)
		}
		return err
	})
	if errors.Is(err, datasets.ErrCoverage) {
		err = fmt.Errorf("%w: publish it all the same with --gaps, and the release says so", err)
	}
	return done, err
}

// toCorrect says why there has to be a new version of a release; nothing where there has not.
func (s *system) toCorrect(cfg *datasets.Config) (why string, err error) {
	wrong, err := datasets.Corrections(s.ctx, cfg, forgetter, s.rows)
	if err != nil || wrong == nil {
		return "", err
	}
	cfg.Correct = true
	return wrong.Why(), nil
}

// publishWeek makes a release and notes it.
func (s *system) publishWeek(ctx context.Context, cfg *datasets.Config) (*datasets.Result, error) {
	done, err := datasets.Publish(ctx, *cfg, s.rows)
	if err != nil || !done.Made {
		return done, err
	}
	const patience = 10 * time.Second // What is complete is noted, though the program is told to end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	now := time.Now()
	if done.Version > 1 {
		if err := s.store.SupersedeRelease(ctx, cfg.Week.String(), cfg.Tier, uint32(done.Version-1), now); err != nil {
			return done, err
		}
	}
	return done, s.store.NoteRelease(ctx, &store.Release{
		Week: cfg.Week.String(), Tier: cfg.Tier, Number: uint32(done.Version), From: cfg.Week.From(), To: cfg.Week.To(), ReleasedAt: now, Folder: filepath.Base(done.Folder),
		Files: uint32(done.Files), Rows: done.Rows, Checksum: done.Checksum, Coverage: done.Coverage, Note: cfg.Note,
	})
}

// index writes the page and the feed of the folder of releases, and of the site, with
// what was withdrawn since.
func (s *system) index(ctx context.Context, cfg *datasets.Config) error {
	if cfg.Tier == datasets.Public {
		folder := filepath.Join(cfg.Out, datasets.FolderName(cfg.Week, cfg.Tier, 1))
		if err := datasets.PDF(ctx, folder, cfg.Week); err != nil { // The release is complete without.
			s.log.Warn("the memo is not printed", zap.Error(err))
		}
	}
	withdrawals, err := datasets.Withdrawals(ctx, cfg, s.rows)
	if err != nil {
		return err
	}
	if err := datasets.Index(cfg.Out, cfg.Study, cfg.Contact, withdrawals); err != nil {
		return err
	}
	if site := s.study.At(s.study.Publication.Site); site != "" {
		_, err = datasets.Site(cfg.Out, site, cfg.Study, cfg.Contact)
	}
	return err
}

const (
	publishAfter = 24 * time.Hour
	publishPoll  = 10 * time.Minute
	correctPoll  = 24 * time.Hour
	correctAfter = 30 * 24 * time.Hour // What was deleted on platforms is withdrawn once, so long after the release.
)

// startPublishing publishes the week that is over, where the study wants that, and
// corrects what was published.
func (s *system) startPublishing() {
	tiers := s.study.Publication.Tiers
	if len(tiers) == 0 {
		return
	}
	after := cmp.Or(s.study.Publication.After, publishAfter)
	s.run("publish", func(ctx context.Context) error {
		told := map[string]string{} // What was last said of a release, so that it is said once.
		var corrected time.Time
		for first := true; first || pause(ctx, publishPoll) == nil; first = false {
			last := datasets.WeekOf(time.Now().Add(-after)).Before()
			for _, tier := range tiers {
				s.publishDue(ctx, last, tier, told)
			}
			if time.Since(corrected) < correctPoll {
				continue
			}
			corrected = time.Now()
			if err := s.correctDue(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("what has to be withdrawn is not known", zap.Error(err))
			}
		}
		return nil
	})
}

func (s *system) publishDue(ctx context.Context, week datasets.Week, tier string, told map[string]string) {
	cfg, err := s.release(week, tier, "")
	var done *datasets.Result
	if err == nil {
		done, err = s.publishWeek(ctx, &cfg)
	}
	if err == nil && done.Made {
		err = s.index(ctx, &cfg)
	}
	key := week.String() + " " + tier
	switch {
	case ctx.Err() != nil:
	case err != nil && told[key] != err.Error():
		s.log.Error("a week is not published", zap.String("week", week.String()), zap.String("tier", tier), zap.Error(err))
		told[key] = err.Error()
	case err == nil && done.Made:
		s.log.Info("published", zap.String("week", week.String()), zap.String("tier", tier), zap.String("folder", done.Folder), zap.Uint64("rows", done.Rows))
	}
}

// correctDue makes new versions of releases of the vetted tier: at the next turn where
// somebody objected, and once after thirty days for what was deleted on platforms.
func (s *system) correctDue(ctx context.Context) error {
	cfg, err := s.release(datasets.Week{}, datasets.Vetted, "")
	if err != nil {
		return err
	}
	weeks, err := datasets.VettedWeeks(cfg.Out)
	if err != nil {
		return err
	}
	for _, week := range weeks {
		cfg.Week = week
		wrong, err := datasets.Corrections(ctx, &cfg, forgetter, s.rows)
		if err != nil {
			return err
		}
		if wrong == nil {
			continue
		}
		if !wrong.Objected {
			first, last, err := s.store.Released(ctx, week.String(), datasets.Vetted)
			if err != nil {
				return err
			}
			if !correctNow(first, last, time.Now()) {
				continue
			}
		}
		of := cfg
		of.Correct, of.Gaps, of.Note = true, true, wrong.Why()
		done, err := s.publishWeek(ctx, &of)
		if err == nil {
			err = s.index(ctx, &of)
		}
		if err != nil {
			return err
		}
		s.log.Info("a release is corrected", zap.String("folder", done.Folder), zap.String("why", of.Note))
	}
	return nil
}

// correctNow says whether what was deleted on platforms is to be withdrawn from a release,
// of which there are versions of then: once, thirty days after the first.
func correctNow(first, last, now time.Time) bool {
	due := first.Add(correctAfter)
	return !now.Before(due) && last.Before(due)
}

// release is what the study says of its releases.
func (s *system) release(week datasets.Week, tier, out string) (datasets.Config, error) {
	of := s.study.Publication
	if out == "" {
		out = cmp.Or(s.study.At(of.Folder), filepath.Join(string(s.dir), "releases"))
	}
	tagger, err := s.tagger()
	if err != nil {
		return datasets.Config{}, err
	}
	cfg := datasets.Config{Week: week, Tier: tier, Out: out, Master: s.key, Study: s.study.Name(), Languages: s.study.Languages, Contact: s.study.Contact, Creators: of.Creators, Program: strings.TrimSpace(versionOf().Version + " " + versionOf().Commit), LeastCoverage: defaultCoverage}
	cfg.Objections, cfg.Withheld, cfg.Licence = forgetter, of.Withhold, cmp.Or(of.Licence, "CC-BY-4.0")
	if of.SigningKey != "" {
		if cfg.Signer, err = datasets.ReadSigningKey(s.study.At(of.SigningKey)); err != nil {
			return datasets.Config{}, fmt.Errorf("publication.signing_key: %w", err)
		}
	}
	if of.LeastCoverage != nil {
		cfg.LeastCoverage = *of.LeastCoverage
	}
	cfg.Pseudonym = func(platform, nativeID string) string {
		p, _ := schema.ParsePlatform(platform)
		return tagger.AccountID(p, nativeID, "").String()
	}
	return cfg, nil
}

// defaultCoverage is the share of minutes in which sources must have answered.
const defaultCoverage = 0.8

// rows asks the store for datasets.
func (s *system) rows(ctx context.Context, sql string, row func(scan func(...any) error) error) error {
	found, err := s.store.DB().Query(ctx, sql)
	if err != nil {
		return fmt.Errorf("the store: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	for found.Next() {
		if err := row(found.Scan); err != nil {
			return fmt.Errorf("the store: %w", err)
		}
	}
	return found.Err()
}
