package assess

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/processors/automation"
	"github.com/election-observatory/observatory/processors/bursts"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// Versions change with what a topic and a burst are.
const (
	topicsVersion = "1"
	burstsVersion = "1"
)

const (
	topicHours   = 24 * 7 // Counted at once.
	tickSeconds  = 3600 / bursts.TicksPerHour
	historyHours = bursts.History * secondsPer
	weekHours    = bursts.Week * secondsPer
)

// Bursts counts topics by hour and keeps the bursts of each day.
type Bursts struct {
	db      driver.Conn
	params  bursts.Params
	version string
}

// NewBursts looks for bursts in the store behind db.
func NewBursts(db driver.Conn, params bursts.Params) *Bursts {
	return &Bursts{db: db, params: params, version: burstsVersion + "/" + params.Version()}
}

// Name is the method's job in progress.
func (b *Bursts) Name() string { return store.JobBursts + "/" + topicsVersion + "/" + b.version }

// Compute counts the topics of the hours again, and looks for bursts again on their
// days and on all for which these are history.
func (b *Bursts) Compute(ctx context.Context, hours []Hour, version uint64) error {
	if len(hours) == 0 {
		return nil
	}
	hours = slices.Clone(hours)
	slices.Sort(hours)
	if err := b.countTopics(ctx, slices.Compact(hours), version); err != nil {
		return fmt.Errorf("count the topics of %d hours: %w", len(hours), err)
	}
	days, err := ranDays(ctx, b.db, schema.MethodTopics, daysOf(hours)[0])
	if err != nil || len(days) == 0 {
		return err
	}
	last := hours[len(hours)-1] + historyHours
	days = slices.DeleteFunc(days, func(day Hour) bool { return day > last })
	r := newRun(schema.MethodBursts, b.version, version)
	w := newInserter(ctx, b.db, schema.TableBursts, `hour, burst_id, topic_kind, topic, from, to, expected, history_hours, peak, p_value, q_value, posts, accounts, flagged_posts, networked_posts, new_posts, aged_posts,
deleted_fast, top10_share, gini, method_version, run`)
	busy, err := b.busy(ctx, days[0], days[len(days)-1])
	for _, day := range days {
		if err == nil && len(busy[day]) > 0 {
			err = b.day(ctx, day, busy[day], w, r)
		}
	}
	if ended := w.end(); err == nil {
		err = ended
	}
	if err != nil {
		return fmt.Errorf("look for bursts from %s on: %w", days[0].Time().Format(time.DateOnly), err)
	}
	if err := r.counts(ctx, b.db, days); err != nil {
		return err
	}
	return alertOfBursts(ctx, b.db, days, r)
}

// countTopics counts the topics of hours.
func (b *Bursts) countTopics(ctx context.Context, hours []Hour, version uint64) error {
	for len(hours) > 0 {
		n := min(len(hours), topicHours)
		for n > 1 && hours[n-1]-hours[0] > maxSpan {
			n /= 2
		}
		r := newRun(schema.MethodTopics, topicsVersion, version)
		err := b.db.Exec(ctx, fmt.Sprintf(`INSERT INTO %s.%s (topic_kind, topic, hour, posts, ticks, tick_posts, tick_accounts, method_version, run)
SELECT topic_kind, topic, hour, toUInt32(sum(n)), arraySort(groupArray(tick)), arraySort((n, t) -> t, groupArray(n), groupArray(tick)), arraySort((a, t) -> t, groupArray(accounts), groupArray(tick)), '%s', %d
FROM (
    SELECT topic_kind, topic, toStartOfHour(toDateTime(created_at, 'UTC')) AS hour, toUInt8(intDiv(toMinute(created_at), %d)) AS tick, toUInt32(count()) AS n, toUInt32(uniqExact(account_id)) AS accounts
    FROM (%s) GROUP BY topic_kind, topic, hour, tick)
GROUP BY topic_kind, topic, hour HAVING sum(n) >= 2 %s, async_insert = 0`,
			schema.StoreDatabase, schema.TableTopics, r.methodVersion, r.id, tickSeconds/60, schema.TopicsOf(created(hours[:n])), readSettings))
		if err != nil {
			return err
		}
		if err := r.counts(ctx, b.db, hours[:n]); err != nil {
			return err
		}
		hours = hours[n:]
	}
	return nil
}

