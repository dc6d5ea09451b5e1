package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/page"
	"github.com/election-observatory/observatory/processors/review"
	"github.com/election-observatory/observatory/processors/store"
)

func (c *cli) review() *cobra.Command {
	kind, limit, asJSON := "", 20, false
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Lists what waits for people to look at it, and notes what they judge",
		Long: `Lists the networks, bursts and look-alikes that wait for somebody to look at them: until two reviewers agree. Look at what one rests on with
'observatory evidence ID', then judge it, here or on the page of 'observatory up', where the study names its reviewers.

Who is behind something is never said by a method: only a person may, and only with a citation.`,
		Example: `  observatory review
  observatory review --kind lookalike --json
  observatory review judge 9bc65766c8dbc732 --reviewer anna --verdict rejected --confidence high --note "a petition's share button"
  observatory review agree
  observatory review appeal network 9bc65766c8dbc732 "The accounts are a newsroom's."`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runReview(cmd.Context(), kind, limit, asJSON) },
	}
	cmd.Flags().StringVar(&kind, "kind", "", "only network, burst or lookalike")
	cmd.Flags().IntVar(&limit, "limit", 20, "at most so many of each kind")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	cmd.AddCommand(c.reviewJudge(), c.reviewAgree(), c.reviewAppeal(), c.reviewDecide(), c.reviewLog())
	return cmd
}

// asking opens the system for what only asks and notes in the store.
func (c *cli) asking(ctx context.Context, work func(s *system) error) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	return s.why(work(s))
}

func (c *cli) runReview(ctx context.Context, kind string, limit int, asJSON bool) error {
	if kind != "" && !slices.Contains([]string{review.Network, review.Burst, review.Lookalike}, kind) {
		return usage(fmt.Errorf("--kind is network, burst or lookalike, not %q", kind))
	}
	return c.asking(ctx, func(s *system) error {
		list, err := s.store.Queue(s.ctx, kind, limit)
		if err != nil {
			return err
		}
		if asJSON {
			return json.NewEncoder(c.out).Encode(list)
		}
		return c.writeQueue(list)
	})
}

func (c *cli) writeQueue(list []store.Waiting) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(c.out, "nothing waits for review")
		return err
	}
	t := listing{head: "KIND\tID\tFROM\tTO\tACCOUNTS\tPOSTS\tSTATUS\tREVIEWERS"}
	for i := range list {
		one := &list[i]
		t.add(fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d", one.Kind, plainText(one.ID), minute(one.From), minute(one.To), count(one.Accounts), count(one.Posts), one.Status, one.Reviewers), one.What)
	}
	return t.write(c.out)
}

func (c *cli) reviewJudge() *cobra.Command {
	var j review.Judgement
	cmd := &cobra.Command{
		Use:   "judge ID",
		Short: "Notes what a reviewer says of a network, a burst or a look-alike",
		Long: `Notes what a reviewer says of a network, a burst or a look-alike. A later judgement of the same reviewer takes the place of the earlier one.

confirmed: it is what the method takes it for. rejected: it has another explanation, which the note gives. unclear: what is there does not say.`,
		Example: `  observatory review judge 9bc65766c8dbc732 --reviewer anna --verdict confirmed --confidence moderate --note "same texts within seconds, no newsroom"
  observatory review judge spiegel.ltd --reviewer ben --verdict confirmed --confidence high --actor private-contractor --citation "Council Decision (CFSP) 2023/1566"`,
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return c.runJudge(cmd.Context(), args[0], j) },
	}
	cmd.Flags().StringVar(&j.Reviewer, "reviewer", "", "who judges: a name that tells reviewers apart")
	cmd.Flags().StringVar(&j.Verdict, "verdict", "", strings.Join(review.Verdicts(), ", "))
	cmd.Flags().StringVar(&j.Confidence, "confidence", "", strings.Join(review.Confidences(), ", "))
	cmd.Flags().StringVar(&j.Note, "note", "", "what was seen, in words")
	cmd.Flags().StringVar(&j.ActorType, "actor", "", "who is behind it, only with --citation: "+strings.Join(review.ActorTypes(), ", "))
	cmd.Flags().StringVar(&j.Citation, "citation", "", "where that is written")
	return cmd
}

