package assess

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// Searches raises an alert of every hour in which a query of the study has as many
// posts as somebody wants to know of.
type Searches struct {
	db    driver.Conn
	least map[string]uint64
}

const (
	methodSearch    = "search"
	searchesVersion = "1"
)

// NewSearches looks for hours in which a query has so many posts or more.
func NewSearches(db driver.Conn, least map[string]uint64) *Searches { return &Searches{db, least} }

// Name is the method's job in progress.
func (*Searches) Name() string { return methodSearch }

// Compute looks at the hours again, after they were counted. Alerts of hours that no
// longer have as many are withdrawn.
func (s *Searches) Compute(ctx context.Context, hours []Hour, version uint64) error {
	slices.Sort(hours)
	names, thresholds := make([]string, 0, len(s.least)), make([]string, 0, len(s.least))
	for _, name := range slices.Sorted(maps.Keys(s.least)) {
		names, thresholds = append(names, store.Quote(name)), append(thresholds, strconv.FormatUint(s.least[name], 10))
	}
	for chunk := range slices.Chunk(hours, maxHours) {
		found := fmt.Sprintf(`SELECT 'search' AS method, toString(query) AS subject, toDateTime64(hour, 3, 'UTC') AS from, toNullable(toDateTime64(hour + 3600, 3, 'UTC')) AS to, toFloat64(transform(subject, [%[1]s], [%[2]s], 0)) AS expected, toFloat64(sum(posts)) AS observed,
    'posts in an hour' AS reason,
    concat(toString(sum(posts)), ' posts in an hour match the query ', subject, ', of which ', toString(toUInt64(expected)), ' and more are to be told') AS evidence
FROM %[3]s.hourly WHERE source_class = '' AND query IN (%[1]s) AND toUInt32(hour) IN (%[4]s) GROUP BY query, hour HAVING observed >= expected`, strings.Join(names, ", "), strings.Join(thresholds, ", "), schema.Database, list(chunk))
		if err := raise(ctx, s.db, methodSearch, found, "toUInt32(toUnixTimestamp(from)) IN ("+list(chunk)+")", newRun(methodSearch, searchesVersion, version)); err != nil {
			return err
		}
	}
	return nil
}
