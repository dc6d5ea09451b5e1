package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/collectors/rss"
)

func (c *cli) feedsCommand() *cobra.Command {
	strict := false
	cmd := &cobra.Command{
		Use:   "feeds FILE.opml…",
		Short: "Turns lists of feeds (OPML) into the feeds of a study",
		Long: `Reads lists of feeds as feed readers and directories write them, and writes them as the key feeds of a study to standard
output. Lists that are not well-formed are read as far as they can be; what was skipped is told on standard error, line by line.`,
		Example: `  observatory feeds europe.opml > feeds.yaml
  observatory feeds --strict *.opml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error { return c.runFeeds(files, strict) },
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "end with exit code 3 where anything was skipped")
	return cmd
}

func (c *cli) runFeeds(files []string, strict bool) error {
	var all []rss.FeedConfig
	seen := map[string]bool{}
	skipped := 0
	for _, name := range files {
		found, skips, err := readOPML(name)
		if err != nil {
			return usage(err)
		}
		for _, skip := range skips {
			skipped++
			fmt.Fprintf(c.errs, "%s: skipped: %s\n", name, skip)
		}
		for _, feed := range found {
			if seen[feed.URL] {
				skipped++
				fmt.Fprintf(c.errs, "%s: skipped: %s is in an earlier list\n", name, feed.URL)
				continue
			}
			seen[feed.URL] = true
			all = append(all, feed)
		}
	}
	text, err := yaml.Marshal(struct {
		Feeds []rss.FeedConfig `yaml:"feeds"`
	}{all})
	if err != nil {
		return fmt.Errorf("write feeds: %w", err)
	}
	if _, err := c.out.Write(text); err != nil {
		return err
	}
	fmt.Fprintf(c.errs, "%s feeds, %s skipped\n", count(uint64(len(all))), count(uint64(skipped)))
	if strict && skipped > 0 {
		return &exitError{exitRejects, fmt.Errorf("%s skipped", count(uint64(skipped)))}
	}
	return nil
}

func readOPML(name string) (found []rss.FeedConfig, skipped []rss.Skip, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("the list cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	found, skipped = rss.ReadOPML(bufio.NewReader(f))
	return found, skipped, nil
}