func (c *cli) runJudge(ctx context.Context, id string, j review.Judgement) error {
	j.Kind, j.ID, j.Reviewer = review.Network, id, strings.TrimSpace(j.Reviewer)
	if err := j.Validate(); err != nil {
		return usage(err)
	}
	return c.asking(ctx, func(s *system) error {
		known, err := s.store.Reviewable(s.ctx, id)
		if err != nil {
			return err
		}
		if len(known) == 0 {
			return usage(fmt.Errorf("there is no network, burst or look-alike %s: `observatory review` lists them", id))
		}
		j.Subject, j.At = known[0], time.Now()
		if err := s.store.Judge(s.ctx, &j); err != nil {
			return err
		}
		all, err := s.store.Judgements(s.ctx, &j.Subject)
		if err != nil {
			return err
		}
		for i := range all {
			fmt.Fprintf(c.out, "%s %s: %s, confidence %s, by %s, %s\n", j.Kind, plainText(id), all[i].Verdict, all[i].Confidence, plainText(all[i].Reviewer), minute(all[i].At))
		}
		return nil
	})
}

// prepareReviewers reads or makes the passwords of those who judge on the page.
func (s *system) prepareReviewers() error {
	users := make([]string, len(s.study.Reviewers))
	for i, name := range s.study.Reviewers {
		users[i] = "reviewer-" + name
	}
	made, err := s.lock.Passwords(users)
	if err != nil {
		return err
	}
	s.reviewers = map[string]string{}
	for i, name := range s.study.Reviewers {
		s.reviewers[name] = made[users[i]]
	}
	return nil
}

// reviewing is how the study's reviewers judge on the page.
func (s *system) reviewing() page.Review {
	if len(s.reviewers) == 0 {
		return page.Review{}
	}
	return page.Review{Reviewers: s.study.Reviewers, Verdicts: review.Verdicts(), Confidences: review.Confidences(), ActorTypes: review.ActorTypes(), Judge: s.judgeOnPage}
}

// wrongPassword is how long an answer to a wrong password takes.
const wrongPassword = time.Second

func (s *system) judgeOnPage(ctx context.Context, reviewer, password string, said *page.Judgement) error {
	known, ok := s.reviewers[reviewer]
	if !ok || subtle.ConstantTimeCompare([]byte(known), []byte(password)) != 1 {
		if err := pause(ctx, wrongPassword); err != nil {
			return err
		}
		return &page.Mistake{What: "The password is not that of this reviewer: keys/password-reviewer-NAME in the data directory has it."}
	}
	j := review.Judgement{Subject: review.Subject{Kind: review.Network, ID: said.ID}, Reviewer: reviewer, At: time.Now(), Verdict: said.Verdict, Confidence: said.Confidence, ActorType: said.ActorType, Citation: said.Citation, Note: said.Note}
	if err := j.Validate(); err != nil {
		return &page.Mistake{What: strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + "."}
	}
	subjects, err := s.store.Reviewable(ctx, said.ID)
	if err != nil {
		return err
	}
	if len(subjects) == 0 {
		return &page.Mistake{What: "There is nothing of this id to judge."}
	}
	j.Subject = subjects[0]
	return s.store.Judge(ctx, &j)
}

func (c *cli) reviewAgree() *cobra.Command {
	return &cobra.Command{
		Use:   "agree",
		Short: "Measures how far reviewers agree",
		Long: `Measures how far reviewers agree on the verdicts of what two or more have judged: Krippendorff's alpha for nominal data, and the part of pairs of
verdicts that are the same. Below an alpha of 0.667 not even tentative conclusions hold (Krippendorff).`,
		Example: `  observatory review agree`,
		Args:    asUsage(nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.asking(cmd.Context(), func(s *system) error {
				all, err := s.store.Judgements(s.ctx, nil)
				if err != nil {
					return err
				}
				list := review.Agree(all)
				if len(list) == 0 {
					return errors.New("nothing was judged by two reviewers yet: `observatory review` lists what waits")
				}
				w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', tabwriter.AlignRight)
				fmt.Fprintln(w, "of\tjudged by two or more\talpha\tsame, %\t")
				for _, a := range list {
					alpha := "undefined: all say the same"
					if a.Alpha != nil {
						alpha = fmt.Sprintf("%.3f", *a.Alpha)
					}
					kind := a.Kind
					if kind == "" {
						kind = "all"
					}
					fmt.Fprintf(w, "%s\t%d\t%s\t%.1f\t\n", kind, a.Subjects, alpha, a.Percent)
				}
				return w.Flush()
			})
		},
	}
}

