package assess

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/coordination"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// PairsConfig says which shares are paired.
type PairsConfig struct {
	Window time.Duration // The widest window that anybody asks for.
	Cap    int           // Others within the window before a share, above which it is a mass share; 0 for none.
}

// DefaultPairs pairs within five minutes.
func DefaultPairs() PairsConfig { return PairsConfig{Window: 5 * time.Minute, Cap: 200} }

// pairsVersion changes with what a pair is.
const pairsVersion = "1"

// leastHashtags are the hashtags of a post from which their sequence is an object:
// everybody writes the one of the day (Burghardt et al. 2023).
const leastHashtags = 3

// sharesAtOnce bounds how many shares are held in memory.
const sharesAtOnce = 3_000_000

// Pairs keeps the pairs of shares of one object within a window, once, at the
// widest: what a shorter window or a minimum participation make of them is asked
// of these. A pair belongs to the hour of its newer share, so that an hour depends
// on itself and on the time just before it.
type Pairs struct {
	db      driver.Conn
	cfg     PairsConfig
	version string
}

// NewPairs pairs shares in the store behind db.
func NewPairs(db driver.Conn, cfg PairsConfig) *Pairs {
	return &Pairs{db: db, cfg: cfg, version: fmt.Sprintf("%s/%s/%d", pairsVersion, strconv.FormatFloat(cfg.Window.Seconds(), 'f', -1, 64), cfg.Cap)}
}

// Name is the method's job in progress. With another window or cap it is another
// job, which has all hours before it.
func (p *Pairs) Name() string { return store.JobPairs + "/" + p.version }

