package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/sources/lookalike"
	"github.com/election-observatory/observatory/processors/urls"
)

func (c *cli) sourcesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sources",
		Short: "What raters say of the sources that posts link to",
		Long: `Keeps the ratings of news sources: whose they are, from when to when they hold, and where that is written. Lists of
raters are imported; links are joined with them as of the time of each post, so that a list that comes later rates the past as well.`,
		Example: `  observatory sources import --list dima dima_domains.csv
  observatory sources lookup https://www.rt.com/news/
  observatory query "SELECT source_class, count() FROM links GROUP BY 1 ORDER BY 2 DESC"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("there is no command sources %q: `observatory sources --help` lists them", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.sourcesLookup(), c.sourcesLint(), c.sourcesImport(), c.sourcesQueue(), c.sourcesCode(), c.sourcesAgree(), c.sourcesExpand())
	for _, command := range cmd.Commands() {
		command.Args = asUsage(command.Args)
	}
	return cmd
}

// openRated opens the store with the lists that come with the program and those
// of the study, as whoever runs the processors loads them at its start.
func (c *cli) openRated(ctx context.Context) (*system, error) {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil || s.lock == nil || s.pipeline != nil {
		return s, err
	}
	tagger, err := s.tagger()
	if err == nil {
		_, err = s.loadLists(naming(tagger))
	}
	if err != nil {
		err = s.why(err)
		s.close()
		return nil, err
	}
	return s, nil
}

func (c *cli) sourcesLookup() *cobra.Command {
	var at string
	asJSON := false
	cmd := &cobra.Command{
		Use:   "lookup [URL…]",
		Short: "Tells which rated source URLs are of, and how it is rated",
		Long: `Tells for each URL, from the arguments or one a line from standard input, the rated source that it is of and what its
raters say: of all sources that a URL is a part of the one with the longest host counts, and of these the one with the longest
path. A host whose name looks like one of the study's protected_names is pointed out, with the rule and the name.`,
		Example: `  observatory sources lookup rt.com https://t.me/s/example
  observatory sources lookup --at 2022-01-01 --json rt.com
  observatory query --format TSV "SELECT DISTINCT canonical FROM links" | observatory sources lookup --json > rated.jsonl`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			moment := time.Now()
			if at != "" {
				var err error
				if moment, err = study.Moment(at); err != nil {
					return usage(fmt.Errorf("--at: %w", err))
				}
			}
			return c.runLookup(cmd.Context(), args, moment, asJSON)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "as rated on this day or at this time, UTC (default now)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func (c *cli) runLookup(ctx context.Context, args []string, at time.Time, asJSON bool) error {
	if len(args) == 0 {
		if in, ok := c.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
			return usage(errors.New("give URLs as arguments, or one a line on standard input"))
		}
	}
	s, err := c.openRated(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	ratings, err := s.store.Ratings(s.ctx, "")
	if err != nil {
		return s.why(err)
	}
	protected, err := lookalike.New(s.study.ProtectedNames)
	if err != nil {
		return usage(err)
	}
	l := &looker{sources: sources.NewLookup(sources.NewRegistry(ratings), at), protected: protected, json: asJSON, out: bufio.NewWriterSize(c.out, 1<<16)}
	l.shorteners = map[string]bool{}
	for _, host := range append(urls.Shorteners(), s.study.Shorteners...) {
		l.shorteners[host] = true
	}
	if len(args) > 0 {
		for _, url := range args {
			if err := l.answer(url); err != nil {
				return err
			}
		}
		return l.out.Flush()
	}
	return l.answerAll(c.in)
}

// looker answers what sources URLs are of.
type looker struct {
	sources   *sources.Lookup
	protected *lookalike.Index
	json      bool
	out       *bufio.Writer

	shorteners map[string]bool
}

// longestLine is the length of the longest line that is read as a URL.
const longestLine = 1 << 20

func (l *looker) answerAll(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), longestLine)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		if err := l.answer(lines.Text()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return errors.Join(fmt.Errorf("standard input: %w", err), l.out.Flush())
	}
	return l.out.Flush()
}