func (c *cli) reviewAppeal() *cobra.Command {
	return &cobra.Command{
		Use:   "appeal KIND ID TEXT",
		Short: "Notes an appeal against what the observatory says, in the public log",
		Long: `Notes in the public log (relation corrections, the page's corrections) that somebody appeals against what the observatory says of a network, a
burst, a lookalike, a source or a release. Write no name of a person.`,
		Example: `  observatory review appeal source news.example "The outlet says that it has a masthead since May."`,
		Args:    asUsage(cobra.ExactArgs(3)),
		RunE: func(cmd *cobra.Command, args []string) error {
			kinds := []string{review.Network, review.Burst, review.Lookalike, "source", "release"}
			if !slices.Contains(kinds, args[0]) || strings.TrimSpace(args[1]) == "" || strings.TrimSpace(args[2]) == "" {
				return usage(fmt.Errorf("say what the appeal is about (one of %s), which one, and in a sentence what is said", strings.Join(kinds, ", ")))
			}
			at := time.Now().UTC().Truncate(time.Millisecond)
			sum := sha256.Sum256([]byte(args[0] + " " + args[1] + at.Format(time.RFC3339Nano)))
			one := review.Case{ID: hex.EncodeToString(sum[:4]), At: at, Event: "appeal", Subject: review.Subject{Kind: args[0], ID: args[1]}, Text: args[2]}
			return c.asking(cmd.Context(), func(s *system) error {
				if err := s.store.LogCase(s.ctx, &one); err != nil {
					return err
				}
				_, err := fmt.Fprintf(c.out, "case %s\n", one.ID)
				return err
			})
		},
	}
}

func (c *cli) reviewDecide() *cobra.Command {
	outcome := ""
	cmd := &cobra.Command{
		Use:   "decide CASE TEXT",
		Short: "Notes what became of an appeal, in the public log",
		Long:  `Notes in the public log what became of an appeal: corrected (what was wrong is changed), explained (it stands, and why) or rejected.`,
		Example: `  observatory review decide 5be4a2c1 --outcome corrected "The rating ends in May; shares are counted again."
  observatory review log`,
		Args: asUsage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(review.Outcomes(), outcome) || strings.TrimSpace(args[1]) == "" {
				return usage(fmt.Errorf("--outcome is one of %s, and a sentence says why", strings.Join(review.Outcomes(), ", ")))
			}
			return c.asking(cmd.Context(), func(s *system) error {
				all, err := s.store.Cases(s.ctx)
				if err != nil {
					return err
				}
				at := slices.IndexFunc(all, func(one review.Case) bool { return one.ID == args[0] })
				if at < 0 {
					return usage(fmt.Errorf("there is no case %s: `observatory review log` lists them", args[0]))
				}
				return s.store.LogCase(s.ctx, &review.Case{ID: args[0], At: time.Now(), Event: "decision", Subject: all[at].Subject, Outcome: outcome, Text: args[1]})
			})
		},
	}
	cmd.Flags().StringVar(&outcome, "outcome", "", strings.Join(review.Outcomes(), ", "))
	return cmd
}

func (c *cli) reviewLog() *cobra.Command {
	return &cobra.Command{
		Use:     "log",
		Short:   "Shows the public log of appeals and decisions",
		Long:    `Shows the public log of appeals and decisions, as the relation corrections has it.`,
		Example: `  observatory review log`,
		Args:    asUsage(nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.asking(cmd.Context(), func(s *system) error {
				all, err := s.store.Cases(s.ctx)
				if err != nil {
					return err
				}
				for i := range all {
					one := &all[i]
					fmt.Fprintf(c.out, "%s  %s  %s %s  %s\n  %s\n", one.ID, minute(one.At), one.Subject.Kind, plainText(one.Subject.ID), strings.TrimSpace(one.Event+" "+one.Outcome), plainText(one.Text))
				}
				if len(all) == 0 {
					fmt.Fprintln(c.out, "no appeals")
				}
				return nil
			})
		},
	}
}
