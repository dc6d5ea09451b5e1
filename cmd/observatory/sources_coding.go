package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/sources/coding"
	"github.com/election-observatory/observatory/processors/store"
)

// coders is the rater of what the study's own coders decided.
const coders = "study-coders"

func (c *cli) sourcesQueue() *cobra.Command {
	want := store.Uncoded{}
	var from, to string
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Writes a sheet of the unrated sources that matter most, to be coded",
		Long: `Writes to standard output a sheet (CSV) of the domains that posts link to most and that nobody rates, for a coder to fill in:
whether each of the five criteria of the Oxford Internet Institute applies (professionalism, style, credibility, bias,
counterfeit), and what was seen. Give every coder a sheet of their own with --coder; a source that two have coded is left out.`,
		Example: `  observatory sources queue --lang pl --limit 100 --coder anna > anna.csv
  observatory sources queue --least 20 --from 2024-06-03 --to 2024-06-10`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, bound := range []struct {
				flag, text string
				to         *time.Time
			}{{"--from", from, &want.From}, {"--to", to, &want.To}} {
				if bound.text == "" {
					continue
				}
				var err error
				if *bound.to, err = study.Moment(bound.text); err != nil {
					return usage(fmt.Errorf("%s: %w", bound.flag, err))
				}
			}
			return c.runQueue(cmd.Context(), want)
		},
	}
	cmd.Flags().StringVar(&want.Lang, "lang", "", "of posts in this language (default all)")
	cmd.Flags().Uint64Var(&want.Least, "least", 5, "shared at least so many times")
	cmd.Flags().IntVar(&want.Limit, "limit", 200, "at most so many sources")
	cmd.Flags().StringVar(&want.Coder, "coder", "", "leave out what this coder has coded")
	cmd.Flags().StringVar(&from, "from", "", "linked to from this day or time on")
	cmd.Flags().StringVar(&to, "to", "", "linked to before this day or time")
	return cmd
}

func (c *cli) runQueue(ctx context.Context, want store.Uncoded) error {
	s, err := c.openRated(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	list, err := s.store.Uncoded(s.ctx, want)
	if err != nil {
		return s.why(err)
	}
	if err := coding.WriteSheet(c.out, list); err != nil {
		return err
	}
	fmt.Fprintf(c.errs, "%s sources to code\n", count(uint64(len(list))))
	return nil
}

func (c *cli) sourcesCode() *cobra.Command {
	var coder string
	cmd := &cobra.Command{
		Use:   "code --coder NAME SHEET.csv",
		Short: "Reads what a coder found",
		Long: `Reads a sheet that a coder has filled in. A later coding of the same source by the same coder replaces the earlier one. Rows that
are not filled in are skipped, rows that cannot be used are named with their line and the reason, and the command then ends with 1.`,
		Example: "  observatory sources code --coder anna anna.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runCode(cmd.Context(), strings.TrimSpace(coder), args[0])
		},
	}
	cmd.Flags().StringVar(&coder, "coder", "", "who coded: a name that tells coders apart")
	return cmd
}

