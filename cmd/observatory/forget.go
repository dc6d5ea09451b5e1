package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/collectors/archive"
	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// forgetter is the collector of what this command says to the log.
const forgetter = "forget"

func (c *cli) forget() *cobra.Command {
	var accounts, posts []string
	var file string
	asJSON, dry := false, false
	cmd := &cobra.Command{
		Use:   "forget --account WHO | --post WHICH | --file FILE",
		Short: "Forgets accounts and posts, whatever arrives of them later",
		Long: `Removes accounts with all that they wrote, or single posts, from every table, has what was computed from them computed again, and cuts the log
behind them. It stays so: what arrives of them later, or is imported again, is hidden and removed. It cannot be taken back.

WHO is PLATFORM:ID or PLATFORM:@HANDLE, WHICH is PLATFORM:ID or the post's address; a pseudonym will do for both. A file has one per line, after the
word account or post. The report says what each relation held before and holds now. Copies elsewhere are yours to deal with: backups, exports,
archives that were imported, releases.`,
		Example: `  observatory forget --account x:@somebody
  observatory forget --account bluesky:did:plc:ewvi7nxzyoun6zhxrhs64oiz --check
  observatory forget --post https://mastodon.example/@somebody/112593000000000000
  observatory forget --file objections.txt --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := readWanted(accounts, posts, file)
			if err != nil {
				return usage(err)
			}
			return c.runForget(cmd.Context(), list, dry, asJSON)
		},
	}
	cmd.Flags().StringArrayVar(&accounts, "account", nil, "an account, with all that it wrote")
	cmd.Flags().StringArrayVar(&posts, "post", nil, "a post")
	cmd.Flags().StringVar(&file, "file", "", "a file of lines such as 'account x:@somebody'")
	cmd.Flags().BoolVar(&dry, "check", false, "say what there is of them, and change nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

// forgotten is what the command reports.
type forgotten struct {
	Accounts int           `json:"accounts"`
	Posts    int           `json:"posts"`
	Unknown  []string      `json:"unknown"` // What nothing was known of; it stays hidden should it come.
	Before   []store.Trace `json:"before"`
	After    []store.Trace `json:"after,omitempty"`
	Log      string        `json:"log,omitempty"` // What became of the log.
}

func (c *cli) runForget(ctx context.Context, list []wanted, dry, asJSON bool) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere()})
	if err != nil {
		return err
	}
	defer s.close()
	subjects, unknown, err := s.subjects(list)
	if err != nil {
		return err
	}
	done, err := s.forget(subjects, dry, c.progress())
	if err != nil {
		return s.why(err)
	}
	done.Unknown = unknown
	if asJSON {
		err = json.NewEncoder(c.out).Encode(done)
	} else {
		err = writeForgotten(c.out, done, dry)
	}
	for _, t := range done.After {
		if t.Rows > 0 {
			err = cmp.Or(err, fmt.Errorf("%s still has %s: run the command again", t.Relation, count(t.Rows)))
		}
	}
	return err
}

// forget forgets the subjects, or only looks what there is of them.
func (s *system) forget(subjects []store.Subject, dry bool, p *progress) (*forgotten, error) {
	done := &forgotten{}
	for i := range subjects {
		if subjects[i].Account != (uuid.UUID{}) {
			done.Accounts++
		} else {
			done.Posts++
		}
	}
	err := s.catchUp(p) // What is still in the log is theirs as well.
	if err != nil {
		return nil, err
	}
	if done.Before, err = s.store.Traces(s.ctx, subjects); err != nil || dry {
		return done, err
	}
	if done.Log, err = s.forgetAll(subjects, p); err != nil {
		return nil, err
	}
	done.After, err = s.store.Traces(s.ctx, subjects)
	return done, err
}

// forgetAll says to the log what is to be forgotten, waits until the store and what
// is computed from it have followed, erases what the files still hold, and cuts the
// log behind it.
func (s *system) forgetAll(subjects []store.Subject, p *progress) (log string, err error) {
	producer, err := s.producer()
	if err != nil {
		return "", err
	}
	before, err := s.tell(producer, subjects)
	if err != nil {
		return "", s.orFull(err)
	}
	ends, err := s.logEnds(s.ctx)
	if err != nil {
		return "", err
	}
	runner, err := s.assessor()
	if err != nil {
		return "", err
	}
	step := func(what string, work func() error) {
		if err == nil {
			err = p.during(s.ctx, func() string { return what }, work)
		}
	}
	step("computing again what rested on them", func() error { return runner.CatchUp(s.ctx, ends, true) })
	step("erasing", func() error {
		if _, err := s.store.Erase(s.ctx); err != nil {
			return err
		}
		return s.store.EraseTraces(s.ctx, subjects)
	})
	step("cutting the log", func() error { log, err = s.cutLog(before); return err })
	return log, err
}

// toldTopics are the topics with personal data.
func toldTopics() []schema.Topic {
	var topics []schema.Topic
	for _, t := range schema.Topics() {
		if t.Name != schema.TopicCoverage {
			topics = append(topics, t)
		}
	}
	return topics
}

// tell appends the subjects to every partition of the topics with personal data, each
// of which begins a new file with them, and returns what these ended with before.
func (s *system) tell(producer *eventlog.Producer, subjects []store.Subject) (map[string]map[int32]int64, error) {
	before := map[string]map[int32]int64{}
	for _, topic := range toldTopics() {
		if s.embedsBroker() {
			if err := eventlog.NewFiles(s.ctx, s.brokers, &topic, true); err != nil {
				return nil, err
			}
			defer eventlog.NewFiles(context.WithoutCancel(s.ctx), s.brokers, &topic, false) //nolint:errcheck // Every start of the topics sets it as well.
		}
		var err error
		if before[topic.Name], err = eventlog.Ends(s.ctx, s.brokers, topic.Name); err != nil {
			return nil, err
		}
		for i := range subjects {
			value, err := notice(&subjects[i])
			if err != nil {
				return nil, err
			}
			if err := producer.AppendToAll(s.ctx, topic.Name, value); err != nil {
				return nil, err
			}
		}
	}
	return before, nil
}

// notice is what the log is told of a subject.
func notice(of *store.Subject) ([]byte, error) {
	platform, ok := schema.ParsePlatform(of.Platform)
	if !ok {
		return nil, fmt.Errorf("the store has a platform %q that this program does not know", of.Platform)
	}
	now := time.Now().UnixMilli()
	d := &schema.Delete{Platform: platform, ClaimedMs: now, CollectedMs: now, ImportedMs: now, Collector: forgetter, Source: forgetter, WrittenMs: of.WrittenMS}
	if of.Account != (uuid.UUID{}) {
		d.AccountPseudonym = of.Account[:]
	} else {
		d.PostPseudonym = of.Post[:]
	}
	return (&schema.Event{Kind: &schema.Event_Delete{Delete: d}}).MarshalVT()
}

// cutLog removes what the topics held, once the group that stores it has passed it.
func (s *system) cutLog(before map[string]map[int32]int64) (string, error) {
	ctx, cancel := context.WithTimeoutCause(s.ctx, time.Minute, errors.New("the log was not cut, since its readers do not come on: it keeps what it has for 30 days at most; run the command again"))
	defer cancel()
	for topic, ends := range before {
		for {
			read, err := eventlog.Committed(ctx, s.brokers, group, topic)
			if err != nil {
				return "", cmp.Or(context.Cause(ctx), err)
			}
			if passed(read, ends) {
				break
			}
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return "", err
			}
		}
		if err := eventlog.Cut(ctx, s.brokers, topic, ends); err != nil {
			return "", err
		}
	}
	if s.embedsBroker() {
		return "cut behind them; its files are removed", nil
	}
	return "cut behind them; brokers remove the files within a day", nil
}

func passed(read, ends map[int32]int64) bool {
	for partition, end := range ends {
		if end > 0 && read[partition] < end {
			return false
		}
	}
	return true
}

func writeForgotten(out io.Writer, done *forgotten, dry bool) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	if dry {
		fmt.Fprintln(w, "relation\trows\t")
	} else {
		fmt.Fprintln(w, "relation\tbefore\tnow\t")
	}
	for i, t := range done.Before {
		fmt.Fprintf(w, "%s\t%s\t", t.Relation, count(t.Rows))
		if !dry {
			fmt.Fprintf(w, "%s\t", count(done.After[i].Rows))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, name := range done.Unknown {
		fmt.Fprintf(out, "nothing was known of %s\n", plainText(name))
	}
	if dry {
		return nil
	}
	fmt.Fprintf(out, "the log is %s\n", done.Log)
	_, err := fmt.Fprintf(out, "not reached, and yours to deal with: backups, exports, imported files (formats %s), releases\n", strings.Join(archive.Formats(), ", "))
	return err
}
