// Command evaluate measures what methods find, against what was made to be found
// and against what was not, and writes docs/evaluation.md.
package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/sources/lookalike"
)

func main() {
	out := flag.String("out", filepath.Join("docs", "evaluation.md"), "the page to write")
	data := flag.String("data", os.Getenv("OBSERVATORY_TESTDATA"), "where feeds/ and sources/ with real hosts are (default ../shared/data)")
	only := flag.String("only", "", "one part alone: lookalikes, networks, selfjoin, copies, automation or bursts; the page is then not written")
	flag.Parse()
	if *data == "" {
		*data = filepath.Join("..", "shared", "data")
	}
	if err := run(*out, *data, *only); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate: "+err.Error())
		os.Exit(1)
	}
}

// parts are those of the page, in order.
func parts() []*part {
	return []*part{
		{name: "lookalikes", write: lookalikes},
		{name: "networks", write: networks},
		{name: "selfjoin", write: selfJoin},
		{name: "copies", write: copies},
		{name: "automation", write: automated},
		{name: "bursts", write: flooding},
		{name: "unseen", write: unseen},
	}
}

// soonest puts the part first that measures the memory of other programs: Linux
// counts to a program's what the one that started it had by then.
func soonest(all []*part) []*part {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *part) int {
		return strings.Compare(strconv.FormatBool(a.name != "selfjoin"), strconv.FormatBool(b.name != "selfjoin"))
	})
	return all
}

const aboutUnseen = `
## What these methods do not see

- **Networks**: accounts that wait longer than the window, that share what nobody else of theirs shares, or that act together once or twice; a network that is small beside
  what is popular in its hours. Two accounts of one person look like two who agree.
- **Copies**: another wording of the same claim, a translation, a text in a picture; texts below 30 characters or five words; a copy with two words in ten changed is found half of
  the time, with every other word changed never. A copy of last week's text is a copy only of those of its own day.
- **The automation index**: a program that posts as people do, or that posts by day on the hour and is quiet at night; programs that write texts of their own. Accounts with fewer than 36 posts or three days: most of all
  accounts. It does not tell a newsroom's desk from a program where the desk does not say so.
- **Bursts**: what grows slowly, below 20 posts by ten accounts in five minutes; the first day of a study; topics without a hashtag, link, repost or query. An hour with 200 posts on a topic is found half of the time.
- **All of them**: what was not collected; what a platform shows to few; private groups; who is behind an account, and whether they know of each other. Streams and accounts above are invented, but for those that
  are named, and none is of a platform of today: how often the methods are wrong on one of these is for people to check who look at the evidence.
`

func unseen(page io.Writer, _ string) error {
	_, err := io.WriteString(page, aboutUnseen)
	return err
}

type part struct {
	name  string
	write func(page io.Writer, data string) error
	text  bytes.Buffer
}

func run(out, data, only string) error {
	var page bytes.Buffer
	fmt.Fprint(&page, "# Evaluation\n\nWritten by `make evaluate`; what a method finds of what was made to be found, and of what was not.\n")
	all := parts()
	for _, p := range soonest(all) {
		if only != "" && only != p.name {
			continue
		}
		started := time.Now()
		if err := p.write(&p.text, data); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", p.name, time.Since(started).Round(time.Second))
	}
	for _, p := range all {
		page.Write(p.text.Bytes())
	}
	if only == "" {
		if err := os.WriteFile(out, page.Bytes(), 0o600); err != nil {
			return err
		}
	}
	_, err := os.Stdout.Write(page.Bytes())
	return err
}

const aboutLookalikes = `
## Look-alike domains

The rules are described in ` + "`processors/sources/lookalike`" + `. The protected names are %d outlets, parties and election bodies of the European Union
(` + "`testdata/protected.txt`" + ` there); of each, look-alikes are made in the families below. A finding counts with whichever rule; the column
says how many name the right target. Not found are, on purpose, slips in labels of fewer than five characters (bbc, zeit, dr) and all but swapped and doubled
letters in those of five; names that are words (europa, novinky) with other words; the same name under another country's ending.

`

func lookalikes(page io.Writer, data string) error {
	text, err := os.ReadFile(filepath.Join("processors", "sources", "lookalike", "testdata", "protected.txt"))
	if err != nil {
		return fmt.Errorf("run it in the project's folder: %w", err)
	}
	names := strings.Fields(string(text))
	fmt.Fprintf(page, aboutLookalikes, len(names))
	sets := lookalike.Ordinary()
	real, clones, err := realHosts(data)
	switch {
	case errors.Is(err, os.ErrNotExist):
		fmt.Fprintf(page, "Without real hosts: set OBSERVATORY_TESTDATA.\n\n")
	case err != nil:
		return err
	default:
		sets = append(sets, real...)
	}
	if err := lookalike.Evaluate(page, names, sets); err != nil || clones == nil {
		return err
	}
	return documented(page, names, clones)
}

// realHosts are hosts of news feeds and of lists, and the documented clones of DIMA.
func realHosts(data string) (sets []lookalike.Set, clones []string, err error) {
	hosts, err := feedHosts(filepath.Join(data, "feeds", "news_feeds_by_country.json"))
	if err != nil {
		return nil, nil, err
	}
	rows, err := table(filepath.Join(data, "sources", "cred1_current.csv"))
	if err != nil {
		return nil, nil, err
	}
	var listed []string
	for _, row := range rows {
		listed = append(listed, row[0])
	}
	if rows, err = table(filepath.Join(data, "sources", "dima_domains.csv")); err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		if strings.Contains(strings.ToLower(row[5]), "typosquatting") {
			clones = append(clones, row[0])
		}
	}
	return []lookalike.Set{{Name: "news feeds of 145 countries", Hosts: hosts}, {Name: "domains of CRED-1, among which there may be clones", Hosts: listed}}, clones, nil
}

func feedHosts(path string) ([]string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // Whoever runs it names the folder.
	if err != nil {
		return nil, err
	}
	var feeds map[string][]struct {
		Site string `json:"publication_website_uri"`
		Feed string `json:"publication_rss_feed_uri"`
	}
	if err := json.Unmarshal(text, &feeds); err != nil {
		return nil, err
	}
	var hosts []string
	for _, country := range feeds {
		for _, feed := range country {
			for _, address := range []string{feed.Site, feed.Feed} {
				if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
					hosts = append(hosts, u.Hostname())
				}
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), nil
}

func table(path string) ([][]string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // Whoever runs it names the folder.
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[1:], nil
}

// documented says what is found of domains that others have documented as clones.
// What they imitate is in part not among the protected names.
func documented(page io.Writer, names, clones []string) error {
	x, err := lookalike.New(append(slices.Clone(names), "welt.de", "nd-aktuell.de", "walla.co.il", "foxnews.com", "washingtonpost.com", "rbc.ua", "obozrevatel.com", "unian.ua", "tagesspiegel.de", "dailymail.co.uk"))
	if err != nil {
		return err
	}
	rules, missed := map[string]int{}, []string{}
	for _, clone := range clones {
		if found, ok := x.Check(clone); ok {
			rules[found.Rule]++
		} else {
			missed = append(missed, clone)
		}
	}
	fmt.Fprintf(page, "\nOf the %d domains that DIMA lists as typing squatters (Doppelganger, RRN), %d are found, with ten more names protected: R1 %d, R2 %d, R3 %d, R4 %d, R5 %d. Not found:\n%s.\n",
		len(clones), len(clones)-len(missed), rules["R1"], rules["R2"], rules["R3"], rules["R4"], rules["R5"], strings.Join(missed, ", "))
	return nil
}
