package page

import (
	"strings"

	"github.com/election-observatory/observatory/charts"
)

// view is a page with a statement, whose answer it shows as a table.
type view struct {
	name  string // Its path; messages have its title, what it says and what not.
	sql   string // $FROM and $TO are the ends of its time.
	chart charts.Chart
	leads map[string]string // Where a column leads: its value goes in place of {}.
}

// views are in the order in which they are offered.
func views() []*view {
	return []*view{
		{name: "posts", chart: charts.Chart{Kind: charts.Lines, X: "hour", By: "platform", Y: "posts", Coverage: "coverage"}, sql: `SELECT hour, platform, sum(n) AS posts, if(sum(minutes) = 0, NULL, round(sum(up) / sum(minutes), 4)) AS coverage
FROM (
    SELECT hour, platform, sum(posts) AS n, 0 AS up, 0 AS minutes FROM hourly WHERE query = '' AND source_class = '' AND hour >= $FROM AND hour < $TO GROUP BY hour, platform
    UNION ALL
    SELECT toStartOfHour(minute) AS hour, platform, 0, sum(connected), count() FROM coverage WHERE platform != '' AND minute >= $FROM AND minute < $TO GROUP BY hour, platform)
GROUP BY hour, platform
ORDER BY hour, platform`},
		{name: "collected", sql: `SELECT platform, source, any(collector) AS collector, max(minute) AS last_seen, round(avg(connected), 4) AS coverage, sum(received) AS events, sum(arraySum(mapValues(rejected))) AS rejects
FROM coverage WHERE minute >= $FROM AND minute < $TO
GROUP BY platform, source ORDER BY platform, coverage, source LIMIT 500`},
		{name: "missing", sql: `SELECT source, kind, reason, from, to
FROM missing WHERE from < $TO AND (to > $FROM OR to IS NULL)
ORDER BY from DESC, source, kind LIMIT 500`},
		{name: "queries", chart: charts.Chart{Kind: charts.Bars, X: "query", Y: "posts"}, sql: `SELECT query, sum(posts) AS posts
FROM hourly WHERE query != '' AND source_class = '' AND hour >= $FROM AND hour < $TO
GROUP BY query ORDER BY posts DESC, query LIMIT 100`},
		{name: "sources", chart: charts.Chart{Kind: charts.Bars, X: "language", Y: "percent", Low: "low", High: "high"}, sql: `SELECT part AS language, round(100 * share, 2) AS percent, round(100 * low, 2) AS low, round(100 * high, 2) AS high, links, round(100 * rated_share, 1) AS percent_rated, round(100 * unresolved_share, 1) AS percent_unknown, round(coverage, 4) AS coverage, note
FROM source_shares(from = $FROM, to = $TO, by = 'lang') WHERE source_class = 'unreliable'
ORDER BY percent DESC, language`},
		{name: "domains", sql: `SELECT domain, source_class, links, accounts, round(100 * share, 2) AS percent_of_links, first_seen
FROM top_domains(from = $FROM, to = $TO)
ORDER BY links DESC, domain LIMIT 100`, leads: map[string]string{"domain": "/check?url={}"}},
		{name: "networks", sql: `SELECT network_id, max(day) AS last_day, any(object_kind) AS shared, argMax(accounts, day) AS accounts, argMax(objects, day) AS objects, argMax(posts, day) AS posts, argMax(pairs, day) AS pairs, round(argMax(expected_pairs, day), 1) AS expected_pairs, argMax(q_value, day) AS q, any(method_version) AS method_version
FROM networks WHERE day >= toDate($FROM) AND day < toDate($TO)
GROUP BY network_id ORDER BY accounts DESC, network_id LIMIT 200`, leads: map[string]string{"network_id": "/network?id={}"}},
		{name: "copies", sql: `SELECT day, posts, accounts, texts, lang AS language, round(similarity, 2) AS similarity, first, last, text, cluster_id, method_version
FROM text_clusters WHERE day >= toDate($FROM) AND day < toDate($TO)
ORDER BY accounts DESC, posts DESC, cluster_id LIMIT 100`},
		{name: "bursts", sql: `SELECT topic_kind, topic, from, to, posts, accounts, round(expected, 1) AS expected, round(100 * flagged_share, 1) AS percent_flagged, round(100 * flagged_low, 1) AS at_least, round(100 * new_share, 1) AS percent_new, round(100 * top10_share, 1) AS percent_by_ten, burst_id, method_version
FROM bursts WHERE from < $TO AND to > $FROM
ORDER BY flagged_low DESC, posts DESC, burst_id LIMIT 200`},
		{name: "alerts", sql: `SELECT method, subject, from, to, reason, evidence, acknowledged_at, alert_id, method_version
FROM alerts WHERE from < $TO AND (to > $FROM OR to IS NULL)
ORDER BY from DESC, method, subject LIMIT 200`},
		{name: "review", sql: `SELECT subject_kind AS kind, subject_id AS id, what, from, to, accounts, posts, status, reviewers, method_version
FROM review_queue WHERE from < $TO AND to > $FROM
ORDER BY indexOf(['disputed', 'waiting', 'new'], toString(status)), kind != 'network', kind, accounts DESC, id LIMIT 300`, leads: map[string]string{"id": "/judge?id={}"}},
		{name: "reviewed", sql: `SELECT subject_kind AS kind, subject_id AS id, status, verdict, confidence, reviewers, actor_type, arrayStringConcat(citations, '; ') AS citations, arrayStringConcat(notes, '; ') AS notes, last_at
FROM reviews ORDER BY last_at DESC, kind, id LIMIT 500`, leads: map[string]string{"id": "/judge?id={}"}},
		{name: "corrections", sql: `SELECT case_id, at, event, outcome, subject_kind AS about, subject_id AS which, text
FROM corrections ORDER BY min(at) OVER (PARTITION BY case_id) DESC, case_id, at LIMIT 500`},
		{name: "automation", chart: charts.Chart{Kind: charts.Bars, X: "index", Y: "accounts"}, sql: `SELECT toString(floor(score * 2) / 2) AS index, count() AS accounts, any(method_version) AS method_version
FROM account_scores WHERE status = 'scored' AND day = (SELECT max(day) FROM account_scores WHERE day < toDate($TO))
GROUP BY index ORDER BY toFloat64(index)`},
		{name: "releases", sql: `SELECT week, tier, release_version, released_at, folder, files, rows, coverage_share, superseded_at, note, checksum
FROM releases ORDER BY week DESC, tier, release_version DESC LIMIT 500`},
	}
}

