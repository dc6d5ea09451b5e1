package assess

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/automation"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// scoresVersion changes with what a score is.
const scoresVersion = "1"

const (
	scoreDays  = 7  // Of a period.
	leastPosts = 10 // Of an account in a period from which it has a row.
)

// Scores keeps the automation index of accounts for the seven days up to each day.
type Scores struct {
	db      driver.Conn
	params  automation.Params
	version string
}

// NewScores scores accounts in the store behind db.
func NewScores(db driver.Conn, params automation.Params) *Scores {
	return &Scores{db: db, params: params, version: scoresVersion + "/" + params.Version()}
}

// Name is the method's job in progress.
func (s *Scores) Name() string { return store.JobScores + "/" + s.version }

// Compute scores all periods again that the hours are in.
func (s *Scores) Compute(ctx context.Context, hours []Hour, version uint64) error {
	changed := daysOf(hours)
	if len(changed) == 0 {
		return nil
	}
	days, err := ranDays(ctx, s.db, schema.MethodClusters, changed[0])
	if err != nil {
		return err
	}
	days = slices.DeleteFunc(days, func(day Hour) bool {
		return !slices.ContainsFunc(changed, func(c Hour) bool { return c <= day && day < c+scoreDays*secondsPerDay })
	})
	for len(days) > 0 {
		n, err := fitDays(ctx, s.db, days)
		if err != nil {
			return err
		}
		for n > 1 && days[n-1]-days[0] > scoreDays*10*secondsPerDay { // Days between them are read as well.
			n /= 2
		}
		r := newRun(schema.MethodScores, s.version, version)
		if err := s.days(ctx, days[:n], r); err != nil {
			return fmt.Errorf("score the accounts of %d periods: %w", n, err)
		}
		if err := r.counts(ctx, s.db, days[:n]); err != nil {
			return err
		}
		days = days[n:]
	}
	return nil
}

// heldDays are the days of [from, to) that have posts.
func heldDays(ctx context.Context, db driver.Conn, from, to Hour) ([]Hour, error) {
	return scanDays(ctx, db, fmt.Sprintf("SELECT DISTINCT toUInt32(toUnixTimestamp(toStartOfDay(hour))) AS day FROM %s.hourly WHERE posts > 0 AND %s ORDER BY day", schema.Database, hoursBetween(from, to)))
}

// ranDays are the days from first on that a method was computed for: those that
// have posts or had, or of which a deletion came before its post.
func ranDays(ctx context.Context, db driver.Conn, method string, first Hour) ([]Hour, error) {
	return scanDays(ctx, db, fmt.Sprintf("SELECT DISTINCT toUInt32(toUnixTimestamp(toStartOfDay(hour))) AS day FROM %s.%s WHERE method = '%s' AND hour >= toDateTime(%d) ORDER BY day",
		schema.StoreDatabase, schema.TableRuns, method, first))
}

func scanDays(ctx context.Context, db driver.Conn, query string) ([]Hour, error) {
	rows, err := db.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("find the days to assess: %w", err)
	}
	var days []Hour
	err = scanAll(rows, func(rows driver.Rows) error {
		var day uint32
		err := rows.Scan(&day)
		days = append(days, Hour(day))
		return err
	})
	return days, err
}

// scored is an account, with what it did by day.
type scored struct {
	platform string
	id       uuid.UUID
	times    []int64 // In order.
	created  int64
	declared bool
	days     map[Hour]*did
}

// did is what an account did on a day.
type did struct {
	texts, duplicates, deleted, fast int
	delays                           []float64
}

func (a *scored) on(day Hour) *did {
	if a.days == nil {
		a.days = map[Hour]*did{}
	}
	if a.days[day] == nil {
		a.days[day] = &did{}
	}
	return a.days[day]
}

// period is what an account did in the period up to a day.
func (a *scored) period(day Hour) automation.Account {
	from, to := back(day, (scoreDays-1)*secondsPerDay), day+secondsPerDay
	first, _ := slices.BinarySearch(a.times, int64(from)*1000)
	last, _ := slices.BinarySearch(a.times, int64(to)*1000)
	of := automation.Account{Times: a.times[first:last], CreatedMS: a.created, Declared: a.declared}
	for d := from; d < to; d += secondsPerDay {
		if on := a.days[d]; on != nil {
			of.Texts, of.Duplicates, of.Deleted, of.DeletedFast = of.Texts+on.texts, of.Duplicates+on.duplicates, of.Deleted+on.deleted, of.DeletedFast+on.fast
			of.Delays = append(of.Delays, on.delays...)
		}
	}
	return of
}

