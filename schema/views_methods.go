package schema

import "slices"

// byDay is what a method found on each day, with further columns.
func byDay(table Table, name, doc, day string, more []Column, exprs map[string]string) View {
	v := ofDays(table, name, doc)
	v.Columns[0].Doc = day
	all := map[string]string{"day": "toDate(hour)", "from": "`from`", "to": "`to`"}
	for _, c := range more {
		all[c.Name] = exprs[c.Name]
	}
	at := len(v.Columns) - 1 // Before the version of the method.
	v.Columns = slices.Insert(v.Columns, at, more...)
	v.Query = selectFrom(v.Columns, all, StoreDatabase+"."+table.Name+"\nWHERE "+table.Counts())
	return v
}

func textClusters() View {
	return byDay(clusterRows(), "text_clusters", "Texts of a day that are copies of each other but for a few words or signs, with at least three posts. People copy for many reasons: petitions, quotes, headlines, jokes.", "The day.", nil, nil)
}

func textClusterMembers() View {
	return byDay(clusterMemberRows(), "text_cluster_members", "The posts of clusters of texts.", "The day.", nil, nil)
}

func accountScores() View {
	return byDay(scoreRows(), "account_scores", "How automated the posting of accounts with at least ten posts in seven days looks: an index, the sum of its components, not calibrated on labels; no probability that an account is anything, and no verdict.",
		"The last day of the period of seven days.", nil, nil)
}

// wilsonBounds are the ends of Wilson's interval at 95 % of a share.
func wilsonBounds(n, of, sign string) string {
	return "if(" + of + " = 0, 0, (" + n + " / " + of + " + 1.9208 / " + of + " " + sign + " 1.96 * sqrt((" + n + " / " + of + ") * (1 - " + n + " / " + of + ") / " + of + " + 0.9604 / (toFloat64(" + of + ") * " + of + "))) / (1 + 3.8416 / " + of + "))"
}

func bursts() View {
	more := []Column{
		{Name: "flagged_share", Type: "Float64", Doc: "flagged_posts by posts."},
		{Name: "flagged_low", Type: "Float64", Doc: "Lower end of its interval (Wilson, 95 %)."},
		{Name: "flagged_high", Type: "Float64", Doc: "Upper end."},
		{Name: "new_share", Type: "Nullable(Float64)", Doc: "new_posts by aged_posts; null where no age is known."},
		{Name: "new_low", Type: "Float64", Doc: "Lower end of its interval; 0 where no age is known."},
		{Name: "fast_delete_share", Type: "Float64", Doc: "deleted_fast by these and posts."},
	}
	return byDay(burstRows(), "bursts", "Topics that many more wrote about than their history explains, with who they were. That many write at once is what news does; the shares say how it came about.", "The day.", more, map[string]string{
		"flagged_share": "flagged_posts / posts", "flagged_low": wilsonBounds("flagged_posts", "posts", "-"), "flagged_high": wilsonBounds("flagged_posts", "posts", "+"),
		"new_share": "if(aged_posts = 0, NULL, new_posts / aged_posts)", "new_low": wilsonBounds("new_posts", "aged_posts", "-"), "fast_delete_share": "deleted_fast / (posts + deleted_fast)",
	})
}

// TopicsOf are the topics of the posts for which a condition holds: of a repost the
// original, of others their hashtags, domains and links; of all the queries.
func TopicsOf(where string) string {
	return `SELECT what.1 AS topic_kind, what.2 AS topic, platform, account_id, created_at
FROM ` + StoreDatabase + "." + TablePosts + ` FINAL
ARRAY JOIN arrayConcat(
    if(repost_of != ` + zeroUUID + `,
        [('repost', toString(repost_of))],
        arrayConcat(
            arrayMap(h -> ('hashtag', h), arrayDistinct(hashtags)),
            arrayMap(d -> ('domain', d), arrayDistinct(arrayFilter(d -> d != '', arrayMap(d -> toString(d), ` + "`links.domain`" + `)))),
            arrayMap(u -> ('url', u), arrayDistinct(arrayMap((u, c) -> if(c = '', u, c), ` + "`links.url`, `links.canonical`" + `))))),
    arrayMap(q -> ('query', toString(q)), arrayDistinct(queries))) AS what
WHERE ` + visiblePost + ` AND ` + where
}

