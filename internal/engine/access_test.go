package engine_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/engine"
)

// forbidden are statements that a researcher must not get through. Params
// follow a statement after "||".
var forbidden = []string{
	// Restricted relations, in every place where a relation may stand.
	"SELECT * FROM identities",
	"SELECT * FROM observatory.identities",
	"SELECT * FROM `observatory`.`identities`",
	`SELECT * FROM "observatory"."identities"`,
	"SELECT * FROM “observatory”.“identities”",
	"SELECT * FROM observatory . /* */ identities",
	"SELECT raw_text FROM post_refs",
	"SELECT * FROM rejects",
	"SELECT * FROM unlisted",
	"SELECT * FROM observatory_store.identity_rows",
	"SELECT native_id FROM observatory_store.post_rows",
	"SELECT * FROM default.other",
	"FROM identities SELECT *",
	"SELECT 1 IN identities",
	"SELECT '" + canary + "' IN (SELECT native_id FROM identities)",
	"SELECT '" + canary + "' IN observatory_store.identity_rows",
	"SELECT '" + canary + "' NOT IN default.other",
	"SELECT in('" + canary + "', default.other)",
	"SELECT globalIn('" + canary + "', unlisted)",
	"SELECT (SELECT any(native_id) FROM identities)",
	"SELECT p.text, i.handle FROM posts AS p CROSS JOIN identities AS i",
	"SELECT 1 FROM posts WHERE EXISTS (SELECT 1 FROM identities)",
	"SELECT 1 UNION ALL SELECT 2 FROM identities",
	"SELECT native_id FROM identities INTERSECT SELECT native_id FROM identities",
	"SELECT 1 EXCEPT SELECT 2 FROM identities",
	"WITH identities AS (SELECT 1 AS a) SELECT * FROM identities",
	"WITH a AS (SELECT * FROM identities) SELECT * FROM a",
	"WITH (SELECT any(handle) FROM identities) AS h SELECT h",
	"SELECT * FROM (SELECT * FROM (SELECT * FROM identities))",
	"SELECT * FROM {t:Identifier}||param_t=identities",
	"SELECT * FROM observatory.{t:Identifier}||param_t=identities",
	"SELECT * FROM {d:Identifier}.{t:Identifier}||param_d=observatory_store||param_t=identity_rows",
	"SELECT '" + canary + "' IN {t:Identifier}||param_t=default.other",
	"DESCRIBE identities",
	"DESCRIBE TABLE observatory_store.post_rows",
	"DESCRIBE (SELECT * FROM identities)",
	"SHOW CREATE TABLE identities",
	"SHOW CREATE VIEW observatory.identities",
	"SHOW CREATE TABLE observatory_store.identity_rows",
	"SHOW CREATE DATABASE observatory_store",
	"SHOW TABLES FROM observatory_store",
	"EXISTS TABLE observatory_store.identity_rows",
	"CHECK TABLE observatory_store.identity_rows",
	"EXPLAIN SELECT * FROM identities",
	"EXPLAIN AST SELECT * FROM identities",
	"EXPLAIN SYNTAX SELECT * FROM identities",
	"EXPLAIN QUERY TREE SELECT * FROM identities",
	"EXPLAIN PIPELINE SELECT * FROM identities",
	"EXPLAIN ESTIMATE SELECT * FROM identities",
	"EXPLAIN EXPLAIN SELECT * FROM identities",
	"SELECT * FROM (EXPLAIN SELECT * FROM identities)",
	// Table functions.
	"SELECT * FROM file('$FILE', 'LineAsString')",
	"SELECT * FROM FILE('$FILE', LineAsString, 'a String')",
	"SELECT * FROM `file`('$FILE', 'LineAsString')",
	"SELECT * FROM fileCluster('default', '$FILE', 'LineAsString')",
	"SELECT * FROM url('http://$LISTEN/', 'LineAsString')",
	"SELECT * FROM url('http://$LISTEN/', LineAsString, 'a String')",
	"SELECT * FROM remote('$LISTEN', system.one)",
	"SELECT * FROM remote('127.0.0.1', view(SELECT * FROM observatory.identities))",
	"SELECT * FROM cluster('default', observatory.identities)",
	"SELECT * FROM s3('http://$LISTEN/b/k', 'LineAsString')",
	"SELECT * FROM mysql('$LISTEN', 'a', 'b', 'c', 'd')",
	"SELECT * FROM postgresql('$LISTEN', 'a', 'b', 'c', 'd')",
	"SELECT * FROM mongodb('$LISTEN', 'a', 'b', 'c', 'd', 'e String')",
	"SELECT * FROM redis('$LISTEN', 'key', 'key String')",
	"SELECT * FROM sqlite('$FILE', 'a')",
	"SELECT * FROM executable('id', 'TSV', 'a String')",
	"SELECT * FROM merge('observatory_store', '.*')",
	"SELECT * FROM merge(REGEXP('observatory.*'), '.*')",
	"SELECT * FROM view(SELECT * FROM identities)",
	"SELECT * FROM viewIfPermitted(SELECT * FROM identities ELSE null('a String'))",
	"SELECT * FROM viewExplain('EXPLAIN', '', (SELECT * FROM identities))",
	"SELECT * FROM eval('SELECT * FROM observatory.identities')",
	"SELECT * FROM loop(observatory_store.identity_rows) LIMIT 1",
	"SELECT * FROM dictionary('d')",
	"SELECT * FROM mergeTreeIndex(observatory_store, post_rows)",
	"SELECT * FROM filesystem('/etc')",
	"SELECT * FROM input('a String')",
	"SELECT * FROM numbers(1), file('$FILE', 'LineAsString')",
	"SELECT * FROM posts WHERE text IN (SELECT line FROM file('$FILE', 'LineAsString'))",
	"DESCRIBE TABLE file('$FILE')",
	"DESCRIBE TABLE url('http://$LISTEN/a.csv')",
	"EXPLAIN SELECT * FROM file('$FILE')",
	"EXPLAIN TABLE OVERRIDE mysql('$LISTEN', 'a', 'b', 'c', 'd') PARTITION BY x",
	// Functions.
	"SELECT file('$FILE')",
	"SELECT `file`('$FILE')",
	"file('$FILE')",
	"(file('$FILE'))",
	"* FROM identities",
	"arrayMap(file, ['$FILE'])",
	"EXPLAIN AST file('$FILE')",
	"SELECT FILE('$FILE')",
	"SELECT arrayMap(file, ['$FILE'])",
	"SELECT arrayMap(x -> file(x), ['$FILE'])",
	"WITH x -> file(x) AS f SELECT f('$FILE')",
	"SELECT arrayMap({f:Identifier}, ['$FILE'])||param_f=file",
	"SELECT '$FILE' AS a, * APPLY(file) FROM (SELECT '$FILE')",
	"SELECT * APPLY(x -> file(x)) FROM (SELECT '$FILE')",
	"SELECT * REPLACE(file('$FILE') AS a) FROM (SELECT 1 AS a)",
	"SELECT 1 LIMIT length(file('$FILE'))",
	"SELECT 1 QUALIFY file('$FILE') = ''",
	"SELECT 1 AS a ORDER BY a WITH FILL FROM length(file('$FILE')) TO 3",
	"SELECT 1 AS a, 2 AS b ORDER BY a WITH FILL FROM 1 TO 3 INTERPOLATE (b AS length(file('$FILE')))",
	"SELECT sum(1) OVER (PARTITION BY file('$FILE'))",
	"SELECT 1 LIMIT 1 BY file('$FILE')",
	"SELECT DISTINCT ON (file('$FILE')) 1",
	"SELECT a FROM (SELECT 1 AS a) ARRAY JOIN [file('$FILE')] AS b",
	"SELECT CAST(file('$FILE') AS String)",
	"SELECT dictGet('d', 'a', 1)",
	"SELECT joinGet('t', 'a', 1)",
	"SELECT hasColumnInTable('$LISTEN', 'a', 'b', 'c', 'd', 'e')",
	"SELECT sleep(1)",
	"SELECT sleepEachRow(1) FROM numbers(10)",
	"SELECT filesystemAvailable()",
	"SELECT hostName()",
	"SELECT getMacro('a')",
	"SELECT getServerSetting('tmp_path')",
	"SELECT catboostEvaluate('$FILE', 1)",
	"SELECT aiGenerate('a')",
	"SELECT demangle('a')",
	"SELECT structureToProtobufSchema('a String')",
	"SELECT nosuchfunction(1)",
	"WITH x -> x + 1 AS sleep SELECT sleep(1)",
	"SELECT nosuch(1), 1 AS nosuch",
	"SELECT * FROM format(LineAsString, 'a')",
	// What changes something, or the process.
	"DROP TABLE posts",
	"DROP DATABASE observatory",
	"TRUNCATE TABLE observatory_store.post_rows",
	"ALTER TABLE observatory_store.post_rows DELETE WHERE 1",
	"DELETE FROM observatory_store.post_rows WHERE 1",
	"OPTIMIZE TABLE observatory_store.post_rows FINAL",
	"RENAME TABLE observatory.posts TO observatory.p",
	"CREATE TABLE t (a UInt8) ENGINE = Memory",
	"CREATE TEMPORARY TABLE t (a UInt8)",
	"CREATE VIEW v AS SELECT 1",
	"CREATE FUNCTION f AS x -> file(x)",
	"CREATE USER u",
	"GRANT ALL ON *.* TO default",
	"ATTACH TABLE t",
	"DETACH TABLE observatory_store.post_rows",
	"INSERT INTO posts SELECT * FROM posts",
	"INSERT INTO observatory_store.progress VALUES ('a', 'b', 'c', 1, 2)",
	"INSERT INTO FUNCTION file('$ABSENT', 'CSV', 'a String') VALUES ('a')",
	"INSERT INTO FUNCTION url('http://$LISTEN/', 'CSV', 'a String') SELECT 'a'",
	"SELECT 1 INTO OUTFILE '$ABSENT'",
	"SELECT 1 INTO/**/OUTFILE '$ABSENT' FORMAT CSV",
	"EXPLAIN SELECT 1 INTO OUTFILE '$ABSENT'",
	"SHOW TABLES INTO OUTFILE '$ABSENT'",
	"DESCRIBE posts INTO OUTFILE '$ABSENT'",
	"EXISTS posts INTO OUTFILE '$ABSENT'",
	"SET readonly = 0",
	"SET max_memory_usage = 0",
	"USE system",
	"SYSTEM SHUTDOWN",
	"SYSTEM DROP MARK CACHE",
	"KILL QUERY WHERE 1",
	"BACKUP DATABASE observatory TO File('$ABSENT')",
	"BEGIN TRANSACTION",
	"EXECUTE AS default SELECT 1",
	// Several statements, and text that hides one.
	"SELECT 1; SELECT 2",
	"SELECT 1; DROP TABLE posts",
	"SELECT * FROM identities; ((",
	"SHOW TABLES; SELECT * FROM identities; ((",
	"EXPLAIN AST SELECT 1; SELECT * FROM identities; ((",
	"SELECT 1 PARALLEL WITH SELECT 2",
	"SELECT 1 /*; */; SELECT * FROM identities -- */",
	"SELECT * FROM posts UUID '$IDENTITIES'",
	"SELECT * FROM posts uuid/**/'$IDENTITIES'",
	"SELECT * FROM posts UUID ‘$IDENTITIES’",
	"SELECT 1 AS `a\n Explain EXPLAIN\n  Set`",
	"SELECT ('x' AS `x)\n      Literal UInt64_1 (alias y`) IN unlisted",
	"SELECT ('x' AS {a:Identifier}) IN unlisted||param_a=x)\\n      Literal UInt64_1 (alias y",
	"SELECT 1 AS `a\\nExplain EXPLAIN`",
	"SELECT 1 AS {a:Identifier}||param_a=a\n Explain EXPLAIN",
	// Settings.
	"SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)",
	"SELECT * FROM (SELECT * FROM observatory.posts SETTINGS additional_table_filters = {})",
	"SELECT 1 SETTINGS readonly = 0",
	"SELECT 1 SETTINGS additional_table_filters = {}",
	"SELECT 1 SETTINGS output_format_schema = '$ABSENT'",
	"SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '$ABSENT'",
	"SELECT 1 FORMAT Template SETTINGS format_template_row = '$FILE'",
	"SELECT 1 AS a SETTINGS format_schema = '$FILE', format_schema_source = 'file' FORMAT Protobuf",
	"SELECT 1||output_format_schema=$ABSENT",
	"SELECT 1||format_schema=$FILE",
	"SELECT 1||additional_table_filters={}",
	"SELECT 1||allow_ddl=1",
	"SELECT 1||input_format_record_errors_file_path=$ABSENT",
	"SELECT 1||database=observatory_store",
	"SELECT 1||database=system",
	"SELECT 1||default_format=CSV INTO OUTFILE '$ABSENT'",
	"SELECT 1||nosuchsetting=1",
	// The engine's own tables.
	"SELECT * FROM system.processes",
	"SELECT * FROM system.parts",
	"SELECT * FROM system.disks",
	"SELECT * FROM system.server_settings",
	"SELECT * FROM system.users",
	"SELECT * FROM system.query_log",
	"SELECT * FROM `system`.`processes`",
	"SELECT * FROM system.stack_trace",
	"SHOW PROCESSLIST",
	"SHOW GRANTS",
	"SHOW ENGINES",
}

