package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/sources/lists"
	"github.com/election-observatory/observatory/processors/store"
)

func (c *cli) sourcesLint() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "lint --list NAME FILE",
		Short: "Says which rows of a list cannot be used, and why",
		Long:  "Reads a list as import would and names every row that would be refused, with its line and the reason; it ends with 1 where there is any.\n\n" + formatsHelp(),
		Example: `  observatory sources lint --list dima dima_domains.csv
  observatory sources lint --list yaml our-list.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := readList(name, args[0])
			if err != nil {
				return err
			}
			c.tellRefused(&list)
			fmt.Fprintf(c.out, "%s entries of %s are right\n", count(uint64(len(list.Entries))), list.Format.Name)
			if n := len(list.Refused); n > 0 {
				return fmt.Errorf("%s rows are refused, from line %d on", count(uint64(n)), list.Refused[0].Line)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "list", "", "which list it is")
	return cmd
}

func formatsHelp() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "Lists:")
	for _, f := range lists.Formats() {
		fmt.Fprintf(w, "  %s\t%s\n", f.Name, f.Title)
	}
	_ = w.Flush()
	return b.String() + "\nNone of them comes with the program: docs/sources.md says where each is had and under which licence."
}

func readList(name, path string) (list lists.List, err error) {
	if name == "" {
		return lists.List{}, usage(errors.New("say with --list which list it is"))
	}
	format, err := lists.Find(name)
	if err != nil {
		return lists.List{}, usage(fmt.Errorf("--list: %w", err))
	}
	f, err := os.Open(path)
	if err != nil {
		return lists.List{}, usage(fmt.Errorf("the list cannot be read: %w", err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	list, err = format.Read(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return lists.List{}, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func (c *cli) tellRefused(list *lists.List) {
	for _, r := range list.Refused {
		fmt.Fprintf(c.out, "refused  line %d: %s: %s\n", r.Line, plainText(r.Text), r.Reason)
	}
}

// plainText is a text from outside as a terminal can show it.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

func (c *cli) sourcesImport() *cobra.Command {
	var of importedList
	asJSON := false
	cmd := &cobra.Command{
		Use:   "import --list NAME FILE",
		Short: "Reads a rater's list, and shows what changed",
		Long: `Reads the list of a rater and replaces what it said before. What the list no longer has loses its rating from now on and
keeps it for the past; what it rates otherwise is rated otherwise from now on. Ratings begin where the list dates them; the first
version of a list without dates counts from the beginning of the study (period.from) on, and its ratings are marked as backdated.
Other raters are left alone, and the order in which lists are imported changes nothing.

` + formatsHelp(),
		Example: `  observatory sources import --list dima dima_domains.csv
  observatory sources import --list cred1 --version 2026-08-01 cred1_current.csv
  observatory sources import --list yaml our-list.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			of.path = args[0]
			return c.runSourcesImport(cmd.Context(), of, asJSON)
		},
	}
	cmd.Flags().StringVar(&of.name, "list", "", "which list it is")
	cmd.Flags().StringVar(&of.version, "version", "", "the day of this version of the list (default what the file says, else today)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the counts as JSON")
	return cmd
}

// importedList is a list that is to be imported.
type importedList struct{ name, version, path string }