func topics() View {
	columns := pick(topicRows(), "topic_kind", "topic", "hour", "posts", "method_version")
	return View{
		Name: "topics", Doc: "What is talked about, by hour: topics with at least two posts in it.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableTopics+"\nWHERE "+topicRows().Counts()), From: []string{TableTopics, TableRuns},
	}
}

func labels() View {
	columns := []Column{
		{Name: "subject_kind", Type: typeWord, Doc: "What it is said of: account, post or topic."},
		{Name: "subject_id", Type: "String", Doc: "Of which: the pseudonym, or the kind of topic and the topic."},
		{Name: "label", Type: typeWord, Doc: "What is said: in a network, automation index, declared automation, high frequency, near-duplicate text or burst. None is a verdict."},
		{Name: "score", Type: "Nullable(Float64)", Doc: "How much of it: accounts of the network that it stands out with; the index; posts a day; similarity; posts by those expected."},
		{Name: "n", Type: "UInt64", Doc: "Posts that this rests on."},
		{Name: "evidence", Type: "String", Doc: "Where it is found: what observatory evidence takes."},
		{Name: "method", Type: typeWord, Doc: "The method, which is the relation that has the details."},
		{Name: "method_version", Type: typeWord, Doc: "Its version, with its parameters."},
		{Name: "from", Type: typeTime, Doc: "Start of the time that it is said of."},
		{Name: "to", Type: typeTime, Doc: "Its end, excluded."},
	}
	const week = "toDateTime64(day - 6, 3, 'UTC'), toDateTime64(day + 1, 3, 'UTC')"
	const oneDay = "toDateTime64(day, 3, 'UTC'), toDateTime64(day + 1, 3, 'UTC')"
	return View{
		Name: "labels", Doc: "What methods say of accounts, posts and topics, in one place; each row leads to its evidence.", Columns: columns,
		Query: `SELECT 'account' AS subject_kind, toString(account_id) AS subject_id, 'in a network' AS label, toNullable(toFloat64(edges)) AS score, posts AS n, network_id AS evidence,
    'network_members' AS method, method_version, ` + "toDateTime64(day - 6, 3, 'UTC') AS from, toDateTime64(day + 1, 3, 'UTC') AS to" + `
FROM ` + Database + `.network_members
UNION ALL
SELECT 'account', toString(account_id), if(status = 'scored', 'automation index', status), score, posts, toString(account_id), 'account_scores', method_version, ` + week + `
FROM ` + Database + `.account_scores WHERE status != 'insufficient data'
UNION ALL
SELECT 'account', toString(account_id), 'high frequency', toNullable(posts / 7), posts, toString(account_id), 'account_scores', method_version, ` + week + `
FROM ` + Database + `.account_scores WHERE high_frequency
UNION ALL
SELECT 'post', toString(post_id), 'near-duplicate text', toNullable(similarity), 1, cluster_id, 'text_cluster_members', method_version, ` + oneDay + `
FROM ` + Database + `.text_cluster_members
UNION ALL
SELECT 'topic', concat(topic_kind, ' ', topic), 'burst', toNullable(posts / greatest(expected, 1)), posts, burst_id, 'bursts', method_version, from, to
FROM ` + Database + `.bursts`,
		From: []string{"network_members", "account_scores", "text_cluster_members", "bursts"},
	}
}

func alertLog() View {
	columns := pick(alertLogRows(), "alert_id", "at", "event", "channel", "note")
	return View{
		Name: "alert_log", Doc: "What became of alerts: who was told, what failed, who has seen to it.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableAlertLog+" FINAL"), From: []string{TableAlertLog},
	}
}