// looked is what is answered of a URL.
type looked struct {
	Input     string             `json:"input"`
	Canonical string             `json:"canonical"`
	Domain    string             `json:"domain"`
	Matched   string             `json:"matched"`
	Class     string             `json:"class"`
	Score     *float64           `json:"score"`
	Spread    *float64           `json:"spread,omitempty"`
	Raters    []string           `json:"raters"`
	Citation  string             `json:"citation"`
	Network   string             `json:"network,omitempty"`
	Ratings   []rated            `json:"ratings,omitempty"`
	Lookalike *lookalike.Finding `json:"lookalike"`
}

// rated is one rating in an answer.
type rated struct {
	Rater       string   `json:"rater"`
	Source      string   `json:"source"`
	Class       string   `json:"class"`
	Score       *float64 `json:"score"`
	Criteria    string   `json:"criteria,omitempty"`
	Network     string   `json:"network,omitempty"`
	ValidFrom   string   `json:"valid_from"`
	ValidTo     string   `json:"valid_to,omitempty"`
	Backdated   bool     `json:"backdated,omitempty"`
	ListVersion string   `json:"list_version"`
	Licence     string   `json:"licence,omitempty"`
	Citation    string   `json:"citation"`
}

const unratedWord = "unrated"

func (l *looker) answer(url string) error {
	found := l.sources.URL(url)
	a := looked{Input: url, Canonical: found.Canonical, Domain: found.Domain, Matched: found.Matched, Class: unratedWord, Raters: []string{}}
	if found.Platform {
		a.Class = string(sources.ClassPlatform)
	}
	if of := found.Rating; of != nil {
		a.Class, a.Score, a.Spread, a.Raters, a.Network = string(of.Class), of.Score, of.Spread, of.Raters(), of.Network()
		var citations []string
		for _, r := range of.Ratings {
			a.Ratings = append(a.Ratings, ratedBy(r))
			if !slices.Contains(citations, r.Citation) {
				citations = append(citations, r.Citation)
			}
		}
		a.Citation = strings.Join(citations, " ; ")
	}
	if finding, ok := l.protected.Check(found.Written); ok {
		a.Lookalike = &finding
	}
	if !l.json {
		return l.print(&a)
	}
	line, err := json.Marshal(&a)
	if err != nil {
		return err
	}
	_, _ = l.out.Write(line)
	return l.out.WriteByte('\n')
}

func ratedBy(r *sources.Rating) rated {
	one := rated{
		Rater: r.Rater, Source: r.Source, Class: string(r.Class), Score: r.Score, Criteria: r.Criteria, Network: r.Network,
		ValidFrom: r.ValidFrom.Format(time.RFC3339), Backdated: r.Backdated, ListVersion: r.ListVersion, Licence: r.Licence, Citation: r.Citation,
	}
	if !r.ValidTo.IsZero() {
		one.ValidTo = r.ValidTo.Format(time.RFC3339)
	}
	return one
}

// print shows an answer to people: what the source is, then each rater's word.
func (l *looker) print(a *looked) error {
	fmt.Fprintf(l.out, "%s\n", a.Input)
	of := a.Matched
	if of == "" {
		of = a.Domain
	}
	line := "  " + strings.TrimSpace(of+" is "+a.Class)
	if a.Class == unratedWord && l.shorteners[a.Domain] {
		line += ": it is a shortener, and what counts is where its links lead"
	}
	if a.Score != nil {
		line += ", score " + number(*a.Score)
		if a.Spread != nil {
			line += " ± " + number(*a.Spread)
		}
	}
	fmt.Fprintln(l.out, line)
	for i := range a.Ratings {
		r := &a.Ratings[i]
		day, _, _ := strings.Cut(r.ValidFrom, "T")
		since := "since " + day
		if r.Backdated {
			since = "undated, counted since " + day
		}
		score := ""
		if r.Score != nil {
			score = " " + number(*r.Score)
		}
		fmt.Fprintf(l.out, "    %-12s %s%s, %s; %s\n", r.Rater, r.Class, score, since, r.Citation)
	}
	if a.Lookalike != nil {
		fmt.Fprintf(l.out, "  looks like %s (%s): %s\n", a.Lookalike.Target, a.Lookalike.Rule, a.Lookalike.Evidence)
	}
	return l.out.Flush()
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