func (c *cli) runCode(ctx context.Context, coder, path string) error {
	if coder == "" {
		return usage(errors.New("say with --coder who coded"))
	}
	sheet, err := readSheet(path)
	if err != nil {
		return usage(err)
	}
	s, err := c.openRated(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for i := range sheet.Codings {
		sheet.Codings[i].Coder, sheet.Codings[i].CodedAt = coder, now
	}
	if err := s.store.AddCodings(s.ctx, sheet.Codings); err != nil {
		return s.why(err)
	}
	for _, r := range sheet.Refused {
		fmt.Fprintf(c.out, "refused  line %d: %s: %s\n", r.Line, plainText(r.Source), r.Reason)
	}
	fmt.Fprintf(c.out, "%s sources coded by %s, %s not filled in\n", count(uint64(len(sheet.Codings))), coder, count(uint64(sheet.Skipped)))
	if n := len(sheet.Refused); n > 0 {
		return fmt.Errorf("%s rows are refused, from line %d on", count(uint64(n)), sheet.Refused[0].Line)
	}
	return nil
}

func readSheet(path string) (sheet coding.Sheet, err error) {
	f, err := os.Open(path)
	if err != nil {
		return coding.Sheet{}, fmt.Errorf("the sheet cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sheet, err = coding.ReadSheet(bufio.NewReader(f))
	if err != nil {
		return coding.Sheet{}, fmt.Errorf("%s: %w", path, err)
	}
	return sheet, nil
}

func (c *cli) sourcesAgree() *cobra.Command {
	return &cobra.Command{
		Use:   "agree",
		Short: "Measures how far coders agree, and rates what two or more have coded",
		Long: `Measures how far the coders agree (Krippendorff's alpha of each criterion and of the label), notes it in the relation agreement, and
rates the sources that two or more have coded, under the rater ` + coders + `: by the majority for each criterion, and junk where three of
the five apply. Where coders disagree, the source is named. What was coded holds for all of the study.`,
		Example: `  observatory sources agree
  observatory query "SELECT * FROM agreement ORDER BY computed_at DESC LIMIT 6"`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runAgree(cmd.Context()) },
	}
}

func (c *cli) runAgree(ctx context.Context) error {
	s, err := c.openRated(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	codings, err := s.store.Codings(s.ctx)
	if err != nil {
		return s.why(err)
	}
	if len(codings) == 0 {
		return errors.New("nothing is coded yet: write a sheet with `observatory sources queue`, and read it with `observatory sources code`")
	}
	agreement := coding.Agree(codings)
	if err := s.store.NoteAgreement(s.ctx, agreement); err != nil {
		return s.why(err)
	}
	if err := coding.WriteTable(c.out, agreement); err != nil {
		return err
	}
	done, alone, err := s.rateCoded(coding.Decide(codings))
	if err != nil {
		return s.why(err)
	}
	for _, d := range done.decided {
		if len(d.Dissent) > 0 || d.Disputed {
			fmt.Fprintf(c.out, "disputed  %s: %s, coders %s\n", d.Source, verdict(&d), strings.Join(d.Coders, ", "))
		}
	}
	_, err = fmt.Fprintf(c.out, "%s sources rated as %s (%s new, %s changed); %s wait for a second coder\n",
		count(uint64(len(done.decided))), coders, count(done.of(sources.Added)), count(done.of(sources.Changed)), count(uint64(alone)))
	return err
}

func verdict(d *coding.Decision) string {
	if d.Junk {
		return "junk by the majority"
	}
	return "not junk by the majority"
}

// codedImport is the revision that codings lead to.
type codedImport struct {
	listImport
	decided []coding.Decision
}

// rateCoded rates what two or more have coded and a class follows for.
func (s *system) rateCoded(decisions []coding.Decision) (*codedImport, int, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	begin, err := s.study.Begin()
	if err != nil {
		return nil, 0, err
	}
	had, err := s.store.Ratings(s.ctx, coders)
	if err != nil {
		return nil, 0, err
	}
	done := &codedImport{listImport: listImport{rater: coders, version: now.Format(time.DateOnly)}}
	alone := 0
	var ratings []sources.Rating
	for _, d := range decisions {
		if len(d.Coders) < 2 {
			alone++
			continue
		}
		done.decided = append(done.decided, d)
		if d.Class != "" {
			ratings = append(ratings, ratingOf(&d, begin, done.version))
		}
	}
	done.Revision = sources.Revise(had, ratings, now, begin)
	if err := sources.Validate(done.Ratings); err != nil {
		return nil, 0, err
	}
	return done, alone, s.rate(&done.listImport)
}

// ratingOf is the rating that follows from a decision.
func ratingOf(d *coding.Decision, begin time.Time, version string) sources.Rating {
	var applies []string
	for i, name := range coding.Criteria() {
		if d.Applies[i] {
			applies = append(applies, name)
		}
	}
	words := fmt.Sprintf("%d coders, %d dissent", len(d.Coders), len(d.Dissent))
	if len(applies) > 0 {
		words = strings.Join(applies, ", ") + "; " + words
	}
	evidence := d.Evidence
	if evidence == "" {
		evidence = "no criterion applies"
	}
	return sources.Rating{
		Source: d.Source, Rater: coders, Class: d.Class, Score: &d.Score, Criteria: words, ValidFrom: begin, Backdated: true, ListVersion: version, Licence: "the study's own",
		Citation: "coded for this study: " + evidence,
	}
}