// topicName is a topic of a kind.
type topicName struct{ kind, name string }

// counted are the rows of topics that count.
func counted(where string) string {
	var t schema.Table
	for _, t = range schema.Tables() {
		if t.Name == schema.TableTopics {
			break
		}
	}
	return schema.StoreDatabase + "." + t.Name + " WHERE " + t.Counts() + " AND " + where
}

func hoursBetween(from, to Hour) string {
	return fmt.Sprintf("hour >= toDateTime(%d) AND hour < toDateTime(%d)", from, to)
}

// busy are the topics of days that have any five minutes with enough posts and
// accounts.
func (b *Bursts) busy(ctx context.Context, first, last Hour) (map[Hour][]topicName, error) {
	rows, err := b.db.Query(ctx, fmt.Sprintf("SELECT DISTINCT toUInt32(toUnixTimestamp(toStartOfDay(hour))), toString(topic_kind), topic FROM %s AND arrayExists((p, a) -> p >= %d AND a >= %d, tick_posts, tick_accounts)",
		counted(hoursBetween(first, last+secondsPerDay)), b.params.MinPosts, b.params.MinAccounts))
	if err != nil {
		return nil, err
	}
	busy := map[Hour][]topicName{}
	return busy, scanAll(rows, func(rows driver.Rows) error {
		var day uint32
		var t topicName
		err := rows.Scan(&day, &t.kind, &t.name)
		busy[Hour(day)] = append(busy[Hour(day)], t)
		return err
	})
}

// day finds the bursts of a day.
func (b *Bursts) day(ctx context.Context, day Hour, busy []topicName, w *inserter, r run) error {
	d, err := b.known(ctx, day)
	if err != nil {
		return err
	}
	if err := b.history(ctx, day, busy, d); err != nil {
		return err
	}
	found := bursts.Find(d, b.params)
	if len(found) == 0 {
		return nil
	}
	authors, err := b.authors(ctx, day, found)
	if err != nil {
		return fmt.Errorf("who wrote in the bursts of %s: %w", day.Time().Format(time.DateOnly), err)
	}
	for i := range found {
		f := &found[i]
		from, to := spanOf(day, f)
		a, ok := authors[uint32(i)]
		if !ok { // The posts went while this was computed, which their notes tell.
			continue
		}
		w.add(day.Time(), burstID(f, from), f.Topic.Kind, f.Topic.Name, from, to, f.Expected, uint32(d.Known), uint64(f.Peak), f.P, f.Q, a.posts, a.accounts, a.flagged, a.networked, a.young, a.aged,
			a.fast, a.top, a.gini, r.methodVersion, r.id)
	}
	return nil
}

// spanOf is the time of a burst.
func spanOf(day Hour, f *bursts.Burst) (from, to time.Time) {
	at := func(tick int) time.Time { return day.Time().Add(time.Duration(tick) * tickSeconds * time.Second) }
	return at(f.From), at(f.To)
}

func burstID(f *bursts.Burst, from time.Time) string {
	hash := xxh3.New()
	fmt.Fprintf(hash, "%s %q %d", f.Topic.Kind, f.Topic.Name, from.Unix())
	return hex.EncodeToString(hash.Sum(nil))
}

