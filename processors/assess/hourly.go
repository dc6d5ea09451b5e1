package assess

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// Bounds of one computation, so that its memory does not grow with the archive
// that was read in.
const (
	maxHours   = 10_000
	maxPosts   = 2_000_000
	maxSpan    = 400 * 24 * 3600 // Seconds.
	secondsPer = 3600
)

// Hourly counts posts, accounts and links per hour: what panels read.
type Hourly struct{ db driver.Conn }

// NewHourly counts in the store behind db.
func NewHourly(db driver.Conn) *Hourly { return &Hourly{db: db} }

// Name is the method's job in progress.
func (*Hourly) Name() string { return store.JobHourly }

// Compute counts the hours again. The combinations that an hour had before and
// has no longer become rows of nothing, which the view leaves out.
func (h *Hourly) Compute(ctx context.Context, hours []Hour, version uint64) error {
	slices.Sort(hours)
	hours = slices.Compact(hours)
	for len(hours) > 0 {
		n, err := fit(ctx, h.db, hours)
		if err != nil {
			return err
		}
		if err := h.count(ctx, hours[:n], version); err != nil {
			return err
		}
		hours = hours[n:]
	}
	return nil
}

// fit is how many of the hours one computation takes.
func fit(ctx context.Context, db driver.Conn, hours []Hour) (int, error) {
	n := min(len(hours), maxHours)
	for n > 1 && hours[n-1]-hours[0] > maxSpan {
		n /= 2
	}
	if n == 1 {
		return 1, nil
	}
	found, err := db.Query(ctx, "SELECT toUInt32(toStartOfHour(created_at)) AS h, count() FROM "+schema.StoreDatabase+"."+schema.TablePosts+
		" WHERE "+created(hours[:n])+" GROUP BY h")
	if err != nil {
		return 0, fmt.Errorf("count the rows of %d hours: %w", n, err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	rows := make(map[Hour]uint64, n)
	for found.Next() {
		var hour uint32
		var count uint64
		if err := found.Scan(&hour, &count); err != nil {
			return 0, fmt.Errorf("count the rows of %d hours: %w", n, err)
		}
		rows[Hour(hour)] = count
	}
	if err := found.Err(); err != nil {
		return 0, fmt.Errorf("count the rows of %d hours: %w", n, err)
	}
	var sum uint64
	for i, hour := range hours[:n] {
		if sum += rows[hour]; sum > maxPosts && i > 0 {
			return i, nil
		}
	}
	return n, nil
}

const (
	ratedDomains = "(SELECT domain FROM " + schema.StoreDatabase + "." + schema.TableCombined + ")"
	noAccount    = "toUUID('00000000-0000-0000-0000-000000000000')"
	// linksToRated is the condition that a page may be of a source that is or was
	// rated, and mayBeRated that a URL may lead to such a page.
	linksToRated = "(account != " + noAccount + " OR domain IN " + ratedDomains + ")"
	mayBeRated   = "(url_unresolved OR url_account != " + noAccount + " OR url_domain IN " + ratedDomains + ")"
)

// count is one statement, so that readers see an hour change once. The parts of
// the union are the counts, those of the posts that link to rated sources, as Links
// keeps them, and the zeros; where two have a combination, the sum is the count.
func (h *Hourly) count(ctx context.Context, hours []Hour, version uint64) error {
	query := fmt.Sprintf(`INSERT INTO %[1]s.%[2]s (hour, platform, lang, query, source_class, kind, posts, accounts, links, unresolved, version)
SELECT hour, platform, lang, query, source_class, kind, sum(p), sum(a), sum(l), sum(u), %[3]d
FROM (
    SELECT %[8]s AS hour, platform, lang, toLowCardinality(q) AS query, toLowCardinality('') AS source_class, kind,
        count() AS p, uniqExact(account_id) AS a, sum(length(`+"`links.url`"+`)) AS l,
        sum(arrayCount((x, given, other) -> x AND if(other = '', given, other) NOT IN (SELECT url FROM %[1]s.%[12]s FINAL WHERE status = '`+schema.ExpansionResolved+`'),
            `+"`links.unresolved`, `links.url`, `links.canonical`"+`)) AS u
    FROM %[1]s.%[4]s FINAL
    ARRAY JOIN %[9]s AS q
    WHERE %[5]s AND %[6]s
    GROUP BY hour, platform, lang, query, source_class, kind
    UNION ALL
    SELECT hour, platform, lang, toLowCardinality(q) AS query, source_class, kind, count() AS p, uniqExact(account_id) AS a, sum(n) AS l, 0 AS u
    FROM (
        SELECT hour, platform, lang, kind, post_id, account_id, queries, source_class, count() AS n
        FROM %[1]s.%[10]s
        WHERE toUInt32(hour) IN (%[7]s) AND source_class != '' AND %[11]s
        GROUP BY hour, platform, lang, kind, post_id, account_id, queries, source_class
    )
    ARRAY JOIN %[9]s AS q
    GROUP BY hour, platform, lang, query, source_class, kind
    UNION ALL
    SELECT hour, platform, lang, query, source_class, kind, 0, 0, 0, 0
    FROM %[1]s.%[2]s
    WHERE toUInt32(hour) IN (%[7]s)
    GROUP BY hour, platform, lang, query, source_class, kind
)
GROUP BY hour, platform, lang, query, source_class, kind
SETTINGS use_skip_indexes_if_final = 1, use_skip_indexes_if_final_exact_mode = 1, do_not_merge_across_partitions_select_final = 1,
    max_query_size = 4194304, max_bytes_before_external_group_by = 1000000000, async_insert = 0`,
		schema.StoreDatabase, schema.TableHourly, version, schema.TablePosts, created(hours), schema.VisiblePost, list(hours),
		"toDateTime(toStartOfHour(created_at), 'UTC')", "arrayPushFront(arrayDistinct(arrayFilter(x -> x != '', arrayMap(x -> toString(x), queries))), '')",
		schema.TableLinks, schema.LinksCount(), schema.TableExpansions)
	if err := h.db.Exec(ctx, query); err != nil {
		return fmt.Errorf("count %d hours: %w", len(hours), err)
	}
	return nil
}

// created is the condition that a post stands in one of the sorted hours; the
// range is what the index on created_at understands.
func created(hours []Hour) string {
	first, last := hours[0], hours[len(hours)-1]
	bounds := fmt.Sprintf("created_at >= fromUnixTimestamp64Milli(%d) AND created_at < fromUnixTimestamp64Milli(%d)", int64(first)*1000, (int64(last)+secondsPer)*1000)
	if int(last-first)/secondsPer+1 == len(hours) {
		return bounds
	}
	return bounds + " AND toUInt32(toStartOfHour(created_at)) IN (" + list(hours) + ")"
}

func list(hours []Hour) string {
	var b strings.Builder
	for i, hour := range hours {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(hour), 10))
	}
	return b.String()
}
