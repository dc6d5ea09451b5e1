package assess

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/schema"
)

// Silence raises an alarm where a live source delivered nothing for longer than
// its own history explains.
//
// The history is that of the 28 days before: for each hour of the day the mean
// of what the source delivered in the hours in which it was watched. A spell
// without events is an alarm where that history lets at least seven events be
// expected in it (were they independent, none would come with a probability of
// e^-7, below 0.001), and where it is three times as long as all but one in a hundred
// of the source's spells, since events come in bunches. It counts whatever the
// reason: a platform that is silent, a connection that is down, a collector that
// does not run; the reason is the outage that coverage states last.
type Silence struct{ db driver.Conn }

const (
	silenceVersion  = "1"
	silenceHistory  = 28 * 24 * time.Hour
	leastExpected   = 7.0
	leastSpells     = 20 // Before which a source has no history.
	timesUsual      = 3.0
	stillWatched    = 8 * 24 * time.Hour // A source without a row for longer is no longer collected.
	silenceInterval = 2 * 24 * time.Hour
)

// NewSilence looks into the store behind db.
func NewSilence(db driver.Conn) *Silence { return &Silence{db: db} }

// Check computes the alarms of spells that end in [from, to), those that last at
// to among them. Results replace those of the same source and beginning.
func (s *Silence) Check(ctx context.Context, from, to time.Time) error {
	at := func(t time.Time) string { return fmt.Sprintf("toDateTime(%d, 'UTC')", t.Unix()) }
	query := fmt.Sprintf(`INSERT INTO %[1]s.%[2]s (method, subject, from, to, expected, observed, reason, evidence, method_version, raised, version)
WITH %[4]s AS from_at, %[5]s AS to_at, %[6]s AS history_at,
minutes AS (
    SELECT source, minute, sum(received) AS n, max(connected) AS up
    FROM %[1]s.%[3]s FINAL
    WHERE minute >= history_at AND minute < to_at AND collector NOT LIKE 'import/%%' AND collector NOT IN ('log', 'demo')
    GROUP BY source, minute
),
rates AS (
    SELECT source, sumMap(map(hour, n)) AS events, sumMap(map(hour, hours)) AS watched
    FROM (
        SELECT source, toHour(minute) AS hour, sum(n) AS n, uniqExactIf(toStartOfHour(minute), up) AS hours
        FROM minutes GROUP BY source, hour
    )
    GROUP BY source
),
ends AS (
    SELECT source, arraySort(groupArrayIf(toUnixTimestamp(minute), n > 0)) AS heard, toUnixTimestamp(max(minute)) AS last
    FROM minutes GROUP BY source
),
spells AS (
    SELECT source, heard, last,
        arrayZip(heard, arrayResize(arrayPushBack(arrayPopFront(heard), if(last >= toUnixTimestamp(to_at) - %[7]d, toUnixTimestamp(to_at), 0)), length(heard))) AS pairs,
        arrayFilter(d -> d > 0, arrayPopFront(arrayDifference(heard))) AS usual
    FROM ends WHERE length(heard) > %[8]d
),
alarms AS (
    SELECT source, spell.1 AS since, spell.2 AS until, arrayElement(arraySort(usual), toUInt32(ceil(0.99 * length(usual)))) AS long,
        arraySum(arrayMap(
            t -> events[toHour(toDateTime(t, 'UTC'))] / greatest(watched[toHour(toDateTime(t, 'UTC'))], 1)
                * (least(spell.2, intDiv(t, 3600) * 3600 + 3600) - greatest(spell.1, t)) / 3600,
            arrayConcat([spell.1], arrayFilter(t -> t > spell.1 AND t < spell.2, range(intDiv(spell.1, 3600) * 3600, spell.2, 3600))))) AS expected
    FROM spells ARRAY JOIN pairs AS spell
    INNER JOIN rates USING (source)
    WHERE spell.2 > spell.1 + %[9]g * long AND spell.2 > toUnixTimestamp(from_at) AND spell.2 - spell.1 < %[10]d
),
reasons AS (
    SELECT source, argMax(gap_reason, minute) AS reason
    FROM %[1]s.%[3]s FINAL WHERE minute >= from_at AND minute < to_at AND gap_reason != '' GROUP BY source
)
SELECT 'silence', source, toDateTime64(since, 3, 'UTC'), if(until >= toUnixTimestamp(to_at), NULL, toDateTime64(until, 3, 'UTC')), expected, 0, reasons.reason,
    concat('nothing for ', toString(intDiv(until - since, 60)), ' minutes, in which its history of 28 days expects ', toString(round(expected)),
        ' events; 99 of 100 of its quiet spells last at most ', toString(intDiv(long, 60)), ' minutes'),
    '%[11]s', true, toUnixTimestamp(to_at)
FROM alarms LEFT JOIN reasons USING (source)
WHERE expected >= %[12]g
UNION ALL
SELECT method, subject, from, to, expected, observed, reason, evidence, method_version, false, toUnixTimestamp(to_at) - 1
FROM %[1]s.%[2]s FINAL WHERE method = 'silence' AND raised AND (to IS NULL OR to >= from_at) AND from < to_at
SETTINGS async_insert = 0`,
		schema.StoreDatabase, schema.TableAlerts, schema.TableCoverage, at(from), at(to), at(to.Add(-silenceHistory)),
		int(stillWatched.Seconds()), leastSpells, timesUsual, int(silenceHistory.Seconds()), silenceVersion, leastExpected)
	if err := s.db.Exec(ctx, query); err != nil {
		return fmt.Errorf("look for silent sources: %w", err)
	}
	return nil
}
