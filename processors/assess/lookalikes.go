package assess

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// Resemblance is why a host looks like a protected name.
type Resemblance struct{ Rule, Target, Evidence string }

// Lookalikes finds, among the hosts that posts link to, those whose names look
// like protected ones. A candidate carries its rule, its target and its evidence,
// and no word on who is behind it.
type Lookalikes struct {
	db      driver.Conn
	version string
	check   func(host string) (Resemblance, bool)
}

// NewLookalikes looks at hosts with check; version says which rules and names it
// checks with.
func NewLookalikes(db driver.Conn, version string, check func(host string) (Resemblance, bool)) *Lookalikes {
	return &Lookalikes{db: db, version: version, check: check}
}

// Name is the method's job in progress. With other names or rules it is another
// job, which has all hours before it.
func (l *Lookalikes) Name() string { return store.JobLookalikes + "/" + l.version }

// Compute looks at the hosts that posts of the hours link to, and counts again
// the links to those that were found before.
func (l *Lookalikes) Compute(ctx context.Context, hours []Hour, version uint64) error {
	slices.Sort(hours)
	hours = slices.Compact(hours)
	found := map[string]Resemblance{}
	for len(hours) > 0 {
		n := min(len(hours), maxHours)
		for n > 1 && hours[n-1]-hours[0] > maxSpan {
			n /= 2
		}
		if err := l.look(ctx, hours[:n], found); err != nil {
			return err
		}
		hours = hours[n:]
	}
	before, err := l.before(ctx)
	if err != nil {
		return err
	}
	for host := range before {
		if like, ok := l.check(host); ok {
			found[host] = like
		} else if _, known := found[host]; !known {
			found[host] = Resemblance{} // Rules or names have changed.
		}
	}
	if err := l.write(ctx, found); err != nil || len(found) == 0 {
		return err
	}
	return alertOfLookalikes(ctx, l.db, newRun("lookalike", l.version, version))
}

// pages are the hosts of what visible posts link to.
func pages(where string) string {
	return "(SELECT lower(domain(page)) AS host, * FROM (" + schema.LinkRows(where) + ") WHERE startsWith(page, 'http'))"
}

// look adds the hosts of the hours that look like protected names.
func (l *Lookalikes) look(ctx context.Context, hours []Hour, found map[string]Resemblance) error {
	rows, err := l.db.Query(ctx, "SELECT DISTINCT host FROM "+pages(created(hours)+" AND "+schema.VisiblePost))
	if err != nil {
		return fmt.Errorf("look at the hosts of %d hours: %w", len(hours), err)
	}
	defer rows.Close() //nolint:errcheck // Err tells.
	for rows.Next() {
		var host string
		if err := rows.Scan(&host); err != nil {
			return fmt.Errorf("look at the hosts of %d hours: %w", len(hours), err)
		}
		if like, ok := l.check(host); ok {
			found[host] = like
		}
	}
	return rows.Err()
}

// before are the hosts that were found until now.
func (l *Lookalikes) before(ctx context.Context) (map[string]bool, error) {
	rows, err := l.db.Query(ctx, "SELECT host FROM "+schema.StoreDatabase+"."+schema.TableLookalikes+" FINAL WHERE found")
	if err != nil {
		return nil, fmt.Errorf("read the look-alikes: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells.
	hosts := map[string]bool{}
	for rows.Next() {
		var host string
		if err := rows.Scan(&host); err != nil {
			return nil, fmt.Errorf("read the look-alikes: %w", err)
		}
		hosts[host] = true
	}
	return hosts, rows.Err()
}

// hostsPerInsert bounds the text of one statement.
const hostsPerInsert = 500

// write counts the links to the hosts, in all of the store, and writes the rows.
func (l *Lookalikes) write(ctx context.Context, found map[string]Resemblance) error {
	hosts := make([]string, 0, len(found))
	for host := range found {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	now := time.Now().UnixMilli()
	for part := range slices.Chunk(hosts, hostsPerInsert) {
		var rows, names []string
		for _, host := range part {
			like := found[host]
			rows = append(rows, fmt.Sprintf("(%s, %s, %s, %s)", store.Quote(host), store.Quote(like.Rule), store.Quote(like.Target), store.Quote(like.Evidence)))
			names = append(names, store.Quote(host))
		}
		query := fmt.Sprintf(`INSERT INTO %[1]s.%[2]s (host, domain, rule, target, evidence, first_seen, last_seen, posts, accounts, method_version, found, computed_at)
SELECT like.host, any(l.domain), any(like.rule), any(like.target), any(like.evidence), min(created_at), max(created_at), uniqExact(platform, post_id), uniqExact(account_id), %[3]s,
    any(like.rule) != '' AND uniqExactIf((platform, post_id), l.host != '') > 0, fromUnixTimestamp64Milli(%[4]d)
FROM (SELECT * FROM VALUES('host String, rule String, target String, evidence String', %[5]s)) AS like
LEFT JOIN (SELECT host, domain, created_at, platform, post_id, account_id FROM %[6]s WHERE host IN (%[7]s)) AS l ON like.host = l.host
GROUP BY like.host`,
			schema.StoreDatabase, schema.TableLookalikes, store.Quote(l.version), now, strings.Join(rows, ", "), pages(schema.VisiblePost), strings.Join(names, ", "))
		if err := l.db.Exec(ctx, query); err != nil {
			return fmt.Errorf("write the look-alikes: %w", err)
		}
	}
	return nil
}