func (c *cli) runSourcesImport(ctx context.Context, of importedList, asJSON bool) error {
	list, err := readList(of.name, of.path)
	if err != nil {
		return err
	}
	if len(list.Entries) == 0 {
		c.tellRefused(&list)
		return fmt.Errorf("%s: none of its %s rows can be used: the store is left as it is", of.path, count(uint64(len(list.Refused))))
	}
	s, err := c.openRated(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	var done *listImport
	begun := time.Now()
	line := func() string {
		return fmt.Sprintf("%s entries of %s are rated, which takes a minute for a million: %s", count(uint64(len(list.Entries))), of.name, time.Since(begun).Round(time.Second))
	}
	err = c.progress().during(s.ctx, line, func() (err error) {
		if done, err = s.revise(&list, of.version); err != nil {
			return err
		}
		return s.rate(done)
	})
	if err != nil {
		return s.why(err)
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(done.counts(&list))
	}
	c.tellRefused(&list)
	c.tellChanges(done)
	_, err = fmt.Fprintln(c.out, done.summary(&list))
	return err
}

// listImport is what the import of a list did.
type listImport struct {
	rater, version string
	sources.Revision
	first bool
}

// errOlder is a list that is older than what the store has of it.
var errOlder = errors.New("is imported already: give the day of this one with --version if it is newer")

// revise is what a list makes of the ratings of its rater.
func (s *system) revise(list *lists.List, version string) (*listImport, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	done := &listImport{rater: list.Format.Name}
	said := &list.Entries[0].Rating // A list of the project's own form says what it is called, and its version.
	if said.Rater != "" {
		done.rater = said.Rater
	}
	if version == "" {
		version = said.ListVersion
	}
	at := now
	if version != "" {
		day, err := study.Moment(version)
		if err != nil {
			return nil, usage(fmt.Errorf("--version: %w", err))
		}
		at = day.UTC()
	}
	done.version = at.Format(time.DateOnly)
	begin, err := s.study.Begin()
	if err != nil {
		return nil, err
	}
	had, err := s.store.Ratings(s.ctx, done.rater)
	if err != nil {
		return nil, err
	}
	newest, err := s.store.ListVersion(s.ctx, done.rater)
	if err != nil {
		return nil, err
	}
	if newest > done.version {
		return nil, usage(fmt.Errorf("the version of %s of %s %w", done.rater, newest, errOlder))
	}
	done.first = len(had) == 0
	ratings := make([]sources.Rating, len(list.Entries))
	for i := range list.Entries {
		ratings[i] = list.Entries[i].Rating
		ratings[i].Rater, ratings[i].ListVersion = done.rater, done.version
	}
	done.Revision = sources.Revise(had, ratings, at, begin)
	if err := sources.Validate(done.Ratings); err != nil {
		return nil, usage(err)
	}
	return done, nil
}

// write writes a revision; the ratings of all raters are still to be combined.
func (s *system) write(done *listImport, names store.Naming) error {
	if err := s.store.SetRatings(s.ctx, done.rater, done.Ratings, names); err != nil {
		return err
	}
	return s.store.NoteChanges(s.ctx, done.rater, done.version, done.Changes, names)
}

// rate writes a revision, combines it with what other raters say, and counts
// again what links to sources that it changed.
func (s *system) rate(done *listImport) error {
	tagger, err := s.tagger()
	if err != nil {
		return err
	}
	names := naming(tagger)
	if err := s.write(done, names); err != nil {
		return err
	}
	if err := s.store.Combine(s.ctx, names); err != nil {
		return err
	}
	runner, err := s.assessor()
	if err != nil {
		return err
	}
	return runner.Rerate(s.ctx)
}

// studyLists brings the ratings of the study's own lists to what these say. A list
// that cannot be read ends the start; rows that cannot be used are said and left
// out, as sources import does.
func (s *system) studyLists(names store.Naming) error {
	for _, of := range s.study.Lists {
		list, err := readList(of.List, s.study.ListPath(of))
		if err != nil {
			return fmt.Errorf("lists: %w", err)
		}
		log := s.log.With(zap.String("list", of.List), zap.String("file", of.File))
		for i, r := range list.Refused {
			if i == shownRefusals {
				log.Warn("more rows are refused: observatory sources lint shows all", zap.Int("refused", len(list.Refused)))
				break
			}
			log.Warn("row refused", zap.Int("line", r.Line), zap.String("text", r.Text), zap.String("reason", r.Reason))
		}
		if len(list.Entries) == 0 {
			return usage(fmt.Errorf("lists: %s: none of its %s rows can be used", of.File, count(uint64(len(list.Refused)))))
		}
		done, err := s.revise(&list, of.Version)
		if errors.Is(err, errOlder) {
			log.Warn("the store has a newer version of the list, which stays")
			continue
		}
		if err == nil {
			err = s.write(done, names)
		}
		if err != nil {
			return fmt.Errorf("lists: %s: %w", of.File, err)
		}
		if len(done.Changes) > 0 {
			log.Info("list read in", zap.String("rater", done.rater), zap.String("version", done.version), zap.Int("changes", len(done.Changes)), zap.Int("unchanged", done.Same))
		}
	}
	return nil
}

// shownRefusals is how many refused rows of a list of the study are said at a start.
const shownRefusals = 20

// shownChanges is how many changes are shown, withdrawals apart, which all are.
const shownChanges = 50

func (c *cli) tellChanges(done *listImport) {
	left := shownChanges
	for _, change := range done.Changes {
		switch {
		case change.Kind == sources.Withdrawn:
			fmt.Fprintf(c.out, "withdrawn  %s: the list no longer has it: rated until now as %s\n", change.Source, change.Before)
		case change.Kind == sources.Added && done.first:
		case left == 0:
			left--
			fmt.Fprintf(c.out, "… and more: SELECT * FROM source_changes WHERE rater = '%s' ORDER BY loaded_at DESC\n", done.rater)
		case left > 0:
			left--
			fmt.Fprintf(c.out, "%-9s  %s: %s\n", change.Kind, change.Source, change.After)
		}
	}
}

func (d *listImport) of(kind sources.Kind) uint64 {
	n := uint64(0)
	for _, change := range d.Changes {
		if change.Kind == kind {
			n++
		}
	}
	return n
}

func (d *listImport) summary(list *lists.List) string {
	return fmt.Sprintf("%s of %s: %s added, %s changed, %s corrected, %s reworded, %s withdrawn, %s as before; %s rows refused, %s said twice", d.rater, d.version,
		count(d.of(sources.Added)), count(d.of(sources.Changed)), count(d.of(sources.Corrected)), count(d.of(sources.Reworded)), count(d.of(sources.Withdrawn)),
		count(uint64(d.Same)), count(uint64(len(list.Refused))), count(uint64(list.Merged)))
}

func (d *listImport) counts(list *lists.List) any {
	return struct {
		List      string          `json:"list"`
		Version   string          `json:"version"`
		Added     uint64          `json:"added"`
		Changed   uint64          `json:"changed"`
		Corrected uint64          `json:"corrected"`
		Reworded  uint64          `json:"reworded"`
		Withdrawn uint64          `json:"withdrawn"`
		Same      int             `json:"same"`
		Merged    int             `json:"merged"`
		Refused   []lists.Refusal `json:"refused"`
	}{
		d.rater, d.version, d.of(sources.Added), d.of(sources.Changed), d.of(sources.Corrected), d.of(sources.Reworded), d.of(sources.Withdrawn), d.Same, list.Merged, list.Refused,
	}
}
