package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/dashboards"
	"github.com/election-observatory/observatory/test/owner"
)

// sizes tells what the tables take.
func sizes(ctx context.Context, db driver.Conn) error {
	var posts uint64
	if err := db.QueryRow(ctx, "SELECT count() FROM observatory.posts").Scan(&posts); err != nil {
		return err
	}
	rows, err := db.Query(ctx, "SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts WHERE active AND database = 'observatory_store' GROUP BY table HAVING sum(bytes_on_disk) > 1000000 ORDER BY sum(bytes_on_disk) DESC")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells.
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d posts\n\ntable\trows\tMB\tparts\tbytes per post\t\n", posts)
	for rows.Next() {
		var table string
		var n, bytes, parts uint64
		if err := rows.Scan(&table, &n, &bytes, &parts); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%d\t%.1f\t\n", table, n, float64(bytes)/1e6, parts, float64(bytes)/float64(posts))
	}
	return errors.Join(rows.Err(), w.Flush())
}

// question is a query that is measured.
type question struct {
	name, sql, user string
	took            []time.Duration
	failed          error
}

var recipe = regexp.MustCompile("(?s)### ([^\n]*)\n(?:[^#].*?)?```sql\n(.*?)```")

func ask(ctx context.Context, o *owner.Owner, c *config) error {
	text, err := os.ReadFile(filepath.Join(o.Data, "keys", "password-dashboard"))
	if err != nil {
		return err
	}
	a := &asker{ctx: ctx, address: o.Ends.Clickhouse, password: strings.TrimSpace(string(text))}
	panels, err := a.panels()
	if err != nil {
		return err
	}
	page, err := os.ReadFile(c.cookbook)
	if err != nil {
		return err
	}
	var recipes []*question
	for _, parts := range recipe.FindAllStringSubmatch(string(page), -1) {
		recipes = append(recipes, &question{name: parts[1], sql: parts[2]})
	}
	if len(recipes) != strings.Count(string(page), "```sql") {
		return fmt.Errorf("%d of %d queries of %s were read", len(recipes), strings.Count(string(page), "```sql"), c.cookbook)
	}
	for _, set := range []struct {
		name string
		list []*question
	}{{"panels", panels}, {"cookbook", recipes}} {
		for range c.rounds {
			for _, q := range set.list {
				started := time.Now()
				if _, err := a.send(q.user, q.sql); err != nil {
					q.failed = err
				}
				q.took = append(q.took, time.Since(started))
			}
		}
		if err := report(set.name, set.list, c); err != nil {
			return err
		}
	}
	return nil
}

type asker struct {
	ctx               context.Context
	address, password string
}

// panels are the queries of all panels over the last week.
func (a *asker) panels() ([]*question, error) {
	var list []*question
	from := time.Date(2024, 6, 3, 0, 0, 0, 0, time.UTC)
	for _, d := range dashboards.All() {
		r := dashboards.Range{From: from, To: from.Add(7 * 24 * time.Hour)}
		for _, v := range d.Templating.List {
			if v.Type != "query" {
				continue
			}
			list = append(list, &question{name: d.Title + ", variable " + v.Name, sql: r.Expand(v.Query), user: "dashboard"})
			rows, err := a.send("dashboard", r.Expand(v.Query))
			if err != nil {
				return nil, err
			}
			r.Choose(v, strings.Split(strings.TrimSuffix(rows, "\n"), "\n"))
		}
		for _, panel := range d.Panels {
			for _, target := range panel.Targets {
				list = append(list, &question{name: d.Title + ", " + panel.Title + " " + target.RefID, sql: r.Expand(target.RawSQL), user: "dashboard"})
			}
		}
	}
	return list, nil
}

func (a *asker) send(user, sql string) (string, error) {
	request, err := http.NewRequestWithContext(a.ctx, http.MethodPost, a.address+"/?default_format=TSV", strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	if user != "" {
		request.Header.Set("X-ClickHouse-User", user)
		request.Header.Set("X-ClickHouse-Key", a.password)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	said, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(said)))
	}
	return string(said), err
}

// report tells the quantiles over all answers, and which queries are slow.
func report(name string, list []*question, c *config) error {
	var all []time.Duration
	for _, q := range list {
		slices.Sort(q.took)
		all = append(all, q.took...)
	}
	slices.Sort(all)
	quantile := func(p float64) time.Duration { return all[min(int(p*float64(len(all))), len(all)-1)] }
	fmt.Printf("\n%s: %d queries, %d times each: p50 %.2f s, p95 %.2f s, longest %.2f s\n", name, len(list), c.rounds, quantile(0.5).Seconds(), quantile(0.95).Seconds(), all[len(all)-1].Seconds())
	slices.SortStableFunc(list, func(a, b *question) int {
		return cmp.Compare(b.took[len(b.took)/2], a.took[len(a.took)/2])
	})
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "median\tlongest\tquery")
	for _, q := range list {
		median := q.took[len(q.took)/2]
		if q.failed != nil || median.Seconds() >= c.onlySlowerThanSeconds {
			fmt.Fprintf(w, "%.2f\t%.2f\t%s", median.Seconds(), q.took[len(q.took)-1].Seconds(), q.name)
			if q.failed != nil {
				fmt.Fprintf(w, ": %.200s", q.failed)
			}
			fmt.Fprintln(w)
		}
	}
	return w.Flush()
}
