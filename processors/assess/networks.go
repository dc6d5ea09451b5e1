package assess

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/processors/coordination"
	"github.com/election-observatory/observatory/processors/neardup"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// networksVersion changes with what a network is.
const networksVersion = "2"

const (
	networkDays   = 7 // Of a period.
	secondsPerDay = 24 * secondsPer
)

// Networks makes the strict networks of the seven days up to each day, from the
// pairs that are kept.
type Networks struct {
	db      driver.Conn
	params  coordination.StrictParams // Times are in seconds.
	version string
}

// NewNetworks makes networks in the store behind db.
func NewNetworks(db driver.Conn, params coordination.StrictParams) *Networks {
	return &Networks{db: db, params: params, version: fmt.Sprintf("%s/%s/%d/%d/%s", networksVersion, strconv.FormatFloat(params.Window, 'f', -1, 64), params.MinParticipation, params.MinWeight,
		strconv.FormatFloat(params.FDR, 'g', -1, 64))}
}

// Name is the method's job in progress.
func (n *Networks) Name() string { return store.JobNetworks + "/" + n.version }

// Compute makes the networks of all periods again that the hours are in, and of
// those after them, since networks keep their ids from day to day. A period ends
// with a day that has pairs.
func (n *Networks) Compute(ctx context.Context, hours []Hour, version uint64) error {
	if len(hours) == 0 {
		return nil
	}
	first := slices.Min(hours) / secondsPerDay * secondsPerDay
	days, err := n.days(ctx, first)
	if err != nil {
		return err
	}
	r := newRun(schema.MethodNetworks, n.version, version)
	before, err := n.members(ctx, first-secondsPerDay)
	if err != nil {
		return err
	}
	if len(days) == 0 {
		return nil
	}
	active := &activities{n.db, int(n.params.Stratum), n.params.MinParticipation, first, days[len(days)-1], map[Hour]map[string]*coordination.Activity{}}
	for _, day := range days {
		if before, err = n.day(ctx, day, before, active, r); err != nil {
			return err
		}
	}
	if err := r.counts(ctx, n.db, days); err != nil {
		return err
	}
	return alertOfNetworks(ctx, n.db, r)
}

// days are the days from first on that have pairs or had networks.
func (n *Networks) days(ctx context.Context, first Hour) ([]Hour, error) {
	found, err := n.db.Query(ctx, fmt.Sprintf(`SELECT DISTINCT toUInt32(toUnixTimestamp(toStartOfDay(hour))) AS day FROM (
    SELECT hour FROM %[1]s.%[2]s WHERE hour >= toDateTime(%[4]d) UNION ALL SELECT hour FROM %[1]s.%[3]s WHERE method = '%[5]s' AND hour >= toDateTime(%[4]d))
ORDER BY day`, schema.StoreDatabase, schema.TablePairs, schema.TableRuns, first, schema.MethodNetworks))
	if err != nil {
		return nil, fmt.Errorf("find the days of pairs: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var days []Hour
	for found.Next() {
		var day uint32
		if err := found.Scan(&day); err != nil {
			return nil, fmt.Errorf("find the days of pairs: %w", err)
		}
		days = append(days, Hour(day))
	}
	return days, found.Err()
}

// network is one of a day: the ids of its accounts, in order.
type network struct {
	kind, id string
	accounts []string
}

// day makes the networks of the period up to a day.
func (n *Networks) day(ctx context.Context, day Hour, before []network, active *activities, r run) ([]network, error) {
	pairs, err := n.pairs(ctx, day)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	var all []network
	var known map[string]*coordination.Activity
	w := newNetworkWriter(ctx, n.db, day, r, n.params.Window)
	for _, kind := range kinds(pairs) {
		period := newPeriod(kind, pairs)
		strict, mass := coordination.Strict(period.shares, n.uncapped())
		if !strict.Reaches(n.params.MinWeight) {
			continue
		}
		if known == nil {
			if known, err = active.of(ctx, day); err != nil {
				return nil, err
			}
		}
		network := strict.StrictNetwork(n.params, mass, kindOf(known, kind))
		found := identify(kind, day, communitiesOf(network), before)
		w.write(kind, period, network, found)
		all = append(all, found...)
	}
	if err := w.end(); err != nil {
		return nil, fmt.Errorf("write the networks of %s: %w", day.Time().Format(time.DateOnly), err)
	}
	return all, nil
}

// uncapped are the parameters without a cap, since pairs are kept without mass
// shares.
func (n *Networks) uncapped() coordination.StrictParams {
	params := n.params
	params.Cap = 0
	return params
}

// communitiesOf are the accounts of the communities, by their numbers from 1.
func communitiesOf(n *coordination.StrictNetwork) [][]string {
	var lists [][]string
	for i := range n.Edges {
		number := n.Strict[i].Community
		if number == 0 || !n.Edges[i].Above {
			continue
		}
		for len(lists) < number {
			lists = append(lists, nil)
		}
		lists[number-1] = append(lists[number-1], n.Edges[i].A, n.Edges[i].B)
	}
	for i := range lists {
		slices.Sort(lists[i])
		lists[i] = slices.Compact(lists[i])
	}
	return lists
}

// leastOverlap is the Jaccard similarity of the accounts from which a network is
// that of the day before.
const leastOverlap = 0.5

// identify gives networks their ids: that of the network of the day before with
// which they share most accounts, if it is half of all, else one of their own. At
// most one network of a day can be half of another, but for ties, which go to the
// larger.
func identify(kind string, day Hour, lists [][]string, before []network) []network {
	taken := map[string]bool{}
	var found []network
	for _, accounts := range lists {
		if len(accounts) == 0 {
			found = append(found, network{})
			continue
		}
		best, id := 0.0, ""
		for i := range before {
			if b := &before[i]; b.kind == kind && !taken[b.id] {
				if like := neardup.Jaccard(accounts, b.accounts); like >= leastOverlap && like > best {
					best, id = like, b.id
				}
			}
		}
		if id == "" {
			hash := xxh3.New()
			fmt.Fprintf(hash, "%s %d %q", kind, day, accounts)
			id = hex.EncodeToString(hash.Sum(nil))
		}
		taken[id] = true
		found = append(found, network{kind, id, accounts})
	}
	return found
}

// members are the networks of a day as they are kept.
func (n *Networks) members(ctx context.Context, day Hour) ([]network, error) {
	found, err := n.db.Query(ctx, fmt.Sprintf("SELECT object_kind, network_id, groupArray(platform), groupArray(account_id) FROM (SELECT object_kind, network_id, toString(platform) AS platform, account_id FROM %s.network_members WHERE day = toDate(toDateTime(%d, 'UTC'))) GROUP BY object_kind, network_id ORDER BY object_kind, network_id",
		schema.Database, day))
	if err != nil {
		return nil, fmt.Errorf("read the networks of the day before: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var list []network
	for found.Next() {
		var one network
		var platforms []string
		var accounts []uuid.UUID
		if err := found.Scan(&one.kind, &one.id, &platforms, &accounts); err != nil {
			return nil, fmt.Errorf("read the networks of the day before: %w", err)
		}
		for i, account := range accounts {
			one.accounts = append(one.accounts, accountKey(platforms[i], account))
		}
		slices.Sort(one.accounts)
		list = append(list, one)
	}
	return list, found.Err()
}

// Clean removes rows of runs that no longer count.
func (n *Networks) Clean(ctx context.Context) error {
	return cleanRuns(ctx, n.db, schema.MethodNetworks, schema.TableNetworks, schema.TableMembers, schema.TableNetworkEdges)
}
