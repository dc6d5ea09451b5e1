package schema

import "strings"

const (
	zeroUUID    = "toUUID('00000000-0000-0000-0000-000000000000')"
	notNameless = "(platform, post_id) NOT IN (SELECT platform, post_id FROM " + StoreDatabase + "." + TableTombstones + " WHERE account_id = " + zeroUUID + ")"
	visiblePost = "NOT deleted AND " + notNameless + " AND " + notForgotten
)

// Views lists the relations that people read, in the order of their creation.
func Views() []View {
	return []View{posts(), links(), actions(), accounts(), hourly(), coverage(), alerts(), missing(), sources(), combinedRatings(), sourceChanges(), hourlyLinks(), sourceShares(), hourlyShares(), topDomains(), spreaders(), accountActivity(), risingDomains(), lookalikes(), codings(), agreement(), urlExpansions(), pairs(), massShares(), networks(), networkMembers(), networkEdges(), coordinatedNetwork(), coordinatedNetworkQUT(), textClusters(), textClusterMembers(), accountScores(), topics(), bursts(), labels(), alertLog(), annotations(), releases(), judgements(), reviews(), reviewQueue(), corrections(), queries(), tombstones(), rejects(), identities(), postRefs()}
}

// pick takes columns of a table by name, with what the table says of them.
func pick(t Table, names ...string) []Column {
	columns := make([]Column, 0, len(names))
	for _, name := range names {
		for _, c := range t.Columns {
			if c.Name == name {
				columns = append(columns, Column{Name: c.Name, Type: c.Type, Doc: c.Doc, Audit: c.Audit})
			}
		}
	}
	return columns
}

func selectFrom(columns []Column, exprs map[string]string, rest string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
		if expr, ok := exprs[c.Name]; ok {
			names[i] = expr + " AS `" + c.Name + "`"
		}
	}
	return "SELECT " + strings.Join(names, ", ") + "\nFROM " + rest
}

func posts() View {
	columns := pick(postRows(), strings.Fields(`platform post_id account_id kind revision claimed_at created_at collected_at imported_at
		clamped archived lang lang_source langs title text text_hash reply_to reply_to_account repost_of repost_of_account quote_of quote_of_account
		mentions hashtags queries query_set likes reposts replies quotes views client sensitive collector source _partition _offset`)...)
	exprs := map[string]string{}
	for i, c := range columns {
		for _, reference := range []string{"reply_to", "repost_of", "quote_of"} {
			if c.Name == reference || c.Name == reference+"_account" {
				columns[i].Type = "Nullable(UUID)"
				columns[i].Doc = strings.NewReplacer("zero for none", "null for none", "zero where", "null where").Replace(c.Doc)
				exprs[c.Name] = "nullIf(p." + c.Name + ", " + zeroUUID + ")"
			}
		}
	}
	return View{
		Name: "posts", Doc: "Posts, the newest revision of each; deleted ones are hidden.", Columns: columns,
		Query: selectFrom(columns, exprs, StoreDatabase+"."+TablePosts+" AS p FINAL\nWHERE "+visiblePost), From: []string{TablePosts, TableTombstones},
	}
}

func actions() View {
	columns := []Column{
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "account_id", Type: "UUID", Doc: "Who did it: pseudonym of the account."},
		{Name: "post_id", Type: "UUID", Doc: "With which post: its pseudonym; of a like or a follow that of its own record."},
		{Name: "kind", Type: typeWord, Doc: "What kind: url, repost, text, hashtags, media or reply; like and follow, where the study asks for them one by one."},
		{Name: "object_id", Type: "String", Doc: "To what: the canonical URL, the pseudonym of the post, the followed account or the media, the hash of the text's normal form in 16 hexadecimal digits, the hashtags joined by blanks."},
		{Name: "created_at", Type: typeTime, Doc: "When, in event time."},
	}
	return View{
		Name: "actions", Doc: "What accounts did to which objects, and when. A repost is an action on the original alone: its text and links are the original's.",
		Columns: columns,
		Query:   ActionRows("true"),
		From:    []string{TablePosts, TableShares, TableTombstones},
	}
}

