package assess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/neardup"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// clustersVersion changes with what a cluster is.
const clustersVersion = "1"

// ClustersConfig says which texts are compared.
type ClustersConfig struct {
	neardup.Params
	Posts int // Posts from which copies are a cluster.
	Cap   int // Distinct texts of a day that are compared: those with the lowest hashes.
}

// DefaultClusters compares up to a million distinct texts a day. They are held in
// memory with what was written with them.
func DefaultClusters() ClustersConfig {
	return ClustersConfig{Params: neardup.DefaultParams(), Posts: 3, Cap: 1_000_000}
}

// Clusters keeps the clusters of texts of each day.
type Clusters struct {
	db      driver.Conn
	cfg     ClustersConfig
	version string
}

// NewClusters makes clusters in the store behind db.
func NewClusters(db driver.Conn, cfg ClustersConfig) *Clusters {
	return &Clusters{db: db, cfg: cfg, version: fmt.Sprintf("%s/%s/%d/%d/%d", clustersVersion, strconv.FormatFloat(cfg.Threshold, 'f', -1, 64), cfg.Posts, cfg.Cap, cfg.Compared)}
}

// Name is the method's job in progress.
func (c *Clusters) Name() string { return store.JobClusters + "/" + c.version }

// daysOf are the days that hours are in.
func daysOf(hours []Hour) []Hour {
	var days []Hour
	for _, hour := range hours {
		days = append(days, hour/secondsPerDay*secondsPerDay)
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// Compute makes the clusters of the days again that the hours are in.
func (c *Clusters) Compute(ctx context.Context, hours []Hour, version uint64) error {
	days := daysOf(hours)
	for len(days) > 0 {
		n, err := fitDays(ctx, c.db, days)
		if err != nil {
			return err
		}
		r := newRun(schema.MethodClusters, c.version, version)
		if err := c.days(ctx, days[:n], r); err != nil {
			return fmt.Errorf("cluster the texts of %d days: %w", n, err)
		}
		if err := r.counts(ctx, c.db, days[:n]); err != nil {
			return err
		}
		days = days[n:]
	}
	return nil
}

// postsAtOnce bounds how many posts are held in memory, but for those of one day.
const postsAtOnce = 500_000

// fitDays is how many of the days are computed at once.
func fitDays(ctx context.Context, db driver.Conn, days []Hour) (int, error) {
	n := min(len(days), maxHours)
	for n > 1 && days[n-1]-days[0] > maxSpan {
		n /= 2
	}
	rows, err := db.Query(ctx, fmt.Sprintf("SELECT toUInt32(toUnixTimestamp(toStartOfDay(hour))) AS day, toUInt64(sum(posts)) FROM %s.hourly WHERE hour >= toDateTime(%d) AND hour < toDateTime(%d) GROUP BY day", schema.Database, days[0], days[n-1]+secondsPerDay))
	if err != nil {
		return 0, fmt.Errorf("count the posts of %d days: %w", n, err)
	}
	posts, sum := map[Hour]uint64{}, uint64(0)
	err = scanAll(rows, func(rows driver.Rows) error {
		var day uint32
		var n uint64
		err := rows.Scan(&day, &n)
		posts[Hour(day)] = n
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count the posts of %d days: %w", n, err)
	}
	for i, day := range days[:n] {
		if sum += posts[day]; sum > postsAtOnce && i > 0 {
			return i, nil
		}
	}
	return n, nil
}

// whole is the condition that a time is in one of the days, which are in order.
func whole(column string, days []Hour) string {
	var terms []string
	for from := 0; from < len(days); {
		to := from
		for to+1 < len(days) && days[to+1] == days[to]+secondsPerDay {
			to++
		}
		terms = append(terms, between(column, days[from], days[to]+secondsPerDay))
		from = to + 1
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

// written is a post with a text.
type written struct {
	platform, lang string
	post, account  uuid.UUID
	ms             int64
}

// text is a text and who wrote it, in the order of times.
type text struct {
	hash  uint64
	text  string
	posts []written
}

// days makes the clusters of days, one after the other as they are read.
func (c *Clusters) days(ctx context.Context, days []Hour, r run) error {
	w := &clusterWriter{
		run:      r,
		clusters: newInserter(ctx, c.db, schema.TableClusters, "hour, cluster_id, posts, accounts, texts, platforms, lang, text, text_hash, similarity, first, last, left_out, capped, method_version, run"),
		members:  newInserter(ctx, c.db, schema.TableClusterMembers, "hour, cluster_id, platform, post_id, account_id, created_at, text_hash, similarity, method_version, run"),
	}
	err := c.read(ctx, days, func(day Hour, texts []text) error {
		groups, forms, capped := c.group(texts)
		w.day, w.capped, w.leftOut = day, capped, 0
		if len(texts) >= c.cfg.Cap {
			var all uint64
			if err := c.db.QueryRow(ctx, "SELECT uniqExact(text_hash) "+ofTexts([]Hour{day})+readSettings).Scan(&all); err != nil {
				return err
			}
			w.leftOut = all - min(all, uint64(len(texts)))
		}
		for _, group := range groups {
			w.write(texts, forms, group, c.cfg.Posts)
		}
		return nil
	})
	return errors.Join(err, w.clusters.end(), w.members.end())
}

// shortest is how many bytes the shortest text has that may be compared.
const shortest = 30

func ofTexts(days []Hour) string {
	return fmt.Sprintf("FROM %s.posts WHERE %s AND kind != 'repost' AND length(text) >= %d ", schema.Database, whole("created_at", days), shortest)
}

// read reads the texts of days in the order of their hashes.
func (c *Clusters) read(ctx context.Context, days []Hour, each func(day Hour, texts []text) error) error {
	rows, err := c.db.Query(ctx, fmt.Sprintf(`SELECT toUInt32(toUnixTimestamp(toStartOfDay(toDateTime(created_at, 'UTC')))) AS day, text_hash, argMin(text, (created_at, post_id)), groupArray(toString(platform)), groupArray(toString(lang)),
    groupArray(post_id), groupArray(account_id), groupArray(toUnixTimestamp64Milli(created_at)) %s GROUP BY day, text_hash ORDER BY day, text_hash LIMIT %d BY day %s`, ofTexts(days), c.cfg.Cap, readSettings))
	if err != nil {
		return err
	}
	var texts []text
	var at Hour
	err = scanAll(rows, func(rows driver.Rows) error {
		var t text
		var day uint32
		var platforms, langs []string
		var posts, accounts []uuid.UUID
		var times []int64
		if err := rows.Scan(&day, &t.hash, &t.text, &platforms, &langs, &posts, &accounts, &times); err != nil {
			return err
		}
		if Hour(day) != at && len(texts) > 0 {
			if err := each(at, texts); err != nil {
				return err
			}
			texts = texts[:0]
		}
		at = Hour(day)
		t.posts = make([]written, len(posts))
		for i := range posts {
			t.posts[i] = written{platforms[i], langs[i], posts[i], accounts[i], times[i]}
		}
		texts = append(texts, t)
		return nil
	})
	if err != nil || len(texts) == 0 {
		return err
	}
	return each(at, texts)
}

// group groups the texts that are long enough; one text alone is a group as well.
func (c *Clusters) group(texts []text) (groups [][]int, forms []string, capped uint64) {
	plain := make([]string, len(texts))
	for i := range texts {
		plain[i] = texts[i].text
	}
	forms = neardup.Forms(plain)
	var long []neardup.Text
	var at []int
	for i, form := range forms {
		if c.cfg.Long(form) {
			long, at = append(long, neardup.Text{Hash: texts[i].hash, Form: form}), append(at, i)
		}
	}
	found := neardup.Group(long, c.cfg.Params)
	grouped := make([]bool, len(texts))
	for _, group := range found.Of {
		for i, text := range group {
			group[i] = at[text]
			grouped[at[text]] = true
		}
	}
	groups = found.Of
	for _, i := range at {
		if !grouped[i] && len(texts[i].posts) >= c.cfg.Posts {
			groups = append(groups, []int{i})
		}
	}
	return groups, forms, found.Capped
}

// clusterWriter writes the clusters of a day.
type clusterWriter struct {
	day               Hour
	run               run
	leftOut, capped   uint64
	clusters, members *inserter
}

// member is a post of a cluster.
type member struct {
	*written
	text int
}

// write writes a cluster, the texts of which are in the order of their hashes, if
// it has enough posts.
func (w *clusterWriter) write(texts []text, forms []string, group []int, least int) {
	var posts []member
	langs, platforms, accounts := map[string]int{}, []string{}, map[string]bool{}
	for _, i := range group {
		for j := range texts[i].posts {
			p := &texts[i].posts[j]
			posts = append(posts, member{p, i})
			langs[p.lang]++
			platforms = append(platforms, p.platform)
			accounts[accountKey(p.platform, p.account)] = true
		}
	}
	if len(posts) < least {
		return
	}
	slices.SortFunc(posts, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.ms, b.ms), strings.Compare(a.platform, b.platform), slices.Compare(a.post[:], b.post[:]))
	})
	slices.Sort(platforms)
	chief := representative(posts)
	like := map[int]float64{}
	for _, i := range group {
		like[i] = neardup.Similarity(forms[i], forms[chief])
	}
	id, sum := fmt.Sprintf("%016x", texts[group[0]].hash), 0.0
	for _, p := range posts {
		sum += like[p.text]
		w.members.add(w.day.Time(), id, p.platform, p.post, p.account, time.UnixMilli(p.ms).UTC(), texts[p.text].hash, like[p.text], w.run.methodVersion, w.run.id)
	}
	w.clusters.add(w.day.Time(), id, uint64(len(posts)), uint64(len(accounts)), uint64(len(group)), slices.Compact(platforms), mostOf(langs), texts[chief].text, texts[chief].hash, sum/float64(len(posts)),
		time.UnixMilli(posts[0].ms).UTC(), time.UnixMilli(posts[len(posts)-1].ms).UTC(), w.leftOut, w.capped, w.run.methodVersion, w.run.id)
}

// representative is the text of most posts; of several that which came first.
func representative(posts []member) int {
	counts, best := map[int]int{}, posts[0].text
	for _, p := range posts {
		counts[p.text]++
	}
	for _, p := range posts {
		if counts[p.text] > counts[best] {
			best = p.text
		}
	}
	return best
}

// mostOf is the most frequent word, of several the first in the alphabet.
func mostOf(counts map[string]int) string {
	best := ""
	for word, n := range counts {
		if best == "" || n > counts[best] || n == counts[best] && word < best {
			best = word
		}
	}
	return best
}

// Clean removes rows of runs that no longer count.
func (c *Clusters) Clean(ctx context.Context) error {
	return cleanRuns(ctx, c.db, schema.MethodClusters, schema.TableClusters, schema.TableClusterMembers)
}