// days scores the accounts of the periods up to each of some days.
func (s *Scores) days(ctx context.Context, days []Hour, r run) error {
	from, to := back(days[0], (scoreDays-1)*secondsPerDay), days[len(days)-1]+secondsPerDay
	accounts, err := s.accounts(ctx, from, to)
	if err != nil || len(accounts) == 0 {
		return err
	}
	if err := s.evidence(ctx, from, to, accounts); err != nil {
		return err
	}
	held, err := heldDays(ctx, s.db, from, to)
	if err != nil {
		return err
	}
	days = slices.DeleteFunc(slices.Clone(days), func(day Hour) bool { return !slices.Contains(held, day) })
	w := newInserter(ctx, s.db, schema.TableScores, `hour, platform, account_id, status, score, posts, days, high_frequency, volume, regularity, periodicity, sleepless, duplicates, fast_deletes, youth, repost_delay,
posts_24h_max, burstiness, memory, interval_entropy, hour_entropy, dead_hours, quiet_hours, periods, interval_mode, resolution_s, texts, deleted, deleted_fast, delays, age_days, method_version, run`)
	for _, day := range days {
		period := automation.Period{ToMS: int64(day+secondsPerDay) * 1000}
		for _, d := range held {
			if d <= day && day < d+scoreDays*secondsPerDay {
				period.Days++
			}
		}
		for _, a := range accounts {
			if of := a.period(day); len(of.Times) >= leastPosts {
				writeScore(w, day, a, &of, automation.Assess(&of, period, s.params), r)
			}
		}
	}
	return w.end()
}

func writeScore(w *inserter, day Hour, a *scored, of *automation.Account, v automation.Score, r run) {
	var index *float64
	if v.Status == automation.Scored {
		index = &v.Index
	}
	w.add(day.Time(), a.platform, a.id, string(v.Status), index, uint64(v.Posts), uint64(v.Days), v.HighFrequency, v.Volume, v.Regularity, v.Periodicity, v.Sleepless, v.Duplicates, v.FastDeletes, v.Youth, v.RepostDelay,
		uint64(v.Most24h), v.Burstiness, v.Memory, v.IntervalEntropy, known(v.HourEntropy), uint8(v.DeadHours), v.QuietHours, v.Periods, v.IntervalMode, uint32(v.Resolution/1000),
		uint64(of.Texts), uint64(of.Deleted), uint64(of.DeletedFast), uint64(len(of.Delays)), known(v.AgeDays), r.methodVersion, r.id)
}

// known is nil for what is not.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

func dayOf(ms int64) Hour { return Hour(ms / 1000 / secondsPerDay * secondsPerDay) }

// accounts reads the accounts that have enough posts, with their times. Feeds are
// none: they have no behaviour of their own.
func (s *Scores) accounts(ctx context.Context, from, to Hour) (map[string]*scored, error) {
	rows, err := s.db.Query(ctx, fmt.Sprintf(`SELECT toString(platform), account_id, arraySort(groupArray(toUnixTimestamp64Milli(created_at))), groupArrayIf(toUnixTimestamp64Milli(created_at), kind != 'repost' AND text != '')
FROM %s.posts WHERE %s AND platform != 'rss' GROUP BY platform, account_id HAVING count() >= %d %s`, schema.Database, between("created_at", from, to), leastPosts, readSettings))
	if err != nil {
		return nil, err
	}
	all := map[string]*scored{}
	return all, scanAll(rows, func(rows driver.Rows) error {
		a := &scored{}
		var texts []int64
		if err := rows.Scan(&a.platform, &a.id, &a.times, &texts); err != nil {
			return err
		}
		for _, ms := range texts {
			a.on(dayOf(ms)).texts++
		}
		all[accountKey(a.platform, a.id)] = a
		return nil
	})
}

const readSettings = "SETTINGS use_skip_indexes_if_final = 1, use_skip_indexes_if_final_exact_mode = 1, do_not_merge_across_partitions_select_final = 1, max_bytes_before_external_group_by = 1000000000, max_query_size = 4194304"

