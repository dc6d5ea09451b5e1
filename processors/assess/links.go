package assess

import (
	"context"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/schema"
)

// Links keeps the links of each hour with the ratings of their sources at that time,
// so that what asks for weeks of them does not join them again (decision 0018).
type Links struct{ db driver.Conn }

const linksVersion = "1"

// NewLinks keeps links in the store behind db.
func NewLinks(db driver.Conn) *Links { return &Links{db} }

// Name is the method's job in progress.
func (*Links) Name() string { return schema.MethodLinks }

// Compute joins the links of the hours with the ratings again.
func (l *Links) Compute(ctx context.Context, hours []Hour, version uint64) error {
	slices.Sort(hours)
	hours = slices.Compact(hours)
	for len(hours) > 0 {
		n, err := fit(ctx, l.db, hours)
		if err != nil {
			return err
		}
		r := newRun(schema.MethodLinks, linksVersion, version)
		err = l.db.Exec(ctx, fmt.Sprintf(`INSERT INTO %[1]s.%[2]s (hour, platform, domain, source_class, source, account_id, post_id, created_at, lang, kind, queries, unresolved, method_version, run)
SELECT toStartOfHour(toDateTime(created_at, 'UTC')), platform, domain, %[3]s, %[4]s, account_id, post_id, created_at, lang, kind, queries, unresolved, '%[5]s', %[6]d
FROM (SELECT *, if(%[7]s, %[8]s, '') AS key FROM (%[9]s)) AS l
%[10]s %[11]s, async_insert = 0`,
			schema.StoreDatabase, schema.TableLinks, schema.WhileRated("class", "l.created_at", "''"), schema.WhileRated("source", "l.created_at", "''"), r.methodVersion, r.id,
			linksToRated, schema.LinkKey(), schema.LinkRows(created(hours[:n])+" AND "+schema.VisiblePost), schema.JoinRatings("l.key", "l.created_at"), readSettings))
		if err != nil {
			return fmt.Errorf("keep the links of %d hours: %w", n, err)
		}
		if err := r.counts(ctx, l.db, hours[:n]); err != nil {
			return err
		}
		hours = hours[n:]
	}
	return nil
}

// Clean removes links of runs that no longer count.
func (l *Links) Clean(ctx context.Context) error {
	return cleanRuns(ctx, l.db, schema.MethodLinks, schema.TableLinks)
}