// ActionRows are the actions of the posts, and of the shares that stand by
// themselves, for which a condition holds.
func ActionRows(where string) string {
	return `SELECT platform, account_id, post_id, action.1 AS kind, action.2 AS object_id, created_at
FROM ` + StoreDatabase + "." + TablePosts + ` FINAL
ARRAY JOIN if(repost_of != ` + zeroUUID + `,
    [('repost', toString(repost_of))],
    arrayConcat(
        arrayMap(u -> ('url', u), arrayDistinct(arrayMap((u, c) -> if(c = '', u, c), ` + "`links.url`, `links.canonical`" + `))),
        arrayMap(m -> ('media', m), arrayDistinct(` + "`media.id`" + `)),
        if(text_hash = 0, [], [('text', leftPad(lower(hex(text_hash)), 16, '0'))]),
        if(empty(hashtags), [], [('hashtags', arrayStringConcat(hashtags, ' '))]),
        if(reply_to = ` + zeroUUID + `, [], [('reply', toString(reply_to))]))) AS action
WHERE ` + visiblePost + ` AND ` + where + `
UNION ALL
SELECT platform, account_id, post_id, kind, object_id, created_at
FROM ` + StoreDatabase + "." + TableShares + ` FINAL
WHERE (platform, post_id, account_id) NOT IN (SELECT platform, post_id, account_id FROM ` + StoreDatabase + "." + TableTombstones + ` WHERE platform IN (SELECT DISTINCT platform FROM ` + StoreDatabase + "." + TableShares + `))
    AND ` + notNameless + ` AND ` + notForgotten + ` AND ` + where
}

func accounts() View {
	columns := pick(accountRows(), "platform", "account_id", "collected_at", "followers", "following", "posts", "created_at", "declared_bot", "verified", "status", "collector", "source")
	return View{
		Name: "accounts", Doc: "Snapshots of accounts, one of each day: that it was suspended or deleted says more than its counts, and these more than that it is active.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableAccounts+" FINAL\nWHERE "+notForgotten), From: []string{TableAccounts, TableTombstones},
	}
}

func hourly() View {
	columns := pick(hourlyRows(), "hour", "platform", "lang", "query", "source_class", "kind", "posts", "accounts", "links", "unresolved")
	return View{
		Name: "hourly", Doc: "Counts per hour, platform, language, query, source class and kind: what panels read.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableHourly+" FINAL\nWHERE posts > 0"), From: []string{TableHourly},
	}
}

func coverage() View {
	columns := pick(coverageRows(), "source", "minute", "collector", "platform", "connected", "expected", "received", "emitted", "rejected", "kinds", "late", "lag_s", "gap_from", "gap_to", "gap_reason")
	return View{
		Name: "coverage", Doc: "What each source delivered in each minute, and what is missing.", Columns: columns,
		Query: `SELECT source, minute, any(c.collector) AS collector, any(c.platform) AS platform, max(c.connected) AS connected, max(c.expected) AS expected,
    sum(c.received) AS received, sum(c.emitted) AS emitted, sumMap(c.rejected) AS rejected, sumMap(c.kinds) AS kinds, sum(c.late) AS late, max(c.lag_s) AS lag_s,
    min(c.gap_from) AS gap_from, max(c.gap_to) AS gap_to, max(c.gap_reason) AS gap_reason
FROM ` + StoreDatabase + "." + TableCoverage + ` AS c FINAL
GROUP BY source, minute`,
		From: []string{TableCoverage},
	}
}

func queries() View {
	columns := pick(queryRows(), "query_set", "query", "list_version", "terms", "without", "languages", "valid_from", "valid_to", "first_used")
	return View{
		Name: "queries", Doc: "The study's queries, in each version that posts were matched with.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableQueries+" FINAL"), From: []string{TableQueries},
	}
}

// AlertID is what says of an alert which one it is, in SQL.
const AlertID = "leftPad(lower(hex(sipHash64(method, subject, `from`))), 16, '0')"

func alerts() View {
	columns := append([]Column{{Name: "alert_id", Type: "String", Doc: "Follows from method, subject and beginning."}}, pick(alertRows(), "method", "subject", "from", "to", "expected", "observed", "reason", "evidence", "method_version")...)
	columns = append(columns,
		Column{Name: "sent_at", Type: typeMaybe, Doc: "When somebody was first told; null where nobody was."},
		Column{Name: "acknowledged_at", Type: typeMaybe, Doc: "When somebody last said that it is seen to; null where nobody did."})
	return View{
		Name: "alerts", Doc: "What wants attention: sources that fell silent against their own history, hours in which a query has as many posts as the study wants to know of, networks, and bursts in which flagged or new accounts have a part. An alert asks somebody to look.", Columns: columns,
		Query: `SELECT alert_id, method, subject, from, to, expected, observed, reason, evidence, method_version, sent_at, acknowledged_at
FROM (SELECT *, ` + AlertID + ` AS alert_id FROM ` + StoreDatabase + "." + TableAlerts + ` FINAL WHERE raised) AS raised_alerts
LEFT JOIN (
    SELECT alert_id, minOrNullIf(at, event = 'sent') AS sent_at, maxOrNullIf(at, event = 'acknowledged') AS acknowledged_at
    FROM ` + StoreDatabase + "." + TableAlertLog + ` GROUP BY alert_id) AS known USING (alert_id)`,
		From: []string{TableAlerts, TableAlertLog},
	}
}

