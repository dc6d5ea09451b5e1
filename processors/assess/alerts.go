package assess

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/schema"
)

// leastPart is the part of a burst's posts that flagged or new accounts must have,
// at the lower end of its interval, for somebody to be asked to look.
const leastPart = 0.2

// alertOfBursts raises alerts of the bursts of days, and withdraws those whose
// burst is gone. That many write about something is no alert by itself.
func alertOfBursts(ctx context.Context, db driver.Conn, days []Hour, r run) error {
	first, last := days[0], days[len(days)-1]+secondsPerDay
	found := fmt.Sprintf(`SELECT 'burst' AS method, concat(topic_kind, ' ', topic) AS subject, from, toNullable(to) AS to, expected, toFloat64(posts) AS observed,
    if(flagged_low >= %[1]g, 'flagged accounts', 'new accounts') AS reason,
    concat(toString(posts), ' posts by ', toString(accounts), ' accounts where the history expects ', toString(round(expected, 1)), '; ', toString(round(100 * flagged_share)), ' %% of them by flagged accounts (at least ',
        toString(round(100 * flagged_low)), ' %%), ', ifNull(concat(toString(round(100 * new_share)), ' %% by accounts younger than 30 days'), 'no age of an account known'), '; observatory evidence ', burst_id) AS evidence
FROM %[2]s.bursts WHERE day >= toDate(toDateTime(%[3]d, 'UTC')) AND day < toDate(toDateTime(%[4]d, 'UTC')) AND (flagged_low >= %[1]g OR new_low >= %[1]g)`, leastPart, schema.Database, first, last)
	return raise(ctx, db, "burst", found, between("from", first, last), r)
}

// alertOfNetworks raises an alert of each network, which lasts as long as the
// network is found. There are few, so that all are looked at.
func alertOfNetworks(ctx context.Context, db driver.Conn, r run) error {
	found := fmt.Sprintf(`SELECT 'network' AS method, network_id AS subject, toDateTime64(min(day), 3, 'UTC') AS from, toNullable(toDateTime64(max(day) + 1, 3, 'UTC')) AS to, argMax(expected_pairs, day) AS expected, toFloat64(argMax(pairs, day)) AS observed,
    toString(any(object_kind)) AS reason,
    concat(toString(argMax(accounts, day)), ' accounts shared ', toString(argMax(objects, day)), ' of the same (', reason, ') within a minute of each other; observatory evidence ', network_id) AS evidence
FROM %s.networks GROUP BY network_id`, schema.Database)
	return raise(ctx, db, "network", found, "true", r)
}

// alertOfLookalikes raises an alert of each host that looks like a protected name, from
// the first post that links to it to the last. There are few, so that all are looked at.
func alertOfLookalikes(ctx context.Context, db driver.Conn, r run) error {
	found := fmt.Sprintf(`SELECT 'lookalike' AS method, host AS subject, first_seen AS from, toNullable(last_seen) AS to, 0. AS expected, toFloat64(posts) AS observed, toString(target) AS reason,
    concat('It looks like ', reason, ': ', evidence, '. ', toString(posts), ' posts by ', toString(accounts), ' accounts link to it. That is a candidate; it says nothing of who is behind it.') AS evidence
FROM %s.lookalikes`, schema.Database)
	return raise(ctx, db, "lookalike", found, "true", r)
}

// raise writes the alerts that a statement finds, and withdraws others of the
// method for which a condition holds.
func raise(ctx context.Context, db driver.Conn, method, found, others string, r run) error {
	const columns = "method, subject, from, to, expected, observed, reason, evidence, method_version, raised, version"
	err := db.Exec(ctx, fmt.Sprintf(`INSERT INTO %[1]s.%[2]s (%[3]s)
SELECT method, subject, from, to, expected, observed, reason, evidence, '%[4]s', true, %[5]d FROM (%[6]s)
UNION ALL
SELECT method, subject, from, to, expected, observed, toString(reason), evidence, toString(method_version), false, %[5]d - 1 FROM %[1]s.%[2]s FINAL WHERE method = '%[7]s' AND raised AND %[8]s
SETTINGS async_insert = 0`, schema.StoreDatabase, schema.TableAlerts, columns, r.methodVersion, r.id, found, method, others))
	if err != nil {
		return fmt.Errorf("raise alerts of %s: %w", method, err)
	}
	return nil
}