// evidence reads what else is known of the accounts.
func (s *Scores) evidence(ctx context.Context, from, to Hour, accounts map[string]*scored) error {
	err := s.counts(ctx, accounts, fmt.Sprintf(`SELECT toString(platform), account_id, toUInt32(toUnixTimestamp(toDateTime(day, 'UTC'))), toUInt64(count()), toUInt64(0)
FROM %s.text_cluster_members WHERE day >= toDate(toDateTime(%d, 'UTC')) AND day < toDate(toDateTime(%d, 'UTC')) GROUP BY platform, account_id, day`,
		schema.Database, from, to), func(a *scored, day Hour, duplicates, _ uint64) { a.on(day).duplicates = int(duplicates) })
	if err != nil {
		return err
	}
	err = s.counts(ctx, accounts, fmt.Sprintf(`SELECT toString(platform), account_id, toUInt32(toUnixTimestamp(toStartOfDay(toDateTime(written_at, 'UTC')))) AS day, toUInt64(count()), toUInt64(countIf(deleted_at >= written_at AND deleted_at <= written_at + toIntervalMillisecond(%d)))
FROM %s.%s FINAL WHERE %s GROUP BY platform, account_id, day`, automation.FastDelete, schema.StoreDatabase, schema.TableTombstones, between("written_at", from, to)), func(a *scored, day Hour, deleted, fast uint64) {
		a.on(day).deleted, a.on(day).fast = int(deleted), int(fast)
	})
	if err != nil {
		return err
	}
	err = s.counts(ctx, accounts, fmt.Sprintf(`SELECT toString(platform), account_id, toUInt32(0), toUInt64(greatest(0, ifNull(toUnixTimestamp64Milli(argMaxIf(created_at, collected_at, created_at IS NOT NULL)), 0))), toUInt64(ifNull(argMax(declared_bot, collected_at), false))
FROM %s.accounts GROUP BY platform, account_id`, schema.Database), func(a *scored, _ Hour, created, declared uint64) {
		a.created, a.declared = int64(created), declared == 1
	})
	if err != nil {
		return err
	}
	return s.delays(ctx, from, to, accounts)
}

// counts reads two numbers for each account and day.
func (s *Scores) counts(ctx context.Context, accounts map[string]*scored, query string, set func(a *scored, day Hour, first, second uint64)) error {
	rows, err := s.db.Query(ctx, query)
	if err != nil {
		return err
	}
	return scanAll(rows, func(rows driver.Rows) error {
		var platform string
		var id uuid.UUID
		var day uint32
		var first, second uint64
		if err := rows.Scan(&platform, &id, &day, &first, &second); err != nil {
			return err
		}
		if a := accounts[accountKey(platform, id)]; a != nil {
			set(a, Hour(day), first, second)
		}
		return nil
	})
}

// delays reads how long after the originals accounts reposted them, of originals
// that the store has.
func (s *Scores) delays(ctx context.Context, from, to Hour, accounts map[string]*scored) error {
	inPeriod := between("created_at", from, to)
	rows, err := s.db.Query(ctx, fmt.Sprintf(`SELECT toString(r.platform), r.account_id, groupArray(toUnixTimestamp64Milli(r.created_at)), groupArray(dateDiff('millisecond', o.created_at, r.created_at) / 1000)
FROM (SELECT platform, account_id, created_at, assumeNotNull(repost_of) AS original FROM %[1]s.posts WHERE %[2]s AND kind = 'repost' AND repost_of IS NOT NULL) AS r
INNER JOIN (
    SELECT platform, post_id, created_at FROM %[1]s.posts WHERE %[3]s AND kind != 'repost'
        AND post_id IN (SELECT assumeNotNull(repost_of) FROM %[1]s.posts WHERE %[2]s AND kind = 'repost')) AS o
ON r.platform = o.platform AND r.original = o.post_id
GROUP BY r.platform, r.account_id HAVING count() >= %[4]d %[5]s`, schema.Database, inPeriod, between("created_at", back(from, scoreDays*secondsPerDay), to), s.params.MinDelays, readSettings))
	if err != nil {
		return err
	}
	return scanAll(rows, func(rows driver.Rows) error {
		var platform string
		var id uuid.UUID
		var times []int64
		var seconds []float64
		if err := rows.Scan(&platform, &id, &times, &seconds); err != nil {
			return err
		}
		if a := accounts[accountKey(platform, id)]; a != nil {
			for i, ms := range times {
				on := a.on(dayOf(ms))
				on.delays = append(on.delays, seconds[i])
			}
		}
		return nil
	})
}

// Clean removes rows of runs that no longer count.
func (s *Scores) Clean(ctx context.Context) error {
	return cleanRuns(ctx, s.db, schema.MethodScores, schema.TableScores)
}
