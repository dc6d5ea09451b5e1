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
	Sources   []store.SourceStatus   `json:"sources"`
	Gaps      []store.Gap            `json:"gaps"`
	Tables    []store.TableStatus    `json:"tables"`
}

func (c *cli) runStatus(ctx context.Context, asJSON bool) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	found, err := s.store.Status(s.ctx, time.Unix(0, 0))
	if err != nil {
		return s.why(err)
	}
	r := report{
		Data: string(s.dir), Running: s.lock == nil, Page: s.ends.Page, Version: found.Version,
		Platforms: found.Platforms, Sources: found.Sources, Gaps: found.Gaps, Tables: found.Tables,
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
	if err := w.Flush(); err != nil {
		return err
	}
	r.writePlatforms(out)
	r.writeSources(out)
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
		fmt.Fprintf(w, "%s\t%s\t%s\t\n", p.Name, count(p.Posts), p.NewestHour.UTC().Format("2006-01-02 15:04"))
	}
	_ = w.Flush()
}

func (r *report) writeSources(out io.Writer) {
	if len(r.Sources) == 0 {
		return
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nsource\tnewest minute (UTC)\treceived\tto the log\trejected\t")
	for _, o := range r.Sources {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", o.Source, o.Newest.UTC().Format("2006-01-02 15:04"), count(o.Received), count(o.Emitted), count(o.Rejected))
	}
	_ = w.Flush()
}

func (r *report) writeGaps(out io.Writer) error {
	if len(r.Gaps) == 0 {
		_, err := fmt.Fprintln(out, "\nNo gaps are declared.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\ngap in\tfrom (UTC)\tto\twhy\tevents\t")
	for _, g := range r.Gaps {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", g.Source, g.From.UTC().Format(time.DateTime), g.To.UTC().Format(time.DateTime), strings.ReplaceAll(g.Reason, "_", " "), count(g.Expected))
	}
	return w.Flush()
}