// known reads what holds of all topics before a day.
func (b *Bursts) known(ctx context.Context, day Hour) (*bursts.Day, error) {
	d := &bursts.Day{Kinds: map[string]*bursts.Overall{}}
	var first uint32
	if err := b.db.QueryRow(ctx, fmt.Sprintf("SELECT toUInt32(toUnixTimestamp(ifNull(minOrNull(hour), toDateTime(%d)))) FROM %s.hourly WHERE posts > 0 AND %s", day, schema.Database,
		hoursBetween(back(day, historyHours), day+secondsPerDay))).Scan(&first); err != nil {
		return nil, err
	}
	d.Known = int(day-min(day, Hour(first))) / secondsPer
	rows, err := b.db.Query(ctx, fmt.Sprintf("SELECT toString(topic_kind), toInt64(toUnixTimestamp(hour)), toUInt64(sum(posts)), groupUniqArray(cityHash64(topic)) FROM %s GROUP BY topic_kind, hour", counted(hoursBetween(back(day, weekHours), day+secondsPerDay))))
	if err != nil {
		return nil, err
	}
	topics := map[string]map[uint64]bool{}
	err = scanAll(rows, func(rows driver.Rows) error {
		var kind string
		var hour int64
		var posts uint64
		var of []uint64
		if err := rows.Scan(&kind, &hour, &posts, &of); err != nil {
			return err
		}
		if d.Kinds[kind] == nil {
			d.Kinds[kind], topics[kind] = &bursts.Overall{Hours: map[int]int{}}, map[uint64]bool{}
		}
		d.Kinds[kind].Hours[int(hour-int64(day))/secondsPer] += int(posts)
		for _, topic := range of {
			topics[kind][topic] = true
		}
		return nil
	})
	for kind, of := range topics {
		d.Kinds[kind].Topics = len(of)
	}
	return d, err
}

// history reads the hours of busy topics, and the five minutes of the day.
func (b *Bursts) history(ctx context.Context, day Hour, busy []topicName, d *bursts.Day) error {
	at := map[topicName]int{}
	names := make([]string, 0, len(busy))
	for i, t := range busy {
		at[t] = i
		d.Topics = append(d.Topics, bursts.Topic{Kind: t.kind, Name: t.name, Hours: map[int]int{}, Ticks: map[int]bursts.Tick{}})
		names = append(names, "("+store.Quote(t.kind)+", "+store.Quote(t.name)+")")
	}
	rows, err := b.db.Query(ctx, fmt.Sprintf("SELECT toString(topic_kind), topic, toInt64(toUnixTimestamp(hour)), posts, ticks, tick_posts, tick_accounts FROM %s AND (topic_kind, topic) IN (%s) SETTINGS max_query_size = 16777216",
		counted(hoursBetween(back(day, historyHours), day+secondsPerDay)), strings.Join(names, ", ")))
	if err != nil {
		return err
	}
	return scanAll(rows, func(rows driver.Rows) error {
		var t topicName
		var hour int64
		var posts uint32
		var ticks []uint8
		var counts, accounts []uint32
		if err := rows.Scan(&t.kind, &t.name, &hour, &posts, &ticks, &counts, &accounts); err != nil {
			return err
		}
		topic, h := &d.Topics[at[t]], int(hour-int64(day))/secondsPer
		topic.Hours[h] += int(posts)
		if h >= 0 {
			for i, tick := range ticks {
				topic.Ticks[h*bursts.TicksPerHour+int(tick)] = bursts.Tick{Posts: int(counts[i]), Accounts: int(accounts[i])}
			}
		}
		return nil
	})
}

// authors are what is counted of those who wrote in a burst.
type authors struct {
	posts, accounts, flagged, networked, young, aged, fast uint64
	top, gini                                              float64
}

