package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/x"
	"github.com/election-observatory/observatory/processors/store"
)

func (c *cli) status() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Says what is collected, what is missing and how far behind the store is",
		Long:  `Shows on one screen what the store holds of each platform, what its sources delivered, which gaps are declared, and how much of the log is not stored yet.`,
		Example: `  observatory status
  observatory status --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runStatus(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

// report is what status tells.
type report struct {
	Data      string                 `json:"data"`
	Running   bool                   `json:"running"` // Another process holds the directory and works.
	Page      string                 `json:"page,omitempty"`
	Version   uint32                 `json:"store_version"`
	Behind    uint64                 `json:"events_not_stored"`
	Uncounted uint64                 `json:"events_not_counted"`
	Free      int64                  `json:"disk_free_bytes"`
	Full      string                 `json:"disk_full,omitempty"` // What to do where the disk is.
	Platforms []store.PlatformStatus `json:"platforms"`

	Collectors   []store.CollectorStatus `json:"collectors"`
	Feeds        int                     `json:"feeds"` // In the configuration.
	AllowPrivate bool                    `json:"allow_private"`
	Budget       string                  `json:"x_budget,omitempty"` // What was read from X and spent, of what.
	Down         []store.SourceStatus    `json:"down"`
	Alarms       []store.Alarm           `json:"alarms"`
	Gaps         []store.Gap             `json:"gaps"`
	Tables       []store.TableStatus     `json:"tables"`
}

func (c *cli) runStatus(ctx context.Context, asJSON bool) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	found, err := s.store.Status(s.ctx, time.Now().Add(-24*time.Hour))
	if err != nil {
		return s.why(err)
	}
	r := report{
		Data: string(s.dir), Running: s.lock == nil, Page: s.ends.Page, Version: found.Version,
		Platforms: found.Platforms, Collectors: found.Collectors, Down: found.Down, Alarms: found.Alarms, Gaps: found.Gaps, Tables: found.Tables,
		Feeds: len(s.study.Feeds), AllowPrivate: s.study.AllowsPrivate(),
	}
	if of := s.study.X; of != nil {
		if r.Budget, err = x.Spent(collectors.NewCursors(s.dir.Cursors()), *of, time.Now); err != nil {
			return err
		}
	}
	if r.Free, err = freeBytes(s.dir); err != nil {
		return err
	}
	if err := s.full(); err != nil {
		r.Full = err.Error()
	}
	if s.logID != "" { // Else the store is known to have all of the log.
		ends, err := s.logEnds(s.ctx)
		if err != nil {
			return s.why(err)
		}
		r.Behind, r.Uncounted = left(ends, found.Stored), left(ofPosts(ends), found.Assessed)
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(r)
	}
	return r.write(c.out)
}

func left(ends, done store.Offsets) uint64 {
	var n uint64
	for at, end := range ends {
		n += end - min(done[at], end)
	}
	return n
}

func (r *report) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	state := "not running; nothing is collected"
	if r.Running {
		state = "running, page at " + r.Page
	}
	fmt.Fprintf(w, "observatory\t%s\n", state)
	fmt.Fprintf(w, "data\t%s, store version %d, %s\n", r.Data, r.Version, size(r.bytes()))
	disk := size(r.Free) + " free"
	if r.Full != "" {
		disk = r.Full
	}
	fmt.Fprintf(w, "disk\t%s\n", disk)
	behind := "nothing: all of the log is stored and counted"
	if r.Behind+r.Uncounted > 0 {
		behind = fmt.Sprintf("%s events not stored, %s not counted", count(r.Behind), count(r.Uncounted))
	}
	fmt.Fprintf(w, "behind\t%s\n", behind)
	if r.Budget != "" {
		fmt.Fprintf(w, "x\t%s\n", r.Budget)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	r.writePlatforms(out)
	r.writeLive(out)
	r.writeTrouble(out)
	return r.writeGaps(out)
}

func (r *report) bytes() int64 {
	var sum int64
	for _, t := range r.Tables {
		sum += int64(t.Bytes)
	}
	return sum
}

func (r *report) writePlatforms(out io.Writer) {
	if len(r.Platforms) == 0 {
		fmt.Fprintln(out, "\nNo posts yet: read an archive with `observatory import`.")
		return
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nplatform\tposts\tnewest hour (UTC)\t")
	for _, p := range r.Platforms {
		fmt.Fprintf(w, "%s\t%s\t%s\t\n", p.Name, count(p.Posts), minute(p.NewestHour))
	}
	_ = w.Flush()
}

// shown is how many lines a list has on the one screen.
const shown = 5

// writeLive tells how the live sources did in the last 24 hours, and what was
// ever read from archives.
func (r *report) writeLive(out io.Writer) {
	var live, archives []store.CollectorStatus
	for _, c := range r.Collectors {
		if c.Archive {
			archives = append(archives, c)
		} else {
			live = append(live, c)
		}
	}
	if r.AllowPrivate {
		fmt.Fprintln(out, "\nAddresses inside private networks are allowed (allow_private).")
	}
	if len(live) > 0 {
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "\nlast 24 hours\tsources\tup\tretired\treceived\tto the log\trejected\tlate\tlag\tnewest (UTC)\t")
		for _, c := range live {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", c.Name, count(c.Sources), count(c.Up), count(c.Retired), count(c.Received), count(c.Emitted), count(c.Rejected), count(c.Late),
				lag(c.LagS), minute(c.Newest))
		}
		_ = w.Flush()
	} else if r.Feeds > 0 {
		fmt.Fprintf(out, "\n%d feeds (rss) are configured, and nothing came of them in the last 24 hours.\n", r.Feeds)
	}
	if len(archives) == 0 {
		return
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\narchive\tfiles\treceived\tto the log\trejected\tnewest minute (UTC)\t")
	for _, c := range archives {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", c.Name, count(c.Sources), count(c.Received), count(c.Emitted), count(c.Rejected), minute(c.Newest))
	}
	_ = w.Flush()
}

// writeTrouble tells what is down, what is silent and what is missing.
func (r *report) writeTrouble(out io.Writer) {
	if len(r.Down) > 0 {
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "\nnot connected\tsince (UTC)\twhy\t")
		for _, o := range r.Down[:min(len(r.Down), shown)] {
			fmt.Fprintf(w, "%s\t%s\t%s\t\n", cut(o.Source), minute(o.Since), words(o.Reason))
		}
		_ = w.Flush()
		more(out, len(r.Down))
	}
	if len(r.Alarms) > 0 {
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "\nsilent against its history\tsince (UTC)\texpected\twhy\t")
		for _, a := range r.Alarms[:min(len(r.Alarms), shown)] {
			fmt.Fprintf(w, "%s\t%s\t%.0f\t%s\t\n", cut(a.Subject), minute(a.From), a.Expected, words(a.Reason))
		}
		_ = w.Flush()
		more(out, len(r.Alarms))
	}
}

func (r *report) writeGaps(out io.Writer) error {
	if len(r.Gaps) == 0 {
		_, err := fmt.Fprintln(out, "\nNo gaps are declared.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\ngap in\tfrom (UTC)\tto\twhy\tevents\t")
	for _, g := range r.Gaps[:min(len(r.Gaps), shown)] {
		missing := "unknown"
		if g.Expected > 0 {
			missing = count(g.Expected)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", cut(g.Source), g.From.UTC().Format(time.DateTime), g.To.UTC().Format(time.DateTime), words(g.Reason), missing)
	}
	_ = w.Flush()
	more(out, len(r.Gaps))
	return nil
}

func more(out io.Writer, n int) {
	if n > shown {
		fmt.Fprintf(out, "and %d more: `observatory status --json`\n", n-shown)
	}
}

func words(reason string) string { return strings.ReplaceAll(reason, "_", " ") }

// cut keeps the names of sources from breaking lines.
func cut(source string) string {
	const longest = 60
	if runes := []rune(source); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return source
}

func minute(t time.Time) string {
	if t.Unix() <= 0 {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func lag(seconds float64) string {
	if seconds <= 0 {
		return "-"
	}
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond).String()
}