func missing() View {
	columns := []Column{
		{Name: "source", Type: "String", Doc: "The source, as in coverage."},
		{Name: "from", Type: typeTime, Doc: "Since when."},
		{Name: "to", Type: typeMaybe, Doc: "Until when; null while a silence lasts."},
		{Name: "kind", Type: typeWord, Doc: "gap: data is or may be lost for good. down: the source was asked in vain; what it published meanwhile may have come later. silence: it delivered nothing against its history."},
		{Name: "reason", Type: typeWord, Doc: "Why, as far as that is known; see the list of outages."},
		{Name: "expected", Type: "Nullable(Float64)", Doc: "Events that were expected in that time; of a gap in the log those that are lost; null where unknown."},
	}
	return View{
		Name: "missing", Doc: "What is missing, and when: what lies between A and B is WHERE from < B AND (to > A OR to IS NULL).", Columns: columns,
		Query: `SELECT source, toDateTime64(min(minute), 3, 'UTC') AS from, toNullable(toDateTime64(max(next), 3, 'UTC')) AS to, toLowCardinality('down') AS kind,
    argMin(gap_reason, minute) AS reason, toNullable(toFloat64(sum(expected))) AS expected
FROM (SELECT source, minute, up, gap_reason, expected,
        leadInFrame(minute, 1, minute + 60) OVER (PARTITION BY source ORDER BY minute ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next,
        sum(up) OVER (PARTITION BY source ORDER BY minute ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS spell
    FROM (SELECT source, minute, max(connected) AS up, max(c.gap_reason) AS gap_reason, max(c.expected) AS expected
        FROM ` + StoreDatabase + "." + TableCoverage + ` AS c FINAL GROUP BY source, minute))
WHERE NOT up
GROUP BY source, spell
UNION ALL
SELECT source, assumeNotNull(gap_from), gap_to, 'gap', gap_reason, if(collector = 'log', toFloat64(expected), NULL)
FROM ` + StoreDatabase + "." + TableCoverage + ` FINAL WHERE gap_from IS NOT NULL
UNION ALL
SELECT subject, from, to, method, reason, toNullable(expected)
FROM ` + StoreDatabase + "." + TableAlerts + ` FINAL WHERE raised AND method = 'silence'`,
		From: []string{TableCoverage, TableAlerts},
	}
}

func tombstones() View {
	columns := pick(tombstoneRows(), "platform", "post_id", "account_id", "deleted_at", "collected_at", "written_at", "collector", "source")
	return View{
		Name: "tombstones", Doc: "Deletions, whether or not the post was ever here. With a zero post_id: the account was forgotten, with all that it wrote.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableTombstones+" FINAL"), From: []string{TableTombstones},
	}
}

func rejects() View {
	columns := pick(rejectRows(), "reject_id", "platform", "collector", "source", "position", "reason", "detail", "raw", "raw_size", "raw_sha256", "collected_at", "imported_at")
	return View{
		Name: "rejects", Doc: "Outside input that could not be used, with its reason.", Columns: columns, Restricted: true,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableRejects+" FINAL"), From: []string{TableRejects},
	}
}

func identities() View {
	columns := pick(identityRows(), "platform", "account_id", "native_id", "handle", "name", "collected_at")
	return View{
		Name: "identities", Doc: "Which account a pseudonym stands for.", Columns: columns, Restricted: true,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableIdentities+" FINAL\nWHERE "+notForgotten), From: []string{TableIdentities, TableTombstones},
	}
}

func postRefs() View {
	columns := pick(postRows(), "platform", "post_id", "account_id", "native_id", "permalink", "raw_text", "collected_at")
	for i := range columns {
		if columns[i].Name == "raw_text" {
			columns[i].Doc = "The text as published; empty once the native id is, after 365 days. Restricted."
		}
	}
	return View{
		Name: "post_refs", Doc: "Native ids, addresses and raw text of posts.", Columns: columns, Restricted: true,
		Query: selectFrom(columns, map[string]string{"raw_text": "multiIf(raw_text != '', raw_text, native_id = '', '', text)"}, StoreDatabase+"."+TablePosts+" FINAL\nWHERE "+visiblePost),
		From:  []string{TablePosts, TableTombstones},
	}
}