// authors counts who wrote in the bursts of a day, by their places in the list.
func (b *Bursts) authors(ctx context.Context, day Hour, found []bursts.Burst) (map[uint32]authors, error) {
	list, names := make([]string, len(found)), make([]string, len(found))
	first, last := spanOf(day, &found[0])
	for i := range found {
		from, to := spanOf(day, &found[i])
		name := store.Quote(found[i].Topic.Kind) + ", " + store.Quote(found[i].Topic.Name)
		list[i] = fmt.Sprintf("(%d, %s, %d, %d)", i, name, from.UnixMilli(), to.UnixMilli())
		names[i] = "(" + name + ")"
		if from.Before(first) {
			first = from
		}
		if to.After(last) {
			last = to
		}
	}
	onDay := fmt.Sprintf("day = toDate(toDateTime(%d, 'UTC'))", day)
	rows, err := b.db.Query(ctx, fmt.Sprintf(`WITH found AS (SELECT toUInt32(f.1) AS number, f.2 AS topic_kind, f.3 AS topic, fromUnixTimestamp64Milli(toInt64(f.4), 'UTC') AS since, fromUnixTimestamp64Milli(toInt64(f.5), 'UTC') AS until FROM (SELECT arrayJoin([%[1]s]) AS f)),
who AS (
    SELECT number, since, until, platform, account_id, toUInt64(count()) AS n
    FROM (SELECT topic_kind, topic, platform, account_id, created_at FROM (%[2]s) WHERE (topic_kind, topic) IN (%[3]s)) AS t INNER JOIN found AS f ON t.topic_kind = f.topic_kind AND t.topic = f.topic
    WHERE created_at >= since AND created_at < until GROUP BY number, since, until, platform, account_id),
networked AS (SELECT platform, account_id FROM %[4]s.network_members WHERE %[5]s),
marked AS (SELECT platform, account_id FROM %[4]s.account_scores WHERE %[5]s AND (high_frequency OR score >= %[6]g)),
ages AS (SELECT platform, account_id, argMaxIf(created_at, collected_at, created_at IS NOT NULL) AS made FROM %[4]s.accounts WHERE (platform, account_id) IN (SELECT platform, account_id FROM who) GROUP BY platform, account_id),
fast AS (
    SELECT number, toUInt64(count()) AS deleted
    FROM (SELECT platform, account_id, written_at FROM %[7]s.%[8]s FINAL WHERE %[9]s AND deleted_at >= written_at AND deleted_at <= written_at + toIntervalMillisecond(%[10]d)) AS t
    INNER JOIN who AS w ON t.platform = w.platform AND t.account_id = w.account_id
    WHERE written_at >= since AND written_at < until GROUP BY number)
SELECT number, posts, accounts, flagged, networked_posts, young, aged, ifNull(deleted, 0), top, gini
FROM (
    SELECT number, toUInt64(sum(n)) AS posts, toUInt64(count()) AS accounts, toUInt64(sumIf(n, in_network OR is_marked)) AS flagged, toUInt64(sumIf(n, in_network)) AS networked_posts,
        toUInt64(sumIf(n, made > since - INTERVAL 30 DAY)) AS young, toUInt64(sumIf(n, made IS NOT NULL)) AS aged,
        arraySum(arraySlice(arrayReverseSort(groupArray(n)), 1, 10)) / sum(n) AS top,
        greatest(0, 2 * arraySum((x, i) -> x * i, arraySort(groupArray(n)), arrayEnumerate(groupArray(n))) / (count() * sum(n)) - (count() + 1) / count()) AS gini
    FROM (SELECT number, since, platform, account_id, n, (platform, account_id) IN networked AS in_network, (platform, account_id) IN marked AS is_marked FROM who) AS w
    LEFT JOIN ages AS a ON w.platform = a.platform AND w.account_id = a.account_id
    GROUP BY number) AS of
LEFT JOIN fast USING (number)
SETTINGS use_skip_indexes_if_final = 1, use_skip_indexes_if_final_exact_mode = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 1, max_query_size = 16777216`,
		strings.Join(list, ", "), schema.TopicsOf(inTime("created_at", first, last)), strings.Join(names, ", "), schema.Database, onDay, automation.High,
		schema.StoreDatabase, schema.TableTombstones, inTime("written_at", first, last), automation.FastDelete))
	if err != nil {
		return nil, err
	}
	counted := map[uint32]authors{}
	return counted, scanAll(rows, func(rows driver.Rows) error {
		var number uint32
		var a authors
		err := rows.Scan(&number, &a.posts, &a.accounts, &a.flagged, &a.networked, &a.young, &a.aged, &a.fast, &a.top, &a.gini)
		counted[number] = a
		return err
	})
}

// inTime is the condition that a time lies in [from, to).
func inTime(column string, from, to time.Time) string {
	return fmt.Sprintf("%[1]s >= fromUnixTimestamp64Milli(%[2]d) AND %[1]s < fromUnixTimestamp64Milli(%[3]d)", column, from.UnixMilli(), to.UnixMilli())
}

// Clean removes rows of runs that no longer count.
func (b *Bursts) Clean(ctx context.Context) error {
	if err := cleanRuns(ctx, b.db, schema.MethodTopics, schema.TableTopics); err != nil {
		return err
	}
	return cleanRuns(ctx, b.db, schema.MethodBursts, schema.TableBursts)
}

// back is an hour so many seconds before another, not before 1970.
func back(hour, seconds Hour) Hour { return hour - min(hour, seconds) }