func TestResearcherGetsNothingElse(t *testing.T) {
	t.Parallel()
	c := guard(t)
	uuid := strings.TrimSpace(c.own(t, "SELECT uuid FROM system.tables WHERE database = 'observatory' AND name = 'identities'"))
	before := c.own(t, "SELECT database, name, total_rows FROM system.tables WHERE database != 'system' ORDER BY ALL")
	for _, test := range forbidden {
		t.Run(test, func(t *testing.T) {
			parts := strings.Split(strings.ReplaceAll(c.fill(test), "$IDENTITIES", uuid), "||")
			values := url.Values{}
			for _, part := range parts[1:] {
				name, value, _ := strings.Cut(part, "=")
				values.Set(name, value)
			}
			response, answer := get(t, "POST", c.URL+"/?"+values.Encode(), parts[0])
			if response.StatusCode == 200 {
				t.Errorf("permitted: %.200q", answer)
			}
			if code := response.Header.Get("X-ClickHouse-Exception-Code"); !strings.HasPrefix(answer, "Code: "+code+". DB::Exception: ") {
				t.Errorf("code %q: %.300s", code, answer)
			}
			if err := c.safe(strings.ReplaceAll(answer, parts[0], "")); err != nil && !strings.Contains(test, canary) {
				t.Errorf("%v: %.300s", err, answer)
			}
		})
	}
	if after := c.own(t, "SELECT database, name, total_rows FROM system.tables WHERE database != 'system' ORDER BY ALL"); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// permitted are statements that a researcher needs, with what they answer
// where that is short.
var permitted = []struct{ query, want string }{
	{"SELECT count() FROM posts", "200\n"},
	{"SELECT count() FROM observatory.posts", "200\n"},
	{"SELECT count() FROM `observatory`.`posts`", "200\n"},
	{"FROM posts SELECT count()", "200\n"},
	{"select COUNT(*) from posts", "200\n"},
	{"SELECT count(), uniqExact(account_id) FROM posts WHERE platform = 'x' AND created_at >= '2024-06-01'", "67\t5\n"},
	{"SELECT platform, count() AS n FROM posts GROUP BY platform ORDER BY n DESC, platform", "bluesky\t67\nx\t67\nmastodon\t66\n"},
	{"SELECT lang, sumIf(likes, kind = 'post') FROM posts GROUP BY lang ORDER BY lang", ""},
	{"SELECT countIf(likes > 10), avgIf(likes, lang = 'de'), uniqIf(account_id, kind = 'post'), anyIf(lang, 1) FROM posts", ""},
	{"SELECT uniqArrayIf(hashtags, 1), sumArray(arrayMap(x -> 1, hashtags)), groupUniqArrayArray(hashtags) FROM posts", ""},
	{"SELECT quantiles(0.5, 0.9)(likes), quantileExact(0.5)(likes), median(likes), quantileTDigestIf(0.9)(likes, lang = 'de') FROM posts", ""},
	{"SELECT finalizeAggregation(quantilesState(0.5)(likes)), uniqMerge(s) FROM (SELECT uniqState(account_id) AS s, any(likes) AS likes FROM posts)", ""},
	{"SELECT sumOrNull(likes), avgOrDefault(likes), sumForEach([likes]), argMaxIf(lang, likes, 1), sumDistinct(likes), sumMap(map(lang, likes)) FROM posts", ""},
	{"SELECT sumResample(0, 100, 10)(likes, likes), groupArrayIf(3)(likes, likes < 3), topK(3)(lang), countDistinct(lang) FROM posts", ""},
	{"SELECT count(DISTINCT lang), sum(likes) FILTER (WHERE lang = 'de') FROM posts", ""},
	{"SELECT toStartOfInterval(created_at, INTERVAL 6 HOUR) AS t, count() FROM posts GROUP BY t ORDER BY t LIMIT 3", ""},
	{"SELECT toStartOfHour(created_at) AS hour, count() FROM posts GROUP BY hour ORDER BY hour WITH FILL FROM toDateTime('2024-06-01 00:00:00') TO toDateTime('2024-06-02 00:00:00') STEP INTERVAL 1 HOUR", ""},
	{"SELECT number AS a, number * 2 AS b FROM numbers(3) ORDER BY a WITH FILL TO 6 INTERPOLATE (b AS b + 1)", ""},
	{"SELECT dateDiff('day', min(created_at), max(created_at)) FROM posts", "8\n"},
	{"SELECT toDate(created_at) AS day, lang, count() FROM posts GROUP BY GROUPING SETS ((day), (lang), ()) ORDER BY ALL LIMIT 5", ""},
	{"SELECT lang, platform, count() FROM posts GROUP BY ROLLUP(lang, platform) ORDER BY ALL", ""},
	{"SELECT lang, platform, count() FROM posts GROUP BY CUBE(lang, platform) ORDER BY ALL", ""},
	{"SELECT lang, count() FROM posts GROUP BY lang WITH TOTALS ORDER BY lang", ""},
	{"SELECT lang, count() AS n FROM posts GROUP BY ALL HAVING n > 5 ORDER BY n DESC NULLS LAST", ""},
	{"SELECT created_at, likes, sum(likes) OVER (PARTITION BY platform ORDER BY created_at ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM posts LIMIT 3", ""},
	{"SELECT row_number() OVER w, rank() OVER w, dense_rank() OVER w, lagInFrame(likes) OVER w, leadInFrame(likes) OVER w, ntile(4) OVER w, first_value(likes) OVER w FROM posts WINDOW w AS (PARTITION BY lang ORDER BY created_at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) LIMIT 3", ""},
	{"SELECT platform, created_at FROM posts QUALIFY row_number() OVER (PARTITION BY platform ORDER BY created_at) = 1 ORDER BY ALL", ""},
	{"WITH a AS (SELECT account_id, count() AS n FROM posts GROUP BY account_id) SELECT count(), sum(n) FROM a", "5\t200\n"},
	{"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT sum(n) FROM r", "55\n"},
	{"WITH toDateTime('2024-06-02 00:00:00') AS edge SELECT countIf(created_at < edge) FROM posts", "24\n"},
	{"WITH (SELECT max(likes) FROM posts) AS top SELECT count() FROM posts WHERE likes = top", "1\n"},
	{"WITH x -> x + 1 AS f SELECT f(1)", "2\n"},
	{"SELECT p.lang, l.domain, count() FROM posts AS p INNER JOIN links AS l USING (platform, post_id) GROUP BY ALL ORDER BY ALL", ""},
	{"SELECT count() FROM posts AS a LEFT ANY JOIN actions AS b ON a.post_id = b.post_id AND b.kind = 'url'", "200\n"},
	{"SELECT count() FROM posts AS a ASOF JOIN posts AS b ON a.account_id = b.account_id AND a.created_at >= b.created_at", ""},
	{"SELECT count() FROM posts LEFT SEMI JOIN tombstones USING (platform, post_id)", "0\n"},
	{"SELECT count() FROM posts WHERE (platform, post_id) IN (SELECT platform, post_id FROM links WHERE domain = 'example.org')", "200\n"},
	{"SELECT count() FROM posts WHERE post_id NOT IN (SELECT post_id FROM tombstones) AND lang IN ('de', 'en')", "200\n"},
	{"WITH s AS (SELECT 1) SELECT 1 IN s", "1\n"},
	{"SELECT tag, count() FROM posts ARRAY JOIN hashtags AS tag GROUP BY tag ORDER BY tag", "euro\t200\nwahl\t200\n"},
	{"SELECT arrayJoin(hashtags) AS tag, count() FROM posts GROUP BY tag ORDER BY tag", "euro\t200\nwahl\t200\n"},
	{"SELECT arrayFilter(x -> x != 'euro', hashtags), arraySort(x -> -x, [1, 3, 2]), arrayReduce('sum', [1, 2]), has(hashtags, 'wahl'), arrayZip([1], ['a']), hashtags[1] FROM posts LIMIT 1", ""},
	{"SELECT arrayMap(toString, [1, 2])", "['1','2']\n"},
	{"SELECT uniqExact(account_id) FROM (SELECT DISTINCT account_id FROM posts LIMIT 3)", "3\n"},
	{"SELECT DISTINCT ON (platform) platform FROM posts ORDER BY platform", "bluesky\nmastodon\nx\n"},
	{"SELECT platform, text FROM posts ORDER BY created_at LIMIT 1 BY platform", ""},
	{"SELECT count() FROM (SELECT platform FROM posts ORDER BY platform LIMIT 2 WITH TIES)", ""},
	{"SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 1", ""},
	{"(SELECT 1) INTERSECT (SELECT 1)", "1\n"},
	{"SELECT * FROM (SELECT number FROM numbers(3) EXCEPT SELECT 1) ORDER BY number", "0\n2\n"},
	{"SELECT text ILIKE '%TEXT%', match(text, '^text [0-9]+$'), position(text, 'ext'), lowerUTF8(text), substring(text, 1, 4), splitByChar(' ', text), extractAll(text, '[0-9]+') FROM posts LIMIT 1", ""},
	{"SELECT JSONExtractString('{\"a\":\"b\"}', 'a'), JSONExtract('{\"a\":[1,2]}', 'a', 'Array(UInt8)'), simpleJSONExtractInt('{\"a\":1}', 'a'), '{\"a\":1}'::JSON.a, toJSONString(map('a', 1))", ""},
	{"SELECT domain('https://www.example.org/a?b=c'), cutToFirstSignificantSubdomain('https://a.b.example.org'), path(url), extractURLParameter(url, 'b') FROM links LIMIT 1", ""},
	{"SELECT toTypeName(created_at), CAST('1' AS UInt8), '2'::UInt16, toDateTime64('2024-06-01 00:00:00', 3, 'UTC'), toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'), formatDateTime(now(), '%Y'), toDecimal64(1.5, 2) FROM posts LIMIT 1", ""},
	{"SELECT if(likes > 5, 'a', 'b'), multiIf(likes > 5, 1, 2), CASE WHEN likes > 5 THEN 1 WHEN likes > 3 THEN 2 ELSE 3 END, CASE lang WHEN 'de' THEN 1 ELSE 2 END, coalesce(NULL, 1), nullIf(1, 1), ifNull(NULL, 2) FROM posts LIMIT 1", ""},
	{"SELECT INTERVAL 1 DAY + toDate('2024-06-01'), DATE '2024-06-01', TIMESTAMP '2024-06-01 00:00:00', extract(YEAR FROM toDate('2024-06-01')), 3 BETWEEN 1 AND 5, NOT 1, 7 % 3, 7 DIV 2, -1", ""},
	{"SELECT tuple(1, 'a').1, (1, 2).2, map('a', 1)['a'], [1, 2][-1], {m:Map(String, UInt8)}['a']||param_m={'a':7}", ""},
	{"SELECT {n:UInt8} + 1, {s:String}, {a:Array(String)}, {d:Date}||param_n=2||param_s=it's||param_a=['x','y']||param_d=2024-06-01", "3\tit\\'s\t['x','y']\t2024-06-01\n"},
	{"SELECT count() FROM {t:Identifier}||param_t=posts", "200\n"},
	{"SELECT * EXCEPT (text), COLUMNS('^lik'), p.* FROM posts AS p LIMIT 1", ""},
	{"SELECT * REPLACE (likes + 1 AS likes) FROM posts LIMIT 1", ""},
	{"SELECT COLUMNS(likes, views) EXCEPT views FROM posts LIMIT 1", ""},
	{"SELECT windowFunnel(3600)(toDateTime(created_at), kind = 'post', kind = 'reply'), sequenceMatch('(?1)(?2)')(toDateTime(created_at), kind = 'post', kind = 'reply'), retention(kind = 'post', kind = 'reply') FROM posts", ""},
	{"SELECT corr(likes, views), stddevPop(likes), varSamp(likes), simpleLinearRegression(likes, views), entropy(lang), skewPop(likes), cramersV(lang, kind) FROM posts", ""},
	{"SELECT ngramDistance('a b', 'a c'), levenshteinDistance('abc', 'abd'), ngramSimHash(text), wordShingleMinHash(text), cityHash64(text), xxh3(text), sipHash64(text) FROM posts LIMIT 1", ""},
	{"SELECT bar(count(), 0, 200, 20), sparkbar(10)(toDate(created_at), likes) FROM posts", ""},
	{"SELECT groupArray(likes), groupUniqArray(lang), groupConcat(',')(lang), argMin(text, created_at), anyLast(lang), groupBitXor(likes), exponentialMovingAverage(10)(likes, toUnixTimestamp(created_at)) FROM posts", ""},
	{"SELECT hour, sum(posts) FROM hourly WHERE platform = 'x' GROUP BY hour ORDER BY hour LIMIT 2", "2024-06-01 00:00:00\t1\n2024-06-01 01:00:00\t2\n"},
	{"SELECT count() FROM coverage", "0\n"},
	{"SELECT count() FROM accounts", "0\n"},
	{"SELECT kind, count() FROM actions GROUP BY kind ORDER BY kind", ""},
	{"SELECT name FROM system.tables WHERE database = 'observatory' ORDER BY name", "account_activity\naccount_scores\naccounts\nactions\nagreement\nalert_log\nalerts\nannotations\nbursts\ncodings\ncombined_ratings\ncoordinated_network\ncoordinated_network_qut\ncorrections\ncoverage\nhourly\nhourly_links\nhourly_shares\njudgements\nlabels\nlinks\nlookalikes\nmass_shares\nmissing\nnetwork_edges\nnetwork_members\nnetworks\npairs\nposts\nqueries\nreleases\nreview_queue\nreviews\nrising_domains\nsource_changes\nsource_shares\nsources\nspreaders\ntext_cluster_members\ntext_clusters\ntombstones\ntop_domains\ntopics\nurl_expansions\n"},
	{"SELECT count() > 10 FROM system.columns WHERE database = 'observatory' AND table = 'posts'", "1\n"},
	{"SELECT * FROM system.one", "0\n"},
	{"SELECT number FROM system.numbers LIMIT 2", "0\n1\n"},
	{"SELECT sum(number) FROM numbers(10)", "45\n"},
	{"SELECT * FROM generate_series(1, 3)", "1\n2\n3\n"},
	{"SELECT * FROM values('a UInt8, b String', (1, 'x'), (2, 'y'))", "1\tx\n2\ty\n"},
	{"SELECT * FROM VALUES('a UInt8', 1)", "1\n"},
	{"SELECT name FROM system.databases ORDER BY name", "observatory\nsystem\n"},
	{"SELECT count() > 1000 FROM system.functions", "1\n"},
	{"SELECT count() > 100 FROM system.settings", "1\n"},
	{"SELECT table_name FROM information_schema.tables WHERE table_schema = 'observatory' ORDER BY table_name LIMIT 1", "account_activity\n"},
	{"SHOW TABLES", "account_activity\naccount_scores\naccounts\nactions\nagreement\nalert_log\nalerts\nannotations\nbursts\ncodings\ncombined_ratings\ncoordinated_network\ncoordinated_network_qut\ncorrections\ncoverage\nhourly\nhourly_links\nhourly_shares\njudgements\nlabels\nlinks\nlookalikes\nmass_shares\nmissing\nnetwork_edges\nnetwork_members\nnetworks\npairs\nposts\nqueries\nreleases\nreview_queue\nreviews\nrising_domains\nsource_changes\nsource_shares\nsources\nspreaders\ntext_cluster_members\ntext_clusters\ntombstones\ntop_domains\ntopics\nurl_expansions\n"},
	{"SHOW TABLES FROM observatory LIKE 'p%'", "pairs\nposts\n"},
	{`SHOW TABLES FROM "observatory"`, ""},
	{"SHOW DATABASES", "observatory\nsystem\n"},
	{"SHOW COLUMNS FROM posts", ""},
	{"SHOW CREATE TABLE posts", ""},
	{"SHOW CREATE VIEW observatory.links", ""},
	{"SHOW FUNCTIONS LIKE 'sum'", ""},
	{"DESCRIBE posts", ""},
	{`DESC TABLE "observatory"."posts"`, ""},
	{"DESCRIBE (SELECT 1 AS a)", ""},
	{"EXISTS posts", "1\n"},
	{"EXISTS TABLE observatory.posts", "1\n"},
	{"EXPLAIN SELECT count() FROM posts", ""},
	{"EXPLAIN AST SELECT count() FROM posts", ""},
	{"EXPLAIN SYNTAX SELECT count() FROM posts", ""},
	{"EXPLAIN PIPELINE graph = 1 SELECT count() FROM posts", ""},
	{"EXPLAIN PLAN actions = 1 SELECT count() FROM posts", ""},
	{"EXPLAIN indexes = 1 SELECT count() FROM posts WHERE platform = 'x'", ""},
	{"EXPLAIN ESTIMATE SELECT count() FROM posts", ""},
	{"EXPLAIN QUERY TREE SELECT count() FROM posts", ""},
	{"SELECT 1 SETTINGS max_execution_time = 10", "1\n"},
	{"SELECT 1 AS a SETTINGS max_threads = 1, join_use_nulls = 1 FORMAT JSONEachRow", "{\"a\":1}\n"},
	{"SELECT 1 AS a FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0", "{\"a\":1}\n"},
	{"SELECT 1 -- a comment\n/* and /* another */ one */ FORMAT CSV;", "1\n"},
	{"SELECT count() FROM posts||final=1", ""},
	{"SELECT currentDatabase(), version() != '', timezone(), currentUser()", ""},
	{"SELECT 'a;b', \"text\" FROM posts LIMIT 1;", ""},
	{"SELECT $a$it's$a$", "it\\'s\n"},
	{"SELECT a.uuid FROM (SELECT generateUUIDv4() AS uuid) AS a LIMIT 0", ""},
	{"SELECT likes AS observatory_store_likes FROM posts LIMIT 0", ""},
}

func TestResearcherAsksWhatResearchNeeds(t *testing.T) {
	t.Parallel()
	c := guard(t)
	for _, test := range permitted {
		t.Run(test.query, func(t *testing.T) {
			parts := strings.Split(test.query, "||")
			values := url.Values{}
			for _, part := range parts[1:] {
				name, value, _ := strings.Cut(part, "=")
				values.Set(name, value)
			}
			response, answer := get(t, "POST", c.URL+"/?"+values.Encode(), parts[0])
			if response.StatusCode != 200 || strings.Contains(answer, "__exception__") {
				t.Fatalf("status %d: %.400s", response.StatusCode, answer)
			}
			if test.want != "" && answer != test.want {
				t.Errorf("got %q, want %q", answer, test.want)
			}
			if err := c.safe(answer); err != nil {
				t.Errorf("%v: %.300s", err, answer)
			}
		})
	}
}

func TestRolesReadWhatTheyMay(t *testing.T) {
	t.Parallel()
	c := guard(t)
	for _, test := range []struct {
		role  engine.Role
		query string
		ok    bool
	}{
		{engine.RolePublic, "SELECT posts, accounts, links FROM hourly", true},
		{engine.RolePublic, "SELECT count() FROM coverage", true},
		{engine.RolePublic, "SELECT count() FROM posts", false},
		{engine.RolePublic, "SELECT 1 IN posts", false},
		{engine.RoleAnalyst, "SELECT count() FROM posts", true},
		{engine.RoleAnalyst, "SELECT count() FROM identities", false},
		{engine.RoleDashboard, "SELECT count() FROM hourly", true},
		{engine.RoleDashboard, "SELECT count() FROM rejects", false},
		{engine.RoleCustodian, "SELECT count() FROM identities", true},
		{engine.RoleCustodian, "SELECT raw_text FROM post_refs LIMIT 1", true},
		{engine.RoleCustodian, "SELECT count() FROM observatory_store.identity_rows", false},
		{engine.RoleCustodian, "DROP TABLE posts", false},
		{engine.RoleIngest, "INSERT INTO observatory_store.progress SELECT 'a', 'b', 'c', 1, 2", true},
		{engine.RoleIngest, "INSERT INTO observatory_store.progress VALUES ('a', 'b', 'c', 1, 2)", true},
		{engine.RoleIngest, "SELECT count() FROM observatory_store.progress FINAL SETTINGS max_threads = 1", true},
		{engine.RoleIngest, "DELETE FROM observatory_store.progress WHERE 1", true},
		{engine.RoleIngest, "OPTIMIZE TABLE observatory_store.progress FINAL", true},
		{engine.RoleIngest, "DROP TABLE observatory_store.progress", false},
		{engine.RoleIngest, "TRUNCATE TABLE observatory_store.progress", false},
		{engine.RoleIngest, "CREATE TABLE observatory_store.x (a UInt8) ENGINE = Memory", false},
		{engine.RoleIngest, "SELECT * FROM file('$FILE', 'LineAsString')", false},
		{engine.RoleIngest, "SELECT file('$FILE')", false},
		{engine.RoleIngest, "INSERT INTO observatory_store.progress SELECT file('$FILE'), 'b', 'c', 1, 2", false},
		{engine.RoleIngest, "INSERT INTO observatory_store.progress SELECT * FROM url('http://$LISTEN/', 'TSV')", false},
		{engine.RoleIngest, "INSERT INTO FUNCTION file('$ABSENT', 'CSV', 'a String') VALUES ('a')", false},
		{engine.RoleIngest, "SELECT 1 INTO OUTFILE '$ABSENT'", false},
		{engine.RoleIngest, "SELECT 1; DROP TABLE observatory_store.progress", false},
	} {
		t.Run(string(test.role)+" "+test.query, func(t *testing.T) {
			answer, err := c.Ask(test.role, c.fill(test.query))
			if (err == nil) != test.ok {
				t.Errorf("%s %v", answer, err)
			}
			if err := c.safe(""); err != nil {
				t.Error(err)
			}
		})
	}
}
