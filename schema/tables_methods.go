package schema

// What methods make of texts, accounts and topics. Their rows are of runs, as those
// of pairs are.

func methodTable(name, doc, method, order string, columns []Column) Table {
	return Table{
		Name: name, Doc: doc, Columns: append(columns, runColumns()...), Engine: "MergeTree", OrderBy: order, Settings: durable, Runs: method,
		Retention: "Until the study ends. " + ofRun, Deletion: "Computed again from what is left.",
	}
}

// MethodClusters is the method whose runs make clusters of texts; the hour of its
// rows is the first of the day.
const MethodClusters = "text_clusters"

func clusterRows() Table {
	return methodTable(TableClusters, "Texts of a day that are copies of each other but for a few words or signs.", MethodClusters, "(hour, run, cluster_id)", []Column{
		{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the day.", Codec: codecTime},
		{Name: "cluster_id", Type: "String", Doc: "The lowest hash of its texts, in 16 hexadecimal digits: the same on every day that has this text.", Codec: codecID},
		{Name: "posts", Type: "UInt64", Doc: "Posts with one of its texts.", Codec: codecID},
		{Name: "accounts", Type: "UInt64", Doc: "Distinct accounts that wrote them.", Codec: codecID},
		{Name: "texts", Type: "UInt64", Doc: "Distinct texts.", Codec: codecID},
		{Name: "platforms", Type: typeWords, Doc: "Platforms of the posts, in alphabetical order."},
		{Name: "lang", Type: typeWord, Doc: "The most frequent language of the posts."},
		{Name: "text", Type: "String", Doc: "The representative text: that of most posts; of these, that which came first.", Codec: codecText},
		{Name: "text_hash", Type: "UInt64", Doc: "Its hash, as in posts.", Codec: codecID},
		{Name: "similarity", Type: "Float64", Doc: "Mean similarity of the posts' texts to the representative: Jaccard of runs of five characters, from 0 to 1."},
		{Name: "first", Type: typeTime, Doc: "The first of the posts.", Codec: codecTime},
		{Name: "last", Type: typeTime, Doc: "The last of them.", Codec: codecTime},
		{Name: "left_out", Type: "UInt64", Doc: "Distinct texts of the day that were compared with none, because there were more than the cap: those with the highest hashes.", Codec: codecID},
		{Name: "capped", Type: "UInt64", Doc: "Times that a text of the day was not compared with all that looked like it.", Codec: codecID},
	})
}

func clusterMemberRows() Table {
	return methodTable(TableClusterMembers, "The posts of clusters of texts.", MethodClusters, "(hour, run, cluster_id, created_at)", []Column{
		{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the day.", Codec: codecTime},
		{Name: "cluster_id", Type: "String", Doc: "The cluster.", Codec: codecID},
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "post_id", Type: "UUID", Doc: "The post.", Codec: codecID},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of the account that wrote it.", Codec: codecID},
		{Name: "created_at", Type: typeTime, Doc: "When.", Codec: codecTime},
		{Name: "text_hash", Type: "UInt64", Doc: "Hash of its text, as in posts.", Codec: codecID},
		{Name: "similarity", Type: "Float64", Doc: "Similarity of its text to the representative of the cluster."},
	})
}

// MethodScores is the method whose runs make scores of accounts; the hour of its
// rows is the first of the last day of the period.
const MethodScores = "account_scores"

func scoreRows() Table {
	return methodTable(TableScores, "How automated the posting of accounts looks, over seven days: an index with its components, no probability and no verdict.", MethodScores, "(hour, run, platform, account_id)", []Column{
		{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the last day of the period.", Codec: codecTime},
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of the account.", Codec: codecID},
		{Name: "status", Type: typeWord, Doc: "scored, insufficient data (fewer than 36 posts, or posts on fewer than three days), or declared automation: the account says so itself, and gets no score."},
		{Name: "score", Type: "Nullable(Float64)", Doc: "The index: the sum of the components, each with weight one. Null where there is none."},
		{Name: "posts", Type: "UInt64", Doc: "Posts, replies, quotes and reposts in the period.", Codec: codecID},
		{Name: "days", Type: "UInt64", Doc: "Days of the period with any of them.", Codec: codecID},
		{Name: "high_frequency", Type: "Bool", Doc: "Fifty or more of them a day, over all days of the period that the study holds posts of (Oxford Internet Institute). It describes volume."},
		{Name: "volume", Type: "Float64", Doc: "Component: ln(1 + posts_24h_max / 50)."},
		{Name: "regularity", Type: "Float64", Doc: "Component: -burstiness where that is negative, else 0."},
		{Name: "periodicity", Type: "Float64", Doc: "Component: 1 if its times stick to a period of 1, 5, 10, 15, 30 or 60 minutes (Rayleigh's z above 10); once, since what sticks to an hour sticks to all of them."},
		{Name: "sleepless", Type: "Float64", Doc: "Component: 1 if no hour of the day is quiet, with at least 200 posts and seven days."},
		{Name: "duplicates", Type: "Float64", Doc: "Component: share of its posts with text of its own that are in a cluster of texts."},
		{Name: "fast_deletes", Type: "Float64", Doc: "Component: share of its posts that were deleted within ten minutes."},
		{Name: "youth", Type: "Float64", Doc: "Component: 1 - age / 30 days, at least 0."},
		{Name: "repost_delay", Type: "Float64", Doc: "Component: share of its reposts that follow the original after the same number of seconds, give or take one; of at least ten reposts of posts that the store has."},
		{Name: "posts_24h_max", Type: "UInt64", Doc: "Most posts in any 24 hours.", Codec: codecID},
		{Name: "burstiness", Type: "Float64", Doc: "Of the times between posts, from -1 (regular) over 0 (at random) to 1 (in bursts), corrected for few posts (Kim and Jo 2016)."},
		{Name: "memory", Type: "Float64", Doc: "Correlation of each time between posts with the next (Goh and Barabási 2008)."},
		{Name: "interval_entropy", Type: "Float64", Doc: "Entropy of the times between posts in bins of powers of two seconds, from 0 to 1, corrected for few posts (Miller and Madow)."},
		{Name: "hour_entropy", Type: "Nullable(Float64)", Doc: "Entropy of the hours of the day (UTC), from 0 to 1, corrected likewise; null below 100 posts."},
		{Name: "dead_hours", Type: "UInt8", Doc: "Hours of the day (UTC) with fewer than a tenth of the posts that an even spread gives."},
		{Name: "quiet_hours", Type: "Float64", Doc: "Median over the days with posts of the longest time without one, in hours."},
		{Name: "periods", Type: "Array(UInt32)", Doc: "The periods, in seconds, that its times stick to; 86400 is usual for people, and no component."},
		{Name: "interval_mode", Type: "Float64", Doc: "Share of the times between posts within a second of the most frequent one."},
		{Name: "resolution_s", Type: "UInt32", Doc: "How finely the source states times, in seconds: 60 where all are of whole minutes; shorter periods are not looked at then."},
		{Name: "texts", Type: "UInt64", Doc: "Posts with text of its own.", Codec: codecID},
		{Name: "deleted", Type: "UInt64", Doc: "Posts of the period that were deleted, where the platform's ids say when they were written.", Codec: codecID},
		{Name: "deleted_fast", Type: "UInt64", Doc: "Those deleted within ten minutes.", Codec: codecID},
		{Name: "delays", Type: "UInt64", Doc: "Reposts of posts that the store has.", Codec: codecID},
		{Name: "age_days", Type: "Nullable(Float64)", Doc: "Age of the account at the end of the period, in days; null where unknown."},
	})
}

// The methods of bursts: counts of topics by hour, then bursts; the hour of their
// rows is the first of the day.
const (
	MethodTopics = "topics"
	MethodBursts = "bursts"
)

func topicRows() Table {
	return methodTable(TableTopics, "What is talked about, by hour: hashtags, domains, links, reposted posts and queries, with at least two posts.", MethodTopics, "(topic_kind, topic, hour, run)", []Column{
		{Name: "topic_kind", Type: typeWord, Doc: "What it is: hashtag, domain, url, repost or query."},
		{Name: "topic", Type: "String", Doc: "The hashtag, domain, canonical URL, pseudonym of the post, or query.", Codec: codecID},
		{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour.", Codec: codecTime},
		{Name: "posts", Type: "UInt32", Doc: "Posts.", Codec: codecID},
		{Name: "ticks", Type: "Array(UInt8)", Doc: "Those five minutes of the hour, from 0 to 11, that have posts.", Codec: codecID},
		{Name: "tick_posts", Type: "Array(UInt32)", Doc: "Posts in each.", Codec: codecID},
		{Name: "tick_accounts", Type: "Array(UInt32)", Doc: "Distinct accounts in each.", Codec: codecID},
	})
}

func burstRows() Table {
	return methodTable(TableBursts, "Topics that many more wrote about than their history explains.", MethodBursts, "(hour, run, topic_kind, topic, from)", []Column{
		{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the day. A burst that lasts over midnight is one of each day.", Codec: codecTime},
		{Name: "burst_id", Type: "String", Doc: "Follows from topic and beginning.", Codec: codecID},
		{Name: "topic_kind", Type: typeWord, Doc: "What it is: hashtag, domain, url, repost or query."},
		{Name: "topic", Type: "String", Doc: "The topic.", Codec: codecID},
		{Name: "from", Type: typeTime, Doc: "Start of the first five minutes that stand out.", Codec: codecTime},
		{Name: "to", Type: typeTime, Doc: "End of the last ones.", Codec: codecTime},
		{Name: "expected", Type: "Float64", Doc: "Posts that the history lets expect in that time."},
		{Name: "history_hours", Type: "UInt32", Doc: "Hours of the study before the day that this rests on, at most eight weeks."},
		{Name: "peak", Type: "UInt64", Doc: "Most posts in five minutes."},
		{Name: "p_value", Type: "Float64", Doc: "The probability of as many by chance in the five minutes that stand out most."},
		{Name: "q_value", Type: "Float64", Doc: "The false discovery rate, over all topics, at which these stand out."},
		{Name: "posts", Type: "UInt64", Doc: "Posts.", Codec: codecID},
		{Name: "accounts", Type: "UInt64", Doc: "Distinct accounts.", Codec: codecID},
		{Name: "flagged_posts", Type: "UInt64", Doc: "Posts of accounts that stand in a network, have high frequency, or an index of at least 3.", Codec: codecID},
		{Name: "networked_posts", Type: "UInt64", Doc: "Posts of accounts that stand in a network.", Codec: codecID},
		{Name: "new_posts", Type: "UInt64", Doc: "Posts of accounts younger than 30 days.", Codec: codecID},
		{Name: "aged_posts", Type: "UInt64", Doc: "Posts of accounts whose age is known.", Codec: codecID},
		{Name: "deleted_fast", Type: "UInt64", Doc: "Posts that its accounts wrote in that time and deleted within ten minutes, whatever they were about: what a deleted post said is not kept.", Codec: codecID},
		{Name: "top10_share", Type: "Float64", Doc: "Share of the posts by the ten accounts with most."},
		{Name: "gini", Type: "Float64", Doc: "Gini coefficient of the posts by account."},
	})
}

func alertLogRows() Table {
	return Table{
		Name: TableAlertLog,
		Doc:  "What became of alerts: who was told, what failed, who has seen to it.",
		Columns: []Column{
			{Name: "alert_id", Type: "String", Doc: "The alert, as in alerts.", Codec: codecID},
			{Name: "at", Type: typeTime, Doc: "When.", Codec: codecTime},
			{Name: "event", Type: typeWord, Doc: "sent, failed, held back (another alert of the same subject was sent within the cool-down) or acknowledged."},
			{Name: "channel", Type: typeWord, Doc: "webhook or email; empty for an acknowledgement."},
			{Name: "note", Type: "String", Doc: "Why it failed; what the acknowledgement says.", Codec: codecText},
		},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(alert_id, at, event, channel)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Names alerts, no posts.",
	}
}

// MethodLinks is the method whose runs keep links by the hour.
const MethodLinks = "links"

// LinksCount is the condition that rows of link_rows count.
func LinksCount() string { return linkRows().Counts() }

func linkRows() Table {
	t := methodTable(TableLinks, "Links of each hour with the ratings of their sources at that time, joined again whenever one of them changes.", MethodLinks, "(hour, run, domain)", []Column{
		{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour of created_at.", Codec: codecTime},
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "domain", Type: typeWord, Doc: "The registrable domain, as in links."},
		{Name: "source_class", Type: typeWord, Doc: "Class of the linked source at the time of the post; empty where it is not rated."},
		{Name: "source", Type: "String", Doc: "The rated source that the link is of; empty where there is none.", Codec: codecID},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of who posted it.", Codec: codecID},
		{Name: "post_id", Type: "UUID", Doc: "Pseudonym of the post.", Codec: codecID},
		{Name: "created_at", Type: typeTime, Doc: "When, in event time.", Codec: codecTime},
		{Name: "lang", Type: typeWord, Doc: "The post's language."},
		{Name: "kind", Type: typeWord, Doc: "The kind of post."},
		{Name: "queries", Type: typeWords, Doc: "The study's queries that the post matched."},
		{Name: "unresolved", Type: "Bool", Doc: "The URL is a shortener's and its target is unknown."},
	})
	t.Indexes = []Index{{Name: "created", Expr: "created_at", Type: "minmax GRANULARITY 1"}}
	return t
}
