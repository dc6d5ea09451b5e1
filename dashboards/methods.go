package dashboards

func automation() *Dashboard {
	d := newDashboard("automation", "Automation", "How automated posting looks: an index that is not calibrated, over seven days. It is no probability that an account is anything, and no verdict.", platforms(),
		one("account", "Account (pseudonym)", "SELECT toString(account_id) AS account FROM account_scores WHERE status = 'scored' GROUP BY account ORDER BY max(score) DESC, account LIMIT 200"))
	of := "FROM account_scores\nWHERE day = (SELECT max(day) FROM account_scores WHERE day <= toDate($__toTime)) AND platform IN (${platform:singlequote})"
	d.add(5,
		number("Accounts with an index", "At least 36 posts on three days of the last seven.", "short", "SELECT countIf(status = 'scored') AS accounts "+of),
		number("Median index", "Of these.", "none", "SELECT quantileExactIf(0.5)(score, status = 'scored') AS median "+of),
		number("Index of 3 and more", "Flagged in the count of bursts, and nowhere else.", "short", "SELECT countIf(score >= 3) AS accounts "+of),
		number("Declared automation", "Accounts that say so themselves; they get no index.", "short", "SELECT countIf(status = 'declared automation') AS accounts "+of),
		number("Posts by high-frequency accounts", "Fifty posts a day and more: volume, and no verdict.", "percentunit", "SELECT sumIf(posts, high_frequency) / sum(posts) AS share "+of),
	)
	d.add(9,
		bars("The index", "Accounts by their index, in halves.", "short", "index", "SELECT toString(floor(score * 2) / 2) AS index, count() AS accounts\n"+of+" AND status = 'scored'\nGROUP BY index, floor(score * 2) ORDER BY floor(score * 2)").wide(10),
		table("What it is made of", "Mean of each component over the accounts with an index, by platform.", "SELECT platform, countIf(status = 'scored') AS scored, countIf(status = 'insufficient data') AS too_little_data, avgIf(volume, status = 'scored') AS volume, avgIf(regularity, status = 'scored') AS regularity, avgIf(periodicity, status = 'scored') AS periodicity, avgIf(sleepless, status = 'scored') AS sleepless, avgIf(duplicates, status = 'scored') AS duplicates, avgIf(fast_deletes, status = 'scored') AS fast_deletes, avgIf(youth, status = 'scored') AS youth, avgIf(repost_delay, status = 'scored') AS repost_delay\n"+of+"\nGROUP BY platform ORDER BY platform").wide(14),
	)
	d.add(9,
		overTime("Share of posts by high-frequency accounts", "Of the accounts with at least ten posts in the seven days up to each day.", "percentunit", "SELECT time, sumIf(posts, high_frequency) / sum(posts) AS share\nFROM (SELECT toDateTime(day) AS time, posts, high_frequency FROM account_scores WHERE platform IN (${platform:singlequote}))\nWHERE $__timeFilter(time)\nGROUP BY time ORDER BY time"),
		overTime("Posts by declared automation", "Accounts that say so themselves, of all posts of the accounts above.", "percentunit", "SELECT time, sumIf(posts, status = 'declared automation') / sum(posts) AS share\nFROM (SELECT toDateTime(day) AS time, posts, status FROM account_scores WHERE platform IN (${platform:singlequote}))\nWHERE $__timeFilter(time)\nGROUP BY time ORDER BY time"),
	)
	d.add(8, table("An account", "That which is chosen above. `observatory evidence` with its pseudonym shows its posts. Accounts with fewer than ten posts in seven days have no row.", "SELECT day, status, score, posts, days, high_frequency, volume, regularity, periodicity, sleepless, duplicates, fast_deletes, youth, repost_delay, periods, resolution_s, method_version\nFROM account_scores\nWHERE toString(account_id) IN (${account:singlequote})\nORDER BY day DESC"))
	return d
}

func narratives() *Dashboard {
	d := newDashboard("narratives", "Narratives and bursts", "What is talked about, what was copied, and what many more wrote about than its history explains.",
		many("kind", "Kind of topic", "SELECT DISTINCT topic_kind FROM topics ORDER BY topic_kind"))
	d.add(9, overTime("Hashtags", "The eight most used of the range, in hours with at least two posts.", "short", "SELECT $__timeInterval(hour) AS time, topic, sum(posts) AS posts\nFROM topics\nWHERE topic_kind = 'hashtag' AND $__timeFilter(hour) AND topic IN (SELECT topic FROM topics WHERE topic_kind = 'hashtag' AND $__timeFilter(hour) GROUP BY topic ORDER BY sum(posts) DESC, topic LIMIT 8)\nGROUP BY time, topic ORDER BY time"))
	d.add(10, table("Bursts", "That many write at once is what news does. flagged: by accounts in a network, of high frequency, or with an index of 3 and more, with its interval. `observatory evidence` with the id shows the posts.", "SELECT burst_id, topic_kind, topic, from, to, posts, accounts, expected, q_value, flagged_share, flagged_low, flagged_high, new_share, top10_share, fast_delete_share\nFROM bursts\nWHERE from <= $__toTime AND to >= $__fromTime AND topic_kind IN (${kind:singlequote})\nORDER BY flagged_low DESC, posts DESC, burst_id LIMIT 200").
		percent("flagged_share", "flagged_low", "flagged_high", "new_share", "top10_share", "fast_delete_share").override("expected", [2]any{"decimals", 1}).override("q_value", [2]any{"unit", "sci"}))
	d.add(9,
		table("Copied texts", "Texts that are copies but for a few words. Petitions, quotes, headlines and jokes are copies too.", "SELECT day, cluster_id, posts, accounts, texts, lang, similarity, first, last, text\nFROM text_clusters\nWHERE day >= toDate($__fromTime) AND day <= toDate($__toTime)\nORDER BY accounts DESC, posts DESC, cluster_id LIMIT 100").wide(16),
		bars("Most used topics", "Posts in the range, of the chosen kinds.", "short", "topic", "SELECT topic, sum(posts) AS posts\nFROM topics\nWHERE $__timeFilter(hour) AND topic_kind IN (${kind:singlequote})\nGROUP BY topic_kind, topic ORDER BY posts DESC, topic LIMIT 12").wide(8),
	)
	d.add(9,
		overTime("Posts in clusters of copies", "Posts whose text is a copy of others' of the day.", "short", "SELECT $__timeInterval(created_at) AS time, platform, count() AS posts\nFROM text_cluster_members\nWHERE $__timeFilter(created_at)\nGROUP BY time, platform ORDER BY time"),
		table("Reposted most", "Original posts that the store has, by their reposts in the range, as topics counts them.", "WITH most AS (SELECT toUUIDOrZero(topic) AS post_id, sum(posts) AS reposts FROM topics WHERE topic_kind = 'repost' AND $__timeFilter(hour) GROUP BY topic ORDER BY reposts DESC, topic LIMIT 50)\nSELECT p.platform AS platform, most.reposts AS reposts, p.lang AS lang, p.created_at AS written, substringUTF8(p.text, 1, 160) AS beginning\nFROM most\nINNER JOIN (SELECT post_id, platform, lang, created_at, text FROM posts WHERE post_id IN (SELECT post_id FROM most)) AS p USING (post_id)\nORDER BY reposts DESC, beginning"),
	)
	return d
}