// network is one network: hidden from the list of views, since it needs an id.
func network(id string) []*view {
	is := "network_id = '" + id + "'"
	on := is + " AND day = (SELECT max(day) FROM networks WHERE " + is + ")"
	members := "(SELECT account_id FROM network_members WHERE " + is + ")"
	return []*view{
		{name: "network", sql: "SELECT day, object_kind AS shared, accounts, edges, objects, posts, pairs, round(expected_pairs, 1) AS expected_pairs, q_value AS q, first, last, method_version FROM networks WHERE " + is + " ORDER BY day DESC"},
		{name: "network-accounts", sql: "SELECT account_id, platform, edges, objects, posts FROM network_members WHERE " + on + " ORDER BY edges DESC, account_id LIMIT 500"},
		{name: "network-objects", sql: "SELECT object_id, count() AS pairs, uniqExact(account_id) AS accounts, min(created_at) AS first, max(created_at_newer) AS last FROM pairs WHERE NOT self AND NOT original AND account_id IN " + members + " AND account_id_newer IN " + members + " GROUP BY object_id ORDER BY pairs DESC, object_id LIMIT 200"},
	}
}

// judging is what is shown to who judges: what was found, and what others say.
func judging(id string) []*view {
	is := "subject_id = '" + id + "'"
	return []*view{
		{name: "judge-found", sql: "SELECT subject_kind AS kind, what, from, to, accounts, posts, status, method_version FROM review_queue WHERE " + is},
		{name: "judge-said", sql: "SELECT subject_kind AS kind, reviewer, at, verdict, confidence, actor_type, citation, note FROM judgements WHERE " + is + " ORDER BY at, reviewer"},
	}
}

// statement puts the ends of its time into a view's statement.
func (v *view) statement(s span) string {
	return strings.NewReplacer("$FROM", s.sqlFrom(), "$TO", s.sqlTo()).Replace(v.sql)
}
