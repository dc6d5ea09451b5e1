package assess

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/coordination"
	"github.com/election-observatory/observatory/schema"
)

// side is a share that is in a pair of a period.
type side struct {
	kind, object, platform string
	post, account          uuid.UUID
	ms                     int64
}

// accountKey names an account of a platform.
func accountKey(platform string, account uuid.UUID) string {
	return platform + " " + account.String()
}

// pairs reads the shares that are in pairs of the period up to a day: of those
// within the window, without loops.
func (n *Networks) pairs(ctx context.Context, day Hour) ([]side, error) {
	found, err := n.db.Query(ctx, fmt.Sprintf(`SELECT DISTINCT object_kind, object_id, toString(s.1), s.2, s.3, toUnixTimestamp64Milli(s.4)
FROM (SELECT object_kind, object_id, arrayJoin([(platform, post_id, account_id, created_at), (platform_newer, post_id_newer, account_id_newer, created_at_newer)]) AS s
    FROM %s.pairs WHERE %s AND time_delta <= %g AND NOT self AND NOT original)`, schema.Database, inDays("created_at", "created_at_newer", day), n.params.Window))
	if err != nil {
		return nil, fmt.Errorf("read the pairs up to %s: %w", day.Time().Format(time.DateOnly), err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var list []side
	for found.Next() {
		var s side
		if err := found.Scan(&s.kind, &s.object, &s.platform, &s.post, &s.account, &s.ms); err != nil {
			return nil, fmt.Errorf("read the pairs up to %s: %w", day.Time().Format(time.DateOnly), err)
		}
		list = append(list, s)
	}
	return list, found.Err()
}

// inDays is the condition that times lie in the period up to a day.
func inDays(first, last string, day Hour) string {
	return fmt.Sprintf("%s >= fromUnixTimestamp64Milli(%d) AND %s < fromUnixTimestamp64Milli(%d)", first, (int64(day)-(networkDays-1)*secondsPerDay)*1000, last, (int64(day)+secondsPerDay)*1000)
}

func kinds(list []side) []string {
	seen := map[string]bool{}
	var kinds []string
	for i := range list {
		if !seen[list[i].kind] {
			seen[list[i].kind] = true
			kinds = append(kinds, list[i].kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// period is what the shares of one kind of objects are.
type period struct {
	kind     string
	sides    []side
	shares   *coordination.Shares
	accounts map[string]side // Any share of an account.
}

func newPeriod(kind string, list []side) *period {
	p := &period{kind: kind, shares: &coordination.Shares{}, accounts: map[string]side{}}
	for i := range list {
		s := &list[i]
		if s.kind != kind {
			continue
		}
		account := accountKey(s.platform, s.account)
		p.shares.Add(objectKey(kind, s.platform, s.object), account, s.platform+" "+s.post.String(), float64(s.ms)/1000)
		p.sides = append(p.sides, *s)
		p.accounts[account] = *s
	}
	return p
}

// objectKey names an object, of a platform where it is one of it.
func objectKey(kind, platform, object string) string {
	if across(kind) {
		return object
	}
	return platform + " " + object
}

// activity reads how active the accounts of pairs were in each hour, how active
// all were, and how many shared the objects of pairs.
func (n *Networks) activity(ctx context.Context, day Hour, p *period) (*coordination.Activity, error) {
	known := &coordination.Activity{Totals: map[int]float64{}, Accounts: map[string]map[int]float64{}, Sharers: map[string]int{}}
	actions := fmt.Sprintf("(%s) WHERE kind = '%s'", schema.ActionRows(inDays("created_at", "created_at", day)), p.kind)
	paired := fmt.Sprintf("FROM %s.pairs WHERE object_kind = '%s' AND %s", schema.Database, p.kind, inDays("created_at", "created_at_newer", day))
	hours, err := n.db.Query(ctx, fmt.Sprintf(`SELECT toString(platform), who, toInt64(intDiv(toUnixTimestamp(toDateTime(created_at)), %d)) AS stratum, toUInt64(count()) AS n, mine
FROM (SELECT platform, created_at, toBool(account_id IN (SELECT DISTINCT arrayJoin([account_id, account_id_newer]) %s)) AS mine,
    if(mine, account_id, toUUID('00000000-0000-0000-0000-000000000000')) AS who FROM %s)
GROUP BY platform, who, stratum, mine`, int(n.params.Stratum), paired, actions))
	if err != nil {
		return nil, fmt.Errorf("read the activity up to %s: %w", day.Time().Format(time.DateOnly), err)
	}
	err = scanAll(hours, func(rows driver.Rows) error {
		var platform string
		var account uuid.UUID
		var stratum int64
		var shares uint64
		var mine bool
		if err := rows.Scan(&platform, &account, &stratum, &shares, &mine); err != nil {
			return err
		}
		known.Totals[int(stratum)] += float64(shares)
		if key := accountKey(platform, account); mine {
			if known.Accounts[key] == nil {
				known.Accounts[key] = map[int]float64{}
			}
			known.Accounts[key][int(stratum)] += float64(shares)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the activity up to %s: %w", day.Time().Format(time.DateOnly), err)
	}
	return known, n.popularity(ctx, day, p, known, actions, paired)
}

// popularity reads how many accounts shared the objects of pairs, and how many
// could have an edge at all.
func (n *Networks) popularity(ctx context.Context, day Hour, p *period, known *coordination.Activity, actions, paired string) error {
	objects, err := n.db.Query(ctx, fmt.Sprintf("SELECT if(kind IN ('url', 'text', 'media'), '', toString(platform)) AS p, object_id, toUInt64(uniqExact(platform, account_id)) FROM %s AND object_id IN (SELECT DISTINCT object_id %s) GROUP BY p, object_id", actions, paired))
	if err != nil {
		return fmt.Errorf("read the popularity up to %s: %w", day.Time().Format(time.DateOnly), err)
	}
	err = scanAll(objects, func(rows driver.Rows) error {
		var platform, object string
		var accounts uint64
		if err := rows.Scan(&platform, &object, &accounts); err != nil {
			return err
		}
		known.Sharers[objectKey(p.kind, platform, object)] = int(accounts)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the popularity up to %s: %w", day.Time().Format(time.DateOnly), err)
	}
	var eligible uint64
	err = n.db.QueryRow(ctx, fmt.Sprintf("SELECT count() FROM (SELECT platform, account_id FROM %s GROUP BY platform, account_id HAVING count() >= %d)", actions, n.params.MinParticipation)).Scan(&eligible)
	if err != nil {
		return fmt.Errorf("count the accounts up to %s: %w", day.Time().Format(time.DateOnly), err)
	}
	known.Eligible = int(eligible)
	return nil
}

// scanAll hands on every row.
func scanAll(rows driver.Rows, row func(driver.Rows) error) error {
	defer rows.Close() //nolint:errcheck // Err tells.
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