// Compute pairs the shares of the hours again, and those of the hours after them,
// which may have partners in these or are a mass share because of them.
func (p *Pairs) Compute(ctx context.Context, hours []Hour, version uint64) error {
	all := slices.Clone(hours)
	for _, hour := range hours {
		for after := time.Duration(0); after < 2*p.cfg.Window; after += time.Hour {
			all = append(all, hour+Hour(after/time.Second)+secondsPer)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for len(all) > 0 {
		n, parts, err := p.fit(ctx, all)
		if err != nil {
			return err
		}
		run := newRun(schema.MethodPairs, p.version, version)
		for part := range parts {
			if err := p.pair(ctx, all[:n], part, parts, run); err != nil {
				return err
			}
		}
		if err := run.counts(ctx, p.db, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// fit is how many of the hours are computed at once, and in how many parts by
// object.
func (p *Pairs) fit(ctx context.Context, hours []Hour) (n, parts int, err error) {
	n = min(len(hours), maxHours)
	for n > 1 && hours[n-1]-hours[0] > maxSpan {
		n /= 2
	}
	found, err := p.db.Query(ctx, "SELECT toUInt32(toStartOfHour(created_at)) AS h, count() FROM ("+
		"SELECT created_at FROM "+schema.StoreDatabase+"."+schema.TablePosts+" WHERE "+created(hours[:n])+
		" UNION ALL SELECT created_at FROM "+schema.StoreDatabase+"."+schema.TableShares+" WHERE "+created(hours[:n])+") GROUP BY h")
	if err != nil {
		return 0, 0, fmt.Errorf("count the shares of %d hours: %w", n, err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	rows := map[Hour]uint64{}
	for found.Next() {
		var hour uint32
		var count uint64
		if err := found.Scan(&hour, &count); err != nil {
			return 0, 0, fmt.Errorf("count the shares of %d hours: %w", n, err)
		}
		rows[Hour(hour)] = count
	}
	if err := found.Err(); err != nil {
		return 0, 0, fmt.Errorf("count the shares of %d hours: %w", n, err)
	}
	var sum uint64
	for i, hour := range hours[:n] {
		if sum+rows[hour] > sharesAtOnce && i > 0 {
			return i, 1, nil
		}
		sum += rows[hour]
	}
	return n, 1 + int(sum/sharesAtOnce), nil
}

// share is what the store has of a share.
type share struct {
	kind, object, platform string
	post, account          uuid.UUID
	ms                     int64
}

// across are the objects that are the same on every platform.
func across(kind string) bool { return kind == "url" || kind == "text" || kind == "media" }

// pair computes one part of the objects of some hours.
func (p *Pairs) pair(ctx context.Context, hours []Hour, part, parts int, r run) error {
	list, table, err := p.read(ctx, hours, part, parts)
	if err != nil || len(list) == 0 {
		return err
	}
	of := map[Hour]bool{}
	for _, hour := range hours {
		of[hour] = true
	}
	pairs := newInserter(ctx, p.db, schema.TablePairs, "object_kind, hour, object_id, platform, post_id, account_id, created_at, platform_newer, post_id_newer, account_id_newer, delta_ms, self, original, method_version, run")
	mass := table.Near(float64(p.cfg.Window.Milliseconds()), p.cfg.Cap, func(n coordination.Near) {
		a, b := &list[n.Older], &list[n.Newer]
		hour := hourOf(b.ms)
		if !of[hour] || a.post == b.post {
			return
		}
		original := a.object == a.post.String() || b.object == b.post.String()
		pairs.add(a.kind, hour.Time(), a.object, a.platform, a.post, a.account, time.UnixMilli(a.ms).UTC(), b.platform, b.post, b.account, uint32(b.ms-a.ms),
			a.account == b.account, original, r.methodVersion, r.id)
	})
	if err := pairs.end(); err != nil {
		return fmt.Errorf("write the pairs of %d hours: %w", len(hours), err)
	}
	return p.writeMass(ctx, list, mass, of, r)
}

func hourOf(ms int64) Hour { return Hour(ms / 1000 / secondsPer * secondsPer) }

// read reads the shares of the hours, and those before that can be their partners
// or make them a mass share; of objects that nobody else shared none.
func (p *Pairs) read(ctx context.Context, hours []Hour, part, parts int) ([]share, *coordination.Shares, error) {
	query := fmt.Sprintf(`SELECT kind, object_id, groupArray(toString(platform)), groupArray(post_id), groupArray(account_id), groupArray(toUnixTimestamp64Milli(created_at))
FROM (%s)
WHERE kind NOT IN ('like', 'follow') AND (kind != 'hashtags' OR countSubstrings(object_id, ' ') >= %d) AND cityHash64(kind, object_id) %% %d = %d
GROUP BY kind, object_id, if(kind IN ('url', 'text', 'media'), '', platform)
HAVING count() > 1
SETTINGS use_skip_indexes_if_final = 1, use_skip_indexes_if_final_exact_mode = 1, do_not_merge_across_partitions_select_final = 1, max_query_size = 4194304,
    max_bytes_before_external_group_by = 1000000000`, schema.ActionRows(p.around(hours)), leastHashtags-1, parts, part)
	found, err := p.db.Query(ctx, query)
	if err != nil {
		return nil, nil, fmt.Errorf("read the shares of %d hours: %w", len(hours), err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var list []share
	table := &coordination.Shares{}
	for found.Next() {
		var kind, object string
		var platforms []string
		var posts, accounts []uuid.UUID
		var times []int64
		if err := found.Scan(&kind, &object, &platforms, &posts, &accounts, &times); err != nil {
			return nil, nil, fmt.Errorf("read the shares of %d hours: %w", len(hours), err)
		}
		key := kind + " " + object
		if !across(kind) {
			key = platforms[0] + " " + key
		}
		for i, ms := range times {
			table.Add(key, platforms[i]+" "+string(accounts[i][:]), platforms[i]+" "+string(posts[i][:]), float64(ms))
			list = append(list, share{kind, object, platforms[i], posts[i], accounts[i], ms})
		}
	}
	if err := found.Err(); err != nil {
		return nil, nil, fmt.Errorf("read the shares of %d hours: %w", len(hours), err)
	}
	return list, table, nil
}

// around is the condition for the shares of the hours and those two windows
// before them: one for partners, one more for what makes these a mass share.
func (p *Pairs) around(hours []Hour) string {
	before := int64(2*p.cfg.Window/time.Second) + 1
	var terms []string
	for from := 0; from < len(hours); {
		to := from
		for to+1 < len(hours) && int64(hours[to+1])-before <= int64(hours[to])+secondsPer {
			to++
		}
		terms = append(terms, fmt.Sprintf("created_at >= fromUnixTimestamp64Milli(%d) AND created_at < fromUnixTimestamp64Milli(%d)", (int64(hours[from])-before)*1000, (int64(hours[to])+secondsPer)*1000))
		from = to + 1
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

// writeMass writes how many shares of each object and hour are mass shares.
func (p *Pairs) writeMass(ctx context.Context, list []share, mass []int, of map[Hour]bool, r run) error {
	type key struct {
		hour                   Hour
		kind, object, platform string
	}
	type sum struct {
		shares      uint64
		first, last int64
	}
	sums := map[key]*sum{}
	for _, i := range mass {
		s := &list[i]
		at := key{hourOf(s.ms), s.kind, s.object, s.platform}
		if across(s.kind) {
			at.platform = ""
		}
		if !of[at.hour] {
			continue
		}
		if sums[at] == nil {
			sums[at] = &sum{first: s.ms, last: s.ms}
		}
		sums[at].shares++
		sums[at].first, sums[at].last = min(sums[at].first, s.ms), max(sums[at].last, s.ms)
	}
	rows := newInserter(ctx, p.db, schema.TableMass, "object_kind, hour, object_id, platform, shares, first, last, method_version, run")
	for at, s := range sums {
		rows.add(at.kind, at.hour.Time(), at.object, at.platform, s.shares, time.UnixMilli(s.first).UTC(), time.UnixMilli(s.last).UTC(), r.methodVersion, r.id)
	}
	if err := rows.end(); err != nil {
		return fmt.Errorf("write the mass shares of %d hours: %w", len(of), err)
	}
	return nil
}

// Clean removes rows of runs that no longer count.
func (p *Pairs) Clean(ctx context.Context) error {
	return cleanRuns(ctx, p.db, schema.MethodPairs, schema.TablePairs, schema.TableMass)
}
