package assess

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/match"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// keysPerInsert bounds the text of one statement.
const keysPerInsert = 4_000

// Rematch matches stored posts with the study's queries of today, those that
// were matched with other ones before. A row is written again with what it now
// matches under the version that it has: of two rows of one key and version the
// later one counts.
type Rematch struct {
	db  driver.Conn
	set *match.Set
}

// NewRematch matches with a set that has queries.
func NewRematch(db driver.Conn, set *match.Set) *Rematch { return &Rematch{db: db, set: set} }

// Name is the method's job in progress.
func (*Rematch) Name() string { return store.JobMatched }

// Compute matches the posts of the hours.
func (r *Rematch) Compute(ctx context.Context, hours []Hour, _ uint64) error {
	slices.Sort(hours)
	hours = slices.Compact(hours)
	for len(hours) > 0 {
		n := min(len(hours), maxHours)
		for n > 1 && hours[n-1]-hours[0] > maxSpan {
			n /= 2
		}
		if err := r.match(ctx, hours[:n]); err != nil {
			return err
		}
		hours = hours[n:]
	}
	return nil
}

// match writes what matches differently than before, and then marks the rest.
func (r *Rematch) match(ctx context.Context, hours []Hour) error {
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	where := created(hours) + " AND NOT deleted AND p.query_set != " + store.Quote(r.set.Version())
	found, err := r.db.Query(ctx, "SELECT platform, toString(id_day), post_id, account_id, title, text, hashtags, `links.domain`, lang, toUnixTimestamp64Milli(created_at), queries FROM "+
		rowsOfPosts+" AS p FINAL WHERE "+where)
	if err != nil {
		return fmt.Errorf("match %d hours: %w", len(hours), err)
	}
	defer found.Close()                      //nolint:errcheck // Err tells.
	all, changed := 0, map[string][]string{} // Keys, by what they match now, as literals.
	m := r.set.Matcher()
	for ; found.Next(); all++ {
		key, names, differs, err := compare(found, m, known)
		if err != nil {
			return fmt.Errorf("match %d hours: %w", len(hours), err)
		}
		if !differs {
			continue
		}
		if changed[names] = append(changed[names], key); len(changed[names]) >= keysPerInsert {
			if err := r.rewrite(ctx, where, names, changed[names]); err != nil {
				return err
			}
			delete(changed, names)
		}
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("match %d hours: %w", len(hours), err)
	}
	for _, names := range slices.Sorted(maps.Keys(changed)) {
		if err := r.rewrite(ctx, where, names, changed[names]); err != nil {
			return err
		}
	}
	if all == 0 {
		return nil
	}
	return r.rewrite(ctx, where, "queries", nil)
}

// compare matches the post of a row, and says whether it matches other queries
// than before. Names that no query ever had are rules that the platform applied.
func compare(row driver.Rows, m *match.Matcher, known map[string]bool) (key, names string, differs bool, err error) {
	var platform, day string
	var post, account uuid.UUID
	var t match.Text
	var before []string
	if err := row.Scan(&platform, &day, &post, &account, &t.Title, &t.Text, &t.Hashtags, &t.Domains, &t.Lang, &t.CreatedMS, &before); err != nil {
		return "", "", false, err
	}
	rules := make([]string, 0, len(before)+4)
	for _, name := range before {
		if !known[name] {
			rules = append(rules, name)
		}
	}
	after := m.Match(rules, t)
	if slices.Equal(before, after) {
		return "", "", false, nil
	}
	return fmt.Sprintf("(%s,'%s','%s','%s')", store.Quote(platform), day, post, account), literal(after), true, nil
}

const rowsOfPosts = schema.StoreDatabase + "." + schema.TablePosts

// names are those of all queries that the study ever had.
func (r *Rematch) names(ctx context.Context) (map[string]bool, error) {
	known := map[string]bool{}
	for _, q := range r.set.Queries() {
		known[q.Name] = true
	}
	found, err := r.db.Query(ctx, "SELECT DISTINCT toString(query) FROM "+schema.StoreDatabase+"."+schema.TableQueries)
	if err != nil {
		return nil, fmt.Errorf("read the names of queries: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			return nil, fmt.Errorf("read the names of queries: %w", err)
		}
		known[name] = true
	}
	return known, found.Err()
}

// rewrite writes posts again with what they match, those of the keys or all.
func (r *Rematch) rewrite(ctx context.Context, where, queries string, keys []string) error {
	if len(keys) > 0 {
		where += " AND (platform, id_day, post_id, account_id) IN (" + strings.Join(keys, ",") + ")"
	}
	query := fmt.Sprintf("INSERT INTO %[1]s SELECT * REPLACE (%[2]s AS queries, toLowCardinality(%[3]s) AS query_set) FROM %[1]s AS p FINAL WHERE %[4]s SETTINGS max_query_size = 4194304, async_insert = 0",
		rowsOfPosts, queries, store.Quote(r.set.Version()), where)
	if err := r.db.Exec(ctx, query); err != nil {
		return fmt.Errorf("write posts with what they match: %w", err)
	}
	return nil
}

// literal is a list of names as a value of the column queries.
func literal(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = store.Quote(name)
	}
	return "CAST([" + strings.Join(quoted, ", ") + "] AS Array(LowCardinality(String)))"
}
