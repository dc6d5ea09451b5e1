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

// pairs reads the shares that are in pairs of the period up to a day, within the
// window; what chance gives counts those of one account as well.
func (n *Networks) pairs(ctx context.Context, day Hour) ([]side, error) {
	found, err := n.db.Query(ctx, fmt.Sprintf(`SELECT DISTINCT object_kind, object_id, toString(s.1), s.2, s.3, toUnixTimestamp64Milli(s.4)
FROM (SELECT object_kind, object_id, arrayJoin([(platform, post_id, account_id, created_at), (platform_newer, post_id_newer, account_id_newer, created_at_newer)]) AS s
    FROM %s.pairs WHERE %s AND time_delta <= %g AND NOT original)`, schema.Database, between("created_at_newer", day-(networkDays-1)*secondsPerDay, day+secondsPerDay), n.params.Window))
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

// activities are how active accounts were, read once for each day.
type activities struct {
	db       driver.Conn
	stratum  int // Seconds.
	least    int
	from, to Hour // What accounts are in pairs of.
	days     map[Hour]map[string]*coordination.Activity
}

// of is the activity of the period up to a day for each kind of objects.
func (a *activities) of(ctx context.Context, day Hour) (map[string]*coordination.Activity, error) {
	all := map[string]*coordination.Activity{}
	for d := day - (networkDays-1)*secondsPerDay; d <= day; d += secondsPerDay {
		if a.days[d] == nil {
			known, err := a.day(ctx, d)
			if err != nil {
				return nil, fmt.Errorf("read the activity of %s: %w", d.Time().Format(time.DateOnly), err)
			}
			a.days[d] = known
		}
		for kind, known := range a.days[d] {
			sum := kindOf(all, kind)
			for stratum, n := range known.Totals {
				sum.Totals[stratum] += n
			}
			for account, strata := range known.Accounts {
				for stratum, n := range strata {
					add(sum, account, stratum, n)
				}
			}
		}
	}
	return all, a.eligible(ctx, day, all)
}

func kindOf(all map[string]*coordination.Activity, kind string) *coordination.Activity {
	if all[kind] == nil {
		all[kind] = &coordination.Activity{Totals: map[int]float64{}, Accounts: map[string]map[int]float64{}}
	}
	return all[kind]
}

func add(to *coordination.Activity, account string, stratum int, n float64) {
	if to.Accounts[account] == nil {
		to.Accounts[account] = map[int]float64{}
	}
	to.Accounts[account][stratum] += n
}

// day reads the shares of a day by kind, hour and, of those that are in pairs,
// account.
func (a *activities) day(ctx context.Context, day Hour) (map[string]*coordination.Activity, error) {
	rows, err := a.db.Query(ctx, fmt.Sprintf(`SELECT kind, toString(platform), who, toInt64(intDiv(toUnixTimestamp(toDateTime(created_at)), %d)) AS stratum, toUInt64(count()), mine
FROM (SELECT kind, platform, created_at, toBool(account_id IN (SELECT DISTINCT arrayJoin([account_id, account_id_newer]) FROM %s.pairs WHERE %s)) AS mine,
    if(mine, account_id, toUUID('00000000-0000-0000-0000-000000000000')) AS who FROM (%s))
GROUP BY kind, platform, who, stratum, mine`, a.stratum, schema.Database, between("created_at", a.from-(networkDays-1)*secondsPerDay, a.to+secondsPerDay), schema.ActionRows(between("created_at", day, day+secondsPerDay))))
	if err != nil {
		return nil, err
	}
	all := map[string]*coordination.Activity{}
	return all, scanAll(rows, func(rows driver.Rows) error {
		var kind, platform string
		var account uuid.UUID
		var stratum int64
		var shares uint64
		var mine bool
		if err := rows.Scan(&kind, &platform, &account, &stratum, &shares, &mine); err != nil {
			return err
		}
		of := kindOf(all, kind)
		of.Totals[int(stratum)] += float64(shares)
		if mine {
			add(of, accountKey(platform, account), int(stratum), float64(shares))
		}
		return nil
	})
}

// eligible counts the accounts that could have an edge in the period up to a day.
func (a *activities) eligible(ctx context.Context, day Hour, all map[string]*coordination.Activity) error {
	rows, err := a.db.Query(ctx, fmt.Sprintf("SELECT kind, toUInt64(countIf(n >= %d)) FROM (SELECT kind, count() AS n FROM (%s) GROUP BY kind, platform, account_id) GROUP BY kind",
		a.least, schema.ActionRows(between("created_at", day-(networkDays-1)*secondsPerDay, day+secondsPerDay))))
	if err == nil {
		err = scanAll(rows, func(rows driver.Rows) error {
			var kind string
			var n uint64
			if err := rows.Scan(&kind, &n); err != nil {
				return err
			}
			kindOf(all, kind).Eligible = int(n)
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("count the accounts up to %s: %w", day.Time().Format(time.DateOnly), err)
	}
	return nil
}

// between is the condition that a time lies between two hours, the second excluded.
func between(column string, from, to Hour) string {
	return fmt.Sprintf("%[1]s >= fromUnixTimestamp64Milli(%[2]d) AND %[1]s < fromUnixTimestamp64Milli(%[3]d)", column, int64(from)*1000, int64(to)*1000)
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
